"""What `query` takes for a batch. Holds options alone, so that a single question imports nothing of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

MAX_JOBS = 8

OPTIONS = [
    click.option(
        "--subjects",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        help="A list of subjects, .csv or .xlsx, with a column `uscc` or `citizenId`; needs --out.",
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        help="Where the answers about --subjects go: .json, .csv or .xlsx.",
    ),
    click.option("--skip-wrong", is_flag=True, help="Leave wrong lines of --subjects out; the output lists them."),
    click.option("--retry-partial", is_flag=True, help="Ask again what failed in part in an earlier run."),
    click.option("--jobs", type=click.IntRange(1, MAX_JOBS), default=2, show_default=True, help="Chunks at once."),
    click.option(
        "--patience",
        type=click.IntRange(0, 3600),
        default=60,
        show_default=True,
        help="Seconds to wait, for each chunk, for a gateway that is busy.",
    ),
]


def with_batch(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command
