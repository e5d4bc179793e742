"""Explain one decision: which rule decides, which others matched, and which single fact would open more."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from gateway.cli.policy import again
from gateway.settings import load as load_settings
from policies import wording
from policies.bundles import PolicySet
from policies.conditions import SHANGHAI
from policies.interpreter import explain, row_rules
from policies.model import Facts, Field


@click.command("explain")
@home_option
@click.option("--as", "caller", help=words.CALLER)
@click.option("--field", "coordinate", help="TYPE.FIELD, as the schema writes it.")
@click.option("--decision", help="The id of a recorded decision, in place of --as and all that follows it.")
@click.option("--purpose", default=None, help="Such as gov.licensing.")
@click.option("--subject", default="Enterprise", show_default=True, help="Kind of the subject.")
@click.option(
    "--given", multiple=True, type=click.Choice(["uscc", "citizenId", "name"]), help="What the question says."
)
@click.option("--self", "own", is_flag=True, help="The asked subject is the caller itself.")
@click.option("--consent", is_flag=True, help="The subject's consent covers the question.")
@click.option("--province", default=None, help="Two digits: the record's province; the gateway's own when not said.")
@words.at_option
@words.language_option
def explain_verb(
    home: Path | None,
    caller: str | None,
    coordinate: str | None,
    decision: str | None,
    purpose: str | None,
    subject: str,
    given: tuple[str, ...],
    own: bool,
    consent: bool,
    province: str | None,
    moment: str | None,
    language: str,
) -> None:
    """Which rule decides, which others matched, and which single fact would open more."""
    if decision is not None:
        policies, record, found = again.decision_asked(home, decision)
        if coordinate is None:
            again.show(policies, record, found, language)
            return
        field = _field(policies, coordinate)
        _print(policies, again.one_of(found, field, decision).facts, field, language)
        return
    if caller is None or coordinate is None:
        raise click.UsageError("say --as and --field, or --decision")
    folder = words.folder(home)
    policies = words.draft(folder)
    words.draft_told(home, policies)
    c = policies.catalogue
    field = _field(policies, coordinate)
    words.known("--purpose", [purpose] if purpose else [], c.purposes)
    words.known("--subject", [subject], c.kinds)
    words.known("--province", [province] if province else [], c.provinces)
    asker = words.caller(home, caller, policies)
    facts = Facts(
        client_class=asker.client_class,
        client_id=asker.client_id,
        region=asker.region,
        scopes=asker.scopes,
        purpose=purpose,
        consent=consent,
        own=own,
        given=frozenset(given) or frozenset({c.kinds[subject].key}),
        kind=subject,
        type=field.type,
        province=province or load_settings(home).province,
        at=words.instant(moment),
    )
    if subject not in c.types[field.type].kinds:
        raise click.BadParameter(f"`{field.type}` has no records of `{subject}`", param_hint="--subject")
    if not asker.holds(purpose):
        click.echo(f"refused  {asker.name} is not registered for `{purpose}`; the rules alone would say:")
    if asker.types is not None and field.type not in asker.types:
        click.echo(
            f"closed  CLIENT_TYPES: {asker.name} is not registered for `{field.type}`; the rules alone would say:"
        )
    _print(policies, facts, field, language)


def _field(policies: PolicySet, coordinate: str) -> Field:
    c = policies.catalogue
    coordinates = [field.coordinate for record in c.types.values() for field in record.fields.values()]
    words.known("--field", [coordinate], coordinates)
    return c.field(coordinate)


def _print(policies: PolicySet, facts: Facts, field: Field, language: str) -> None:
    found = explain(policies, facts, field)
    decision = found.ruling.decision
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)  # a file or pipe is never folded
    said = [
        f"{field.coordinate}  ->  {decision.effect.upper()}    {getattr(field.title, language)}",
        f"policy set {policies.digest[7:19]}, {facts.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} Asia/Shanghai",
        f"because  {decision.rule}: {getattr(decision.reason, language)}",
        f"obliges to  {', '.join(sorted(decision.obligations))}" if decision.obligations else "",
        f"ask  {decision.contact}" if decision.contact else "",
    ]
    console.print(*(Text(line) for line in said if line), sep="\n")
    table = Table("", "rule", "says", box=None, pad_edge=False)
    for file, rule in (*policies.limits, *policies.grants):
        if rule in (*found.ruling.limits, *found.ruling.grants):
            sign = "decides" if rule in found.ruling.deciding else "matches"
            table.add_row(sign, rule.id, Text(wording.sentence(rule, file, policies.catalogue, language)))
    for change in found.nearest:
        table.add_row("waits", change.rule.id, Text(f"for {change.word} {change.wants}  ->  {change.effect}"))
    for row in row_rules(policies, facts):
        table.add_row("rows", row.rule, Text(f"{row.effect}: {getattr(row.reason, language)}"))
    console.print(table)
