"""`credit-gateway issuer`: the authorization servers whose tokens are accepted."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.homes import home_option
from gateway.cli.registry import desk


@click.group()
def issuer() -> None:
    """Authorization servers whose tokens are accepted: list, show, add, set-state, remove."""


@issuer.command("list")
@home_option
def list_issuers(home: Path | None) -> None:
    """Every issuer, with its state and how many clients it speaks for."""
    ledger = desk.ledger(home)
    counts: dict[str, int] = {}
    for name, _ in ledger.clients.by_token:
        counts[name] = counts.get(name, 0) + 1
    desk.told(
        ("issuer", "state", "keys", "clients"),
        ((name, words.get("state", "live"), words.get("jwks", ""), str(counts.get(name, 0)))
         for name, words in ledger.entries("issuer").items()),
    )  # fmt: skip


@issuer.command("add")
@click.argument("name", metavar="ISSUER")
@click.option("--jwks", required=True, help="Where its public keys are.")
@click.option("--algorithm", "algorithms", multiple=True, help="Such as ES256; several may be said.")
@click.option("--max-lifetime", help="The longest life of a token, such as 10m.")
@desk.officer_option
@home_option
def add_issuer(
    name: str, jwks: str, algorithms: tuple[str, ...], max_lifetime: str | None, officer: str, home: Path | None
) -> None:
    """Register an authorization server by its name and its keys; questions about tokens are set up in the file."""
    words = desk.entry(jwks=jwks, algorithms=list(algorithms), maxLifetime=max_lifetime)
    desk.ledger(home).add(officer, "issuer", name, words)
    click.echo(f"issuer {name} is live")


issuer.add_command(desk.show_verb("issuer"))
issuer.add_command(desk.set_state_verb("issuer", ("live", "frozen")))
issuer.add_command(desk.remove_verb("issuer", "; its clients first"))
