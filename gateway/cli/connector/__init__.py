"""`credit-gateway connector`: for the operators of platforms. `check` is the exam; `kinds`, `list` and `show` tell."""

from __future__ import annotations

import click

from gateway.cli.connector.checking import check
from gateway.cli.connector.listing import kinds, listed, show

__all__ = ["connector"]


@click.group()
def connector() -> None:
    """Platforms and their declarations: examined, listed, shown."""


for _verb in (check, kinds, listed, show):
    connector.add_command(_verb)
