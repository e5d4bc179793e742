"""`credit-gateway member`: the organisations behind clients."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.caller import STATES
from gateway.cli.homes import home_option
from gateway.cli.registry import desk


@click.group()
def member() -> None:
    """Organisations whose clients may ask: list, show, add, set-state, remove."""


@member.command("list")
@home_option
def list_members(home: Path | None) -> None:
    """Every member, with its state and how many clients it has."""
    clients = desk.ledger(home).clients
    counts = {name: sum(client.member == name for client in clients.by_token.values()) for name in clients.members}
    desk.told(
        ("member", "state", "region", "uscc", "clients", "title"),
        ((m.id, m.state, m.region, m.uscc, str(counts[m.id]), f"{m.title.zh} {m.title.en}")
         for m in clients.members.values()),
    )  # fmt: skip


@member.command("add")
@click.argument("name", metavar="MEMBER")
@desk.title_option
@click.option("--uscc", required=True, help="Its unified social credit code.")
@click.option("--region", required=True, help="Six digits of GB/T 2260.")
@click.option("--state", type=click.Choice(STATES), default="live", show_default=True)
@desk.officer_option
@home_option
def add_member(
    name: str, title: tuple[str, str], uscc: str, region: str, state: str, officer: str, home: Path | None
) -> None:
    """Register an organisation."""
    words = desk.entry(title={"zh": title[0], "en": title[1]}, uscc=uscc, region=region, state=state)
    desk.ledger(home).add(officer, "member", name, words)
    click.echo(f"member {name} is {state}")


member.add_command(desk.show_verb("member"))
member.add_command(desk.set_state_verb("member", STATES))
member.add_command(desk.remove_verb("member", "; its clients first"))
