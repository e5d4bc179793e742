"""`credit-gateway connector check`: the exam of connectors/conformance, from the command line.

Thin: it makes benches, has them examined, and hands what was found to one of the formats. It writes the files that
`--junit` and `--html` name, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from connectors.conformance.bench import Bench
from connectors.conformance.exam import asked_groups, report, results, unread
from connectors.conformance.outcome import Report
from gateway.cli.connector import papers, tree
from gateway.cli.connector.benches import Benches
from gateway.cli.homes import home_option
from gateway.documents import DocumentError

_file = click.Path(path_type=Path, dir_okay=False, exists=True)


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Said before an exam is sat, not after it."""
    if path is not None and not os.access(path.parent, os.W_OK):
        raise click.BadParameter(f"the folder {path.parent} is not there, or cannot be written into")
    return path


_out = click.Path(path_type=Path, dir_okay=False)


@click.command()
@home_option
@click.argument("file", type=_file, required=False)
@click.option("--all", "every", is_flag=True, help="Every declaration of the home.")
@click.option("--offline", is_flag=True, help="Declaration and samples only; the default.")
@click.option("--live", is_flag=True, help="Ask the platform too, about test subjects.")
@click.option("--faults", is_flag=True, help="Ask through a proxy that breaks answers on purpose; includes --live.")
@click.option("--subject", "subjects", multiple=True, help="A test subject's code; otherwise those of the samples.")
@click.option("--purpose", help="For what another gateway is asked, such as gov.licensing.")
@click.option("--class", "client_class", help="For a client of which class; otherwise government.")
@click.option("--evidence", multiple=True, help="What the purpose requires, such as operator=NAME.")
@click.option("--junit", type=_out, callback=_writable, help="Write JUnit XML, for a build server.")
@click.option("--html", type=_out, callback=_writable, help="Write one page for people.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the tree.")
def check(
    home: Path | None,
    file: Path | None,
    every: bool,
    offline: bool,
    live: bool,
    faults: bool,
    subjects: tuple[str, ...],
    purpose: str | None,
    client_class: str | None,
    evidence: tuple[str, ...],
    junit: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Does a platform keep what its declaration says? Says what is wrong, where, and what to do.

    Ends with 0 when nothing failed, 1 when something did, 2 when something that was asked for could not be done.
    """
    if (file is None) != every:
        raise click.UsageError("name one FILE, or say --all")
    if offline and (live or faults):
        raise click.UsageError("--offline asks nobody; leave it out, or leave out --live and --faults")
    benches = Benches.of(home)
    paths = [file] if file is not None else benches.platforms()
    asker = benches.asker(purpose, client_class, evidence)
    groups = asked_groups(live, faults)
    examined: list[Bench | Report] = []
    for path in paths:
        try:
            examined.append(benches.bench(path, live, faults, subjects, asker))
        except DocumentError as error:
            examined.append(unread(path.stem, error.findings, groups))
    found = asyncio.run(_sat(examined, groups, not as_json))
    if as_json:
        click.echo(papers.json_text(found), nl=False)
    if junit is not None:
        papers.write(junit, papers.junit(found))
    if html is not None:
        papers.write(html, papers.page(found))
    codes = {each.exit_code for each in found}
    sys.exit(1 if 1 in codes else max(codes))


async def _sat(benches: Sequence[Bench | Report], groups: frozenset[int], aloud: bool) -> list[Report]:
    """Every exam, one after the other, told as it goes; a file that could not be read has its report already."""
    reports = []
    for bench in benches:
        if isinstance(bench, Report):
            reports.append(bench)
            if aloud:
                tree.whole(bench)
            continue
        told = tree.Tree(report(bench, groups, []))
        found = []
        if aloud:
            told.begin()
        async for result in results(bench, groups):
            found.append(result)
            if aloud:
                told.add(result)
        reports.append(report(bench, groups, found))
        if aloud:
            told.end(reports[-1])
    return reports
