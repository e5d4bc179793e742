"""`credit-gateway policy`: check a set, run its worked cases, explain one decision, show who sees what, seal a change.

Thin: parses, calls `policies`, prints. Only `seal` writes, and only the manifest. Exit code 0: as it should
be; 1: refused, or a case failed.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.checking import policy_documents
from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from gateway.cli.matrix import matrix_verb
from gateway.settings import load as load_settings
from policies import wording
from policies.analysis import check, run_cases
from policies.bundles import MANIFEST, PolicySet, manifest_text
from policies.conditions import SHANGHAI
from policies.interpreter import explain, row_rules
from policies.model import Facts, Field


@click.group()
def policy() -> None:
    """Policies: check them, run their cases, explain a decision, show who sees what, seal a change."""


policy.add_command(matrix_verb)


@policy.command("check")
@home_option
def check_verb(home: Path | None) -> None:
    """Is the set whole, and does it say what is hardly meant? E keeps it from being used, W wants a look."""
    folder = words.folder(home)
    policies, findings = words.read(folder)
    if policies is not None:
        findings += check(policies, datetime.now(UTC))
    for finding in findings:
        click.echo(str(finding))
    errors = sum(finding.level == "E" for finding in findings)
    if errors:
        sys.exit(1)
    digest = policies.digest[7:19] if policies else ""
    click.echo(f"ok: policy set {digest}, {len(findings)} warnings")


@policy.command("test")
@home_option
@click.option("-k", "word", default="", help="Only cases whose name holds this.")
def test_verb(home: Path | None, word: str) -> None:
    """Run the worked cases, also of a set that is not sealed yet; say which rules and fields no case needs."""
    folder = words.folder(home)
    policies = words.draft(folder)
    report = run_cases(policies)
    results = [result for result in report.results if word in result.case.name]
    for result in results:
        for failure in result.failures:
            click.echo(f"{result.case.where}: {result.case.name}: {failure}")
    failed = sum(not result.passed for result in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    for title, names in (("rules that no case needs", report.idle_rules), ("fields of no case", report.unasserted)):
        if names and not word:
            click.echo(f"{title}: {', '.join(names)}")
    if failed or not results:
        sys.exit(1)


@policy.command("explain")
@home_option
@click.option("--as", "caller", required=True, help=words.CALLER)
@click.option("--field", "coordinate", required=True, help="TYPE.FIELD, as the schema writes it.")
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
    caller: str,
    coordinate: str,
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
    folder = words.folder(home)
    policies = words.draft(folder)
    c = policies.catalogue
    coordinates = [field.coordinate for record in c.types.values() for field in record.fields.values()]
    words.known("--field", [coordinate], coordinates)
    field = c.field(coordinate)
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
    _print(policies, facts, field, language)


@policy.command("seal")
@home_option
def seal_verb(home: Path | None) -> None:
    """Write the manifest anew. Only a set whose check finds no error and whose cases all pass is sealed."""
    folder = words.folder(home)
    policies = words.draft(folder)
    errors = [finding for finding in check(policies, datetime.now(UTC)) if finding.level == "E"]
    failures = [result for result in run_cases(policies).results if not result.passed]
    for finding in errors:
        click.echo(str(finding))
    for result in failures:
        click.echo(f"{result.case.where}: {result.case.name}: {'; '.join(result.failures)}")
    if errors or failures:
        click.echo(f"not sealed: {len(errors)} errors, {len(failures)} cases failed", err=True)
        sys.exit(1)
    target = folder / MANIFEST
    written = target.with_suffix(".new")
    written.write_text(manifest_text(policy_documents(folder)), "utf-8")
    written.replace(target)
    click.echo(f"sealed: policy set {policies.digest[7:19]}, {len(policies.cases)} cases passed")


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
