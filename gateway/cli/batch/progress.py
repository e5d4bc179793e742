"""What a person sees while a batch is asked, on standard error: bars on a terminal, a line per chunk elsewhere.

Says which platforms answered and which failed so far. Never shows a code, a name or a record.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gateway.cli.batch.keeping import Range
from gateway.cli.batch.verdicts import failed
from gateway.model import FULL


class Watching(Protocol):
    """Who is told how a batch goes. Ranges are positions in the list."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def answered(self, range_: Range, body: Mapping[str, Any], known: bool = False) -> None: ...
    def said(self, range_: Range, words: str) -> None: ...


def watching(total: int) -> Watching:
    return Bars(total) if sys.stderr.isatty() else Lines(total)


class Lines:
    """One plain line per chunk."""

    def __init__(self, total: int) -> None:
        self._total = total

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def answered(self, range_: Range, body: Mapping[str, Any], known: bool = False) -> None:
        if known:
            return
        words = "complete" if body["extensions"].get("complete") else "partial"
        missing = sorted({f"{line['platform']} {line['status']}" for line in failed(body)})
        self.said(range_, "; ".join([words, *missing]))

    def said(self, range_: Range, words: str) -> None:
        click.echo(f"subjects {range_[0] + 1}-{range_[1]} of {self._total}: {words}", err=True)


class Bars:
    """A bar of subjects and a line per platform, redrawn in place."""

    def __init__(self, total: int) -> None:
        self._bar = Progress(
            TextColumn("subjects"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[now]}"),
        )
        self._task = self._bar.add_task("subjects", total=total, now="")
        self._platforms: dict[str, Counter[str]] = {}
        self._live = Live(self._drawn(), console=Console(stderr=True), refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def answered(self, range_: Range, body: Mapping[str, Any], known: bool = False) -> None:
        statuses: dict[str, set[str]] = {}
        for line in body["extensions"].get("sources", ()):
            statuses.setdefault(line["platform"], set()).add(line["status"])
        failing = {(line["platform"], line["status"]) for line in failed(body)}
        for platform, found in statuses.items():
            told = self._platforms.setdefault(platform, Counter())
            wrong = sorted(status for name, status in failing if name == platform)
            if not wrong and found & (FULL - {"NOT_ASKED"}):
                told["answered"] += 1
            told.update(wrong)
        self._bar.update(self._task, advance=range_[1] - range_[0], now="")
        self._live.update(self._drawn())

    def said(self, range_: Range, words: str) -> None:
        self._bar.update(self._task, now=f"{range_[0] + 1}-{range_[1]}: {words}")

    def _drawn(self) -> Group:
        table = Table.grid(padding=(0, 2))
        for platform, told in sorted(self._platforms.items()):
            wrong = [f"{status} {count}" for status, count in sorted(told.items()) if status != "answered"]
            state = f"failed so far: {', '.join(wrong)}" if wrong else "answered" if told["answered"] else "not asked"
            table.add_row(
                platform, f"[red]{state}[/]" if wrong else f"[green]{state}[/]", f"{told['answered']} answered"
            )
        return Group(self._bar, table)
