"""`credit-gateway store`: the database of platforms, brought to this program's schema and looked at."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.homes import home_option
from gateway.environment import store_of
from gateway.governing.statements import Refused
from gateway.registering import enrolment
from gateway.settings import load
from gateway.store.tables import REVISIONS


@click.group()
def store() -> None:
    """The database of registered platforms: upgrade, check, restore."""


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
    """Whether it can be reached, has the schema that this program needs, and holds what this home obeyed."""
    settings = load(home)
    found = store_of(settings)
    enrolled = enrolment.begin(settings.home, found)
    if enrolled.declined is not None:
        raise Refused(enrolled.declined.reason, enrolled.declined.message)
    if not found.present:
        click.echo("no store yet: nothing was registered here; the first step makes it")
        return
    found.check()
    click.echo(f"ok: schema {REVISIONS[-1]}, {enrolled.course.seq} steps")


@store.command()
@home_option
def restore(home: Path | None) -> None:
    """Put back the steps that this home obeyed, from its own copy, when the store has lost them.

    Declarations that are not live, steps that no gateway obeyed, and counts are in no copy.
    """
    settings = load(home)
    added, last = enrolment.restore(settings.home, store_of(settings))
    click.echo(f"{added} steps were put back; the store ends at step {last}")
