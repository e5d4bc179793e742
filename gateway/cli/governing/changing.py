"""`submit`, `approve`, `activate`: a change by two persons."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.governing import options
from gateway.cli.homes import home_option
from gateway.governing.bundles import short
from gateway.governing.sayings import Submission
from gateway.governing.signing import read_key


@click.command("submit")
@click.argument("source", metavar="DIR|DIGEST", required=False)
@home_option
@options.key_option
@options.note_option
@click.option("--widens", is_flag=True, help="What the change opens is meant; the law officer approves it too.")
@click.option("--lift", "lifts", multiple=True, metavar="PARTNER", help="End this partner's suspension.")
def submit_verb(
    source: str | None, home: Path | None, key: Path, note: tuple[str, str], widens: bool, lifts: tuple[str, ...]
) -> None:
    """Freeze a sealed folder (HOME/policies, when none is said) and put it before a second person.

    DIGEST is a bundle that is kept already; with --lift alone it is the one in force.
    """
    settings, office = options.office(home)
    wanted: Path | str = settings.home / "policies"
    if source is not None:
        wanted = Path(source) if Path(source).is_dir() else source
    elif lifts:
        wanted = office.standing().bundle
    _, submission = office.submit(wanted, read_key(key), options.noted(note), widens, lifts)
    found = submission.evidence
    click.echo(f"submitted: policy set {short(submission.bundle)}, in place of {short(submission.base.bundle)}")
    click.echo(f"check: no errors, {found.warnings} warnings; cases: {found.cases} passed")
    _tell_opened(submission)
    for path in found.agreements:
        click.echo(f"agreement, signed by both sides: {path}")


@click.command("approve")
@click.argument("digest")
@home_option
@options.key_option
def approve_verb(digest: str, home: Path | None, key: Path) -> None:
    """Sign what another person submitted, after the machine has looked at it once more."""
    _, office = options.office(home)
    submission, missing = office.approve(digest, read_key(key))
    _tell_opened(submission)
    click.echo(f"approved: policy set {short(submission.bundle)}, in place of {short(submission.base.bundle)}")
    click.echo(f"still to come: {missing}" if missing else "it may be activated")


@click.command("activate")
@click.argument("digest")
@home_option
@options.key_option
@click.option("--at", "moment", default=None, callback=options.moment, help="When; Shanghai time. Now when not said.")
@options.wait_option
def activate_verb(digest: str, home: Path | None, key: Path, moment: datetime | None, wait: float) -> None:
    """Put what was approved in force on every running gateway, now or at a time to come."""
    settings, office = options.office(home)
    course = office.activate(digest, read_key(key), moment)
    options.published(settings, course, wait, "waits" if course.waiting else "activated")


def _tell_opened(submission: Submission) -> None:
    lifted = [f"what the suspension of {partner} closed" for partner in submission.lifts]
    for line in (*submission.evidence.gains, *lifted) or ("nothing",):
        click.echo(f"opens: {line}")
