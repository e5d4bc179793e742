"""`credit-gateway client`: what each client is, and on which terms it asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.authenticating.ledger import Ledger
from gateway.caller import STATES
from gateway.cli.homes import home_option
from gateway.cli.registry import desk
from gateway.documents import suggestion

QUOTAS = ("perMinute", "perDay", "subjectsPerDay", "perOperatorSubjectsPerDay")


@click.group()
def client() -> None:
    """Clients that may ask: list, show, add, set-state, remove."""


@client.command("list")
@home_option
def list_clients(home: Path | None) -> None:
    """Every client; the state is the stricter of its own and its member's."""
    clients = desk.ledger(home).clients
    desk.told(
        ("client", "state", "class", "region", "member", "issuer", "title"),
        ((c.id, c.terms.state, c.client_class, c.region or "", c.member or "", c.issuer, f"{c.title.zh} {c.title.en}")
         for c in clients.by_token.values()),
    )  # fmt: skip


def _effective(name: str, ledger: Ledger) -> None:
    [found] = [each for each in ledger.clients.by_token.values() if each.id == name]
    click.echo(f"# in effect: {found.terms.state}")


def _quotas(_: click.Context, __: click.Parameter, said: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in said:
        name, sign, count = text.partition("=")
        if name not in QUOTAS:
            raise click.BadParameter(f"unknown quota `{name}`{suggestion(name, QUOTAS)}")
        if not sign or not count.isdecimal():
            raise click.BadParameter(f"`{name}=NUMBER` is expected")
        found[name] = int(count)
    return found


@client.command("add")
@click.argument("name", metavar="CLIENT")
@desk.title_option
@click.option("--issuer", required=True, help="Who issues its tokens.")
@click.option("--client-id", help="What its issuer calls it; the same as here when not said.")
@click.option("--class", "client_class", required=True, help="Such as government.")
@click.option("--region", help="Six digits of GB/T 2260.")
@click.option("--member", help="The organisation that it belongs to.")
@click.option("--scope", "scopes", multiple=True, help="A scope that it may hold; several may be said.")
@click.option("--purpose", "purposes", multiple=True, help="A purpose that it may hold.")
@click.option("--type", "types", multiple=True, help="A record type that it may ask for; all when none is said.")
@click.option("--attestation", help="The id of its attestation.")
@click.option("--contract", help="The id of its contract.")
@click.option("--quota", multiple=True, callback=_quotas, metavar="NAME=NUMBER", help=f"One of {', '.join(QUOTAS)}.")
@click.option("--state", type=click.Choice(STATES), default="sandbox", show_default=True)
@desk.officer_option
@home_option
def add_client(
    name: str,
    title: tuple[str, str],
    issuer: str,
    client_id: str | None,
    client_class: str,
    region: str | None,
    member: str | None,
    scopes: tuple[str, ...],
    purposes: tuple[str, ...],
    types: tuple[str, ...],
    attestation: str | None,
    contract: str | None,
    quota: dict[str, int],
    state: str,
    officer: str,
    home: Path | None,
) -> None:
    """Register a client. It begins in the sandbox, unless another state is said."""
    words: dict[str, Any] = {"issuer": issuer, "clientId": client_id or name, "class": client_class}
    words |= {"region": region, "member": member}
    words |= {"title": {"zh": title[0], "en": title[1]}, "scopes": list(scopes), "purposes": list(purposes)}
    words |= {"types": list(types), "attestation": attestation, "contract": contract, "quota": quota, "state": state}
    desk.ledger(home).add(officer, "client", name, desk.entry(**words))
    click.echo(f"client {name} is {state}")


client.add_command(desk.show_verb("client", _effective))
client.add_command(desk.set_state_verb("client", STATES))
client.add_command(desk.remove_verb("client"))
