"""`connector suggest`: a declaration proposed from a table, a sample or a description, to be finished by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from connectors.spelling import is_reference
from connectors.suggesting import reading
from connectors.suggesting.asking import service
from connectors.suggesting.matching import suggest as matched
from connectors.suggesting.writing import proposal
from gateway.checking import names_of, terms_of
from gateway.cli import policy_words
from gateway.cli.homes import home_option
from gateway.documents import suggestion
from gateway.environment import Environment
from gateway.settings import load

_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@home_option
@click.option("--table", "named", nargs=2, metavar="URL TABLE", help="A table; URL is a reference, `env:NAME`.")
@click.option("--sample", type=_file, help="A file of rows: CSV, TSV, XLSX, XLS or JSON.")
@click.option("--wsdl", type=_file, help="The description of a SOAP service.")
@click.option("--type", "only", help="The record type; left out, the one that fits best.")
@click.option("--encoding", type=click.Choice(["utf-8", "gb18030"]), default="utf-8", help="Of a text file.")
def suggest(
    home: Path | None, named: tuple[str, str] | None, sample: Path | None, wsdl: Path | None, only: str | None,
    encoding: str,
) -> None:  # fmt: skip
    """Propose a declaration: sure lines stand there, what you must decide is a comment with its candidates.

    Names of columns and a few values are looked at; no name, number or text of anybody is in the proposal.
    """
    if sum(each is not None for each in (named, sample, wsdl)) != 1:
        raise click.UsageError("name one of --table, --sample and --wsdl")
    catalogue = policy_words.draft(policy_words.folder(home)).catalogue
    names, checks = names_of(catalogue), terms_of(catalogue).checks
    if only is not None and only not in names:
        raise click.BadParameter(f"no record type `{only}`{suggestion(only, names)}", param_hint="--type")
    try:
        if named is not None:
            columns, source = asyncio.run(reading.table(_url(home, named[0]), named[1]))
            found = matched(columns, names, checks, only)
        elif sample is not None:
            columns, source = reading.sample(sample, encoding)
            found = matched(columns, names, checks, only)
        else:
            found, source = service(wsdl or Path(), names, checks, only)
    except ValueError as reason:
        raise click.ClickException(str(reason)) from None
    click.echo(proposal(found, names, source), nl=False)


def _url(home: Path | None, reference: str) -> str:
    if not is_reference(reference):
        raise click.BadParameter("a reference is expected, `env:NAME`: a URL may hold a password", param_hint="--table")
    try:
        return Environment(load(home)).resolve(reference)
    except LookupError as missing:
        raise click.BadParameter(str(missing.args[0]), param_hint="--table") from None
