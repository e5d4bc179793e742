"""What the verbs of the registry share: the desk, the officer's name, and how entries are told."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from gateway import checking
from gateway.authenticating.ledger import Ledger, LedgerError
from gateway.cli.homes import home_option
from gateway.documents import suggestion
from gateway.settings import load

officer_option = click.option("--officer", required=True, help="Who does this; it is written into HOME/clients.log.")
title_option = click.option("--title", nargs=2, required=True, metavar="ZH EN", help="Its name in both languages.")


def ledger(home: Path | None) -> Ledger:
    place = load(home).home
    return Ledger(place, checking.read_policies(place / "policies").catalogue)


def told(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table that a pipe gets unfolded."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)  # brackets and colons of a title are its own
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=1000)
    console.print(table)


def shown(kind: str, name: str, desk: Ledger) -> None:
    """The entry as it stands in the file."""
    known = desk.entries(kind)
    if name not in known:
        raise LedgerError(f"clients.yaml: there is no {kind} `{name}`{suggestion(name, known)}")
    written = io.StringIO()
    YAML().dump({name: known[name]}, written)
    click.echo(written.getvalue(), nl=False)


def set_state_verb(kind: str, states: Iterable[str]) -> click.Command:
    @click.command("set-state")
    @click.argument("name", metavar=kind.upper())
    @click.argument("state", type=click.Choice(list(states)))
    @officer_option
    @home_option
    def set_state(name: str, state: str, officer: str, home: Path | None) -> None:
        ledger(home).set_state(officer, kind, name, state)
        click.echo(f"{kind} {name} is {state}")

    set_state.help = f"Open or close this {kind}; running gateways obey within a second."
    return set_state


def remove_verb(kind: str, needed: str = "") -> click.Command:
    @click.command("remove")
    @click.argument("name", metavar=kind.upper())
    @officer_option
    @home_option
    def remove(name: str, officer: str, home: Path | None) -> None:
        ledger(home).remove(officer, kind, name)
        click.echo(f"{kind} {name} is removed")

    remove.help = f"Take this {kind} out of the file{needed}."
    return remove


def show_verb(kind: str, more: Callable[[str, Ledger], None] | None = None) -> click.Command:
    @click.command("show")
    @click.argument("name", metavar=kind.upper())
    @home_option
    def show(name: str, home: Path | None) -> None:
        desk = ledger(home)
        shown(kind, name, desk)
        if more is not None:
            more(name, desk)

    show.help = f"One {kind}, as it stands in the file."
    return show


def entry(**words: Any) -> dict[str, Any]:
    """An entry of the file: what was not said is left out."""
    return {name: value for name, value in words.items() if value not in (None, "", [], {}, ())}
