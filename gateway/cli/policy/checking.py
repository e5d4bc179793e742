"""Check a set, run its worked cases, seal a change. Only `seal` writes, and only the manifest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import click

from gateway.checking import policy_documents
from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from policies.analysis import CaseResult, check, run_cases
from policies.bundles import MANIFEST, manifest_text


@click.command("check")
@home_option
def check_verb(home: Path | None) -> None:
    """Is the set whole, and does it say what is hardly meant? E keeps it from being used, W wants a look."""
    folder = words.folder(home)
    policies, findings = words.read(folder)
    if policies is not None:
        findings += [*check(policies, datetime.now(UTC)), *words.strangers(home, policies)]
    for finding in findings:
        click.echo(str(finding))
    errors = sum(finding.level == "E" for finding in findings)
    if errors:
        sys.exit(1)
    digest = policies.digest[7:19] if policies else ""
    click.echo(f"ok: policy set {digest}, {len(findings)} warnings")


@click.command("test")
@home_option
@click.option("-k", "word", default="", help="Only cases whose name holds this.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results for a CI server.")
def test_verb(home: Path | None, word: str, junit: Path | None) -> None:
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
    for what, idle, every, said in (
        ("rules", report.idle_rules, report.rules, "decide in a case"),
        ("fields", report.unasserted, report.fields, "are asserted"),
    ):
        if not word:
            share = 100 * (every - len(idle)) // every if every else 100
            click.echo(f"{what}: {share} % of {every} {said}{'; not ' if idle else ''}{', '.join(idle)}")
    if junit is not None:
        junit.write_bytes(junit_xml(results))
    if failed or not results:
        sys.exit(1)


def junit_xml(results: Sequence[CaseResult]) -> bytes:
    """The results as CI servers read them: a suite, and a case for each, under its file."""
    failed = sum(not result.passed for result in results)
    suite = Element("testsuite", name="policy cases", tests=str(len(results)), failures=str(failed))
    for result in results:
        file, _, line = result.case.where.rpartition(":")
        case = SubElement(suite, "testcase", classname=file, name=result.case.name, file=file, line=line)
        if not result.passed:
            SubElement(case, "failure", message="; ".join(result.failures))
    return bytes(tostring(suite, encoding="utf-8", xml_declaration=True))


@click.command("seal")
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
    click.echo(f"sealed: policy set {policies.digest[7:19]}, {len(policies.cases) + len(policies.nevers)} cases passed")
