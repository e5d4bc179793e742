"""`officer-key`, `sign`, `history`, `export`: keys and papers of a change. Nothing here changes what is in force."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.governing import options
from gateway.cli.homes import home_option
from gateway.governing import agreements
from gateway.governing.bundles import short
from gateway.governing.signing import make_key, read_key
from gateway.governing.statements import Refused
from policies.conditions import SHANGHAI


@click.command("officer-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def officer_key_verb(file: Path) -> None:
    """Make a private key for yourself; prints the public half, which the operator enters into officers.yaml."""
    click.echo(make_key(file).public)


@click.command("sign")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@home_option
@options.key_option
def sign_verb(file: Path, home: Path | None, key: Path) -> None:
    """Sign an agreement file for your side; seal the set again when both sides have signed."""
    _, office = options.office(home)
    signer = read_key(key)
    officer, _ = office.officer(signer)
    agreements.sign(file, officer, signer, datetime.now(SHANGHAI).date())
    click.echo(f"signed: {file} by `{officer.id}` for province {officer.region}")


@click.command("history")
@home_option
def history_verb(home: Path | None) -> None:
    """Every change there was: number, time, what, by whom, why, and what it opened."""
    _, office = options.office(home)
    course = office.course()
    for change in course.changes:
        behind = f"; submitted by {change.author}, approved by {', '.join(change.approvers)}" if change.author else ""
        what = f" {change.what}" if change.what else ""
        click.echo(
            f"{change.seq}  {options.clock(change.since)}  {change.verb}{what}  policy set {short(change.digest)}"
        )
        click.echo(f"   by {change.by}{behind}")
        if after := course.withdrawn(change):
            click.echo(f"   withdrawn by pointer {after}, before its time")
        click.echo(f"   {change.note.zh} / {change.note.en}")
        for line in change.gains:
            click.echo(f"   opened: {line}")
    if not course.changes:
        click.echo("no change yet: HOME/policies is in force")


@click.command("export")
@click.argument("digest")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@home_option
def export_verb(digest: str, folder: Path, home: Path | None) -> None:
    """Write a bundle's files, byte for byte as they were submitted, into a new folder."""
    _, office = options.office(home)
    found = office.bundles.find(digest)
    files = office.bundles.files(found)
    if folder.exists() and any(folder.iterdir()):
        raise Refused("bundle", f"{folder} is not empty; give a new folder")
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    click.echo(f"exported: policy set {short(found)}, {len(files)} files, to {folder}")
