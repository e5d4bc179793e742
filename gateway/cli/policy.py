"""`credit-gateway policy`: check a policy set, run its worked cases, explain one decision, seal a change.

Thin: parses, calls `policies`, prints. Only `seal` writes, and only the manifest. Exit code 0: as it should
be; 1: refused, or a case failed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.authenticating.clients import load_clients
from gateway.checking import policy_documents
from gateway.cli.homes import home_option, shipped
from gateway.documents import Document, load, suggestion
from gateway.settings import load as load_settings
from policies import wording
from policies.analysis import Finding, check, run_cases
from policies.bundles import MANIFEST, PolicySet, assemble, manifest_text
from policies.findings import of
from policies.interpreter import explain, row_rules
from policies.model import Facts, Field

SHANGHAI = ZoneInfo("Asia/Shanghai")
language_option = click.option(
    "--language", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="The language of the rules."
)


@click.group()
def policy() -> None:
    """Policies: check them, run their cases, explain a decision, seal a change."""


@policy.command("check")
@home_option
def check_verb(home: Path | None) -> None:
    """Is the set whole, and does it say what is hardly meant? E keeps it from being used, W wants a look."""
    folder = _folder(home)
    policies, findings = _read(folder)
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
    folder = _folder(home)
    policies = _draft(folder)
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
@click.option("--as", "caller", required=True, help="REGION/CLASS such as 31/government, a class, or a client's id.")
@click.option("--field", "coordinate", required=True, help="TYPE.FIELD, as the schema writes it.")
@click.option("--purpose", default=None, help="Such as gov.licensing.")
@click.option("--subject", default="Enterprise", show_default=True, help="Kind of the subject.")
@click.option(
    "--scope", "scopes", multiple=True, help="A scope of the token; a client's own are taken when none is said."
)
@click.option(
    "--given", multiple=True, type=click.Choice(["uscc", "citizenId", "name"]), help="What the question says."
)
@click.option("--self", "own", is_flag=True, help="The asked subject is the caller itself.")
@click.option("--consent", is_flag=True, help="The subject's consent covers the question.")
@click.option("--province", default=None, help="Two digits: the record's province; the gateway's own when not said.")
@click.option("--at", "moment", default=None, help="An instant such as 2026-11-24T10:00 (Shanghai); now when not said.")
@language_option
def explain_verb(
    home: Path | None,
    caller: str,
    coordinate: str,
    purpose: str | None,
    subject: str,
    scopes: tuple[str, ...],
    given: tuple[str, ...],
    own: bool,
    consent: bool,
    province: str | None,
    moment: str | None,
    language: str,
) -> None:
    """Which rule decides, which others matched, and which single fact would open more."""
    folder = _folder(home)
    policies = _draft(folder)
    c = policies.catalogue
    field = _field(policies, coordinate)
    _known("--purpose", [purpose] if purpose else [], c.purposes)
    _known("--subject", [subject], c.kinds)
    _known("--scope", scopes, c.scopes)
    _known("--province", [province] if province else [], c.provinces)
    client_class, client_id, region, ceiling = _caller(home, caller, policies)
    facts = Facts(
        client_class=client_class,
        client_id=client_id,
        region=region,
        scopes=frozenset(scopes) or ceiling,
        purpose=purpose,
        consent=consent,
        own=own,
        given=frozenset(given) or frozenset({c.kinds[subject].key}),
        kind=subject,
        type=field.type,
        province=province or load_settings(home).province,
        at=_instant(moment),
    )
    if subject not in c.types[field.type].kinds:
        raise click.BadParameter(f"`{field.type}` has no records of `{subject}`", param_hint="--subject")
    _print(policies, facts, field, language)


@policy.command("seal")
@home_option
def seal_verb(home: Path | None) -> None:
    """Write the manifest anew. Only a set whose check finds no error and whose cases all pass is sealed."""
    folder = _folder(home)
    policies = _draft(folder)
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


def _folder(home: Path | None) -> Path:
    """HOME/policies, or the shipped ones, said aloud."""
    place = load_settings(home).home
    folder = place / "policies"
    if not place.exists():
        folder = shipped("policies")
        click.echo(f"note: {place} does not exist; these are the shipped policies", err=True)
    stray = sorted(path.name for path in folder.rglob("*.yml"))
    if stray:
        _fail([f"{name}:1: is not read; rename it to end in .yaml" for name in stray])
    return folder


def _read(folder: Path) -> tuple[PolicySet | None, list[Finding]]:
    """The set as it lies there. One that is only not sealed is read all the same, so that the rest can be checked."""
    try:
        documents = policy_documents(folder)
    except ValueError as error:
        return None, [Finding("E", text) for text in of(error)]
    try:
        return assemble(documents), []
    except ValueError as error:
        findings = [Finding("E", text) for text in of(error)]
    try:
        return assemble(_sealed(documents)), findings
    except ValueError as error:
        inside = [Finding("E", text) for text in of(error)]
        return None, list(dict.fromkeys([*findings, *inside]))


def _draft(folder: Path) -> PolicySet:
    """The set as if it were sealed: what `test`, `explain` and `seal` work on."""
    try:
        return assemble(_sealed(policy_documents(folder)))
    except ValueError as error:
        _fail(of(error))


def _sealed(documents: Mapping[str, Document]) -> dict[str, Document]:
    return {**documents, MANIFEST: Document(MANIFEST, manifest_text(documents).encode())}


def _caller(home: Path | None, caller: str, policies: PolicySet) -> tuple[str, str, str | None, frozenset[str]]:
    """Class, id, region and scopes of a caller that is said as REGION/CLASS, as a class, or as a client's id."""
    region, slash, client_class = caller.rpartition("/")
    if slash or caller in policies.catalogue.client_classes:
        _known("--as", [client_class], policies.catalogue.client_classes)
        _known("--as", [region[:2]] if region else [], policies.catalogue.provinces)
        return client_class, "", region or None, frozenset()
    place = load_settings(home).home / "clients.yaml"
    if not place.exists():
        _known("--as", [caller], policies.catalogue.client_classes)
    clients = {client.id: client for client in load_clients(load(place), policies.catalogue).by_token.values()}
    _known("--as", [caller], clients)
    client = clients[caller]
    return client.client_class, client.id, client.region, client.scopes


def _field(policies: PolicySet, coordinate: str) -> Field:
    coordinates = [field.coordinate for record in policies.catalogue.types.values() for field in record.fields.values()]
    _known("--field", [coordinate], coordinates)
    return policies.catalogue.field(coordinate)


def _instant(moment: str | None) -> datetime:
    if moment is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise click.BadParameter("an instant such as 2026-11-24T10:00 is expected", param_hint="--at") from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _known(option: str, words: Iterable[str], known: Iterable[str]) -> None:
    choices = list(known)
    for word in words:
        if word not in choices:
            raise click.BadParameter(f"unknown word `{word}`{suggestion(word, choices)}", param_hint=option)


def _fail(findings: Iterable[str]) -> NoReturn:
    for text in findings:
        click.echo(text, err=True)
    sys.exit(1)


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
