"""`credit-gateway policy matrix`: who sees what, as a table to read, a page to print, or sheets to sort.

Thin: it finds out who and what is meant, has `policies.matrix` lay the answers out, and hands them to one of
the formats. Writes nothing but the file that `--out` names, and that one whole.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from gateway.settings import load
from policies.matrix import matrix

FORMATS = ("table", "html", "csv", "xlsx")
NO_PURPOSE = "none"
BOM = b"\xef\xbb\xbf"  # by which Excel knows that a sheet of text is UTF-8


@click.command("matrix")
@home_option
@click.option("--as", "callers", multiple=True, help=f"{words.CALLER} When not said: every client, and the public.")
@click.option("--type", "types", multiple=True, help="A record type; all when not said.")
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    help="Such as gov.licensing, or none; those that a caller may hold.",
)
@click.option("--kind", "kinds", multiple=True, help="A kind of subject; all when not said.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="When not said: as --out ends, else a table.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@words.at_option
@words.language_option
def matrix_verb(
    home: Path | None,
    callers: tuple[str, ...],
    types: tuple[str, ...],
    purposes: tuple[str, ...],
    kinds: tuple[str, ...],
    form: str | None,
    out: Path | None,
    moment: str | None,
    language: str,
) -> None:
    """Who sees which field, for which purpose, about whom, and by which rule."""
    from gateway.cli.matrix import page, sheets, table  # a check of policies does not wait for them

    policies = words.draft(words.folder(home))
    c = policies.catalogue
    words.known("--type", types, c.types)
    words.known("--purpose", purposes, [*c.purposes, NO_PURPOSE])
    words.known("--kind", kinds, c.kinds)
    askers = [words.caller(home, text, policies) for text in callers] or words.everybody(home, policies)
    if not callers and not words.registered(home, policies):
        click.echo("note: no client is registered; name callers with --as 31/government+credit.gov", err=True)
    for asker in askers:
        if asker.types is not None:
            click.echo(f"note: {asker.name} may ask for {', '.join(sorted(asker.types))} alone", err=True)
    asked = [None if purpose == NO_PURPOSE else purpose for purpose in dict.fromkeys(purposes)]
    found = matrix(policies, askers, words.instant(moment), load(home).province, types, asked, kinds)
    if not found.sections:
        raise click.BadParameter("none of these record types has records of such subjects", param_hint="--kind")
    form = form or (out.suffix[1:] if out and out.suffix[1:] in FORMATS else "table")
    if form == "xlsx" and out is None:
        raise click.BadParameter("a workbook needs a file; say --out FILE", param_hint="--out")
    if form == "table" and out is None:
        table.show(found, policies, language, sys.stdout)
        return
    if form == "table":
        data = table.plain(found, policies, language).encode()
    elif form == "csv":
        data = (BOM if out else b"") + sheets.csv_text(found, c).encode()
    elif form == "html":
        data = page.html(found, policies).encode()
    else:
        data = sheets.workbook(found, policies)
    if out is None:
        click.echo(data.decode(), nl=False)
        return
    draft = out.with_name(f".{out.name}.new")
    draft.write_bytes(data)
    draft.replace(out)
    lines = sum(len(group.lines) for section in found.sections for group in section.groups)
    click.echo(f"wrote {out}: policy set {policies.digest[7:19]}, {len(found.sections)} record types, {lines} lines")
