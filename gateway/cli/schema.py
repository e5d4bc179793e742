"""`credit-gateway schema`: the GraphQL schema of a home as SDL, whole, or one caller's part of it for one purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from graphql import parse

from gateway import checking
from gateway.cli import policy_words as words
from gateway.cli.homes import home_option, shipped
from gateway.governing.obeying import begin
from gateway.schema import Face, sight, view
from gateway.settings import Settings, load
from policies.compiler import compile_policies
from policies.conditions import SHANGHAI
from policies.matrix import Asker
from policies.model import Facts
from policies.policyset import PolicySet

GIVEN = ("uscc", "citizenId", "name")


@click.command()
@home_option
@click.option("--as", "caller", default=None, help=f"Only what this caller may see. {words.CALLER}")
@click.option("--purpose", default=None, help="Such as gov.licensing; without it, a question without a purpose.")
@click.option("--self", "own", is_flag=True, help="The asked subject is the caller itself.")
@click.option("--consent", is_flag=True, help="The subject's consent covers the question.")
@click.option("--given", multiple=True, type=click.Choice(GIVEN), help="What the question says beside the key.")
@words.at_option
def schema(
    home: Path | None,
    caller: str | None,
    purpose: str | None,
    own: bool,
    consent: bool,
    given: tuple[str, ...],
    moment: str | None,
) -> None:
    """Print the GraphQL schema (SDL) of a home's catalogue, or of the shipped one where there is no home.

    With `--as`, only what that caller may see: what is reduced bears its step, `@masked`; what is withheld for some
    kinds of subject names them, `@withheld`.
    """
    if caller is None and (purpose or own or consent or given or moment):
        raise click.UsageError("say whose schema is meant: `--as CALLER`")
    settings = load(home)
    policies = _in_force(settings)
    if caller is None:
        click.echo(Face(policies.catalogue).sdl(), nl=False)
        return
    asker = words.caller(home, caller, policies)
    words.known("--purpose", [purpose] if purpose else [], policies.catalogue.purposes)
    if not asker.holds(purpose):
        held = ", ".join(sorted(asker.purposes or ())) or "none"
        raise click.BadParameter(f"`{caller}` may not ask for it; it may ask for: {held}", param_hint="--purpose")
    at = words.instant(moment)
    compiled = compile_policies(policies, at)
    facts = _facts(asker, purpose, settings.province, at)
    keyed = replace(facts, own=own, consent=consent, given=frozenset(given))
    seen, sought = sight(policies.catalogue, compiled, keyed), sight(policies.catalogue, compiled, facts, keyed=False)
    if asker.types is not None:  # what its registration closes is as good as denied
        seen, sought = ({k: v if k[0] in asker.types else {} for k, v in each.items()} for each in (seen, sought))
    whole = parse(Face(policies.catalogue).sdl())
    click.echo(_heading(asker, purpose, policies, compiled.until))
    click.echo(view(whole, policies.catalogue, seen, sought), nl=False)


def _in_force(settings: Settings) -> PolicySet:
    """What a gateway of this home would answer by."""
    if (settings.home / "policies").is_dir():
        return begin(settings.home, settings.province).policies
    return checking.read_policies(shipped("policies"))


def _facts(asker: Asker, purpose: str | None, province: str, at: datetime) -> Facts:
    return Facts(
        client_class=asker.client_class,
        client_id=asker.client_id,
        region=asker.region,
        scopes=asker.scopes,
        purpose=purpose,
        consent=False,
        own=False,
        given=frozenset(),
        kind="",
        type="",
        province=province,
        at=at,
    )


def _heading(asker: Asker, purpose: str | None, policies: PolicySet, until: datetime | None) -> str:
    ends = f"; by time alone it changes at {until.astimezone(SHANGHAI).isoformat()}" if until else ""
    return f"# what {asker.name} may see, purpose {purpose or 'none'}; policy set {policies.digest[7:19]}{ends}"
