"""`credit-gateway store`: the database of platforms, brought to this program's schema and looked at."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.homes import home_option
from gateway.environment import store_of
from gateway.settings import load
from gateway.store.tables import REVISIONS


@click.group()
def store() -> None:
    """The database of registered platforms: upgrade, check."""


@store.command()
@home_option
def upgrade(home: Path | None) -> None:
    """Bring its tables to what this program needs. Stop gateways of an older version before."""
    found = store_of(load(home))
    before = found.revision()
    found.upgrade()
    click.echo(f"schema {REVISIONS[-1]}" + ("" if before == REVISIONS[-1] else f", was {before or 'empty'}"))


@store.command()
@home_option
def check(home: Path | None) -> None:
    """Whether it can be reached, and has the schema that this program needs."""
    found = store_of(load(home))
    if not found.present:
        click.echo("no store yet: nothing was registered here; the first step makes it")
        return
    found.check()
    head = found.head()
    click.echo(f"ok: schema {REVISIONS[-1]}, {head[0] if head else 0} steps")
