"""Options and sentences that the verbs of a change share: the officer's key, the note, who obeys by now."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from gateway.governing import seen
from gateway.governing.bundles import short
from gateway.governing.office import Office
from gateway.governing.sayings import Note
from gateway.governing.standing import Course
from gateway.settings import Settings, load
from policies.conditions import SHANGHAI

WAIT = 30.0  # seconds

key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file of your private key; who you are is whose key it is in HOME/officers.yaml.",
)
note_option = click.option(
    "--note", nargs=2, required=True, metavar="ZH EN", help="What changes, in Chinese and in English; partners read it."
)
wait_option = click.option(
    "--wait", type=float, default=WAIT, show_default=True, help="Seconds to wait until every running gateway obeys."
)


def office(home: Path | None) -> tuple[Settings, Office]:
    """The desk of a home. Raises click's error when there is none."""
    settings = load(home)
    if not settings.home.is_dir():
        raise click.UsageError(f"{settings.home} is missing; `credit-gateway init` makes a home")
    return settings, Office(settings.home, settings.province)


def noted(note: tuple[str, str]) -> Note:
    if not all(part.strip() for part in note):
        raise click.BadParameter("both languages are expected", param_hint="--note")
    return Note(zh=note[0], en=note[1])


def clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai"


def published(settings: Settings, course: Course, wait: float, done: str) -> None:
    """Say what was published, and wait until every running gateway obeys; exits with 1 when one does not."""
    standing = course.waiting or course.current
    since = f", from {clock(standing.since)}" if course.waiting and standing.since else ""
    click.echo(f"{done}: pointer {course.seq}, policy set {short(standing.digest)}{since}")
    for change in course.changes[-2:]:
        if course.withdrawn(change):
            waited = f"policy set {short(change.digest)}, which waited for {clock(change.since)}"
            click.echo(f"withdrawn: {waited}; activate it again when it is still meant")
    awaited(settings, course.seq, wait, seen.POINTER)


def awaited(settings: Settings, seq: int, wait: float, what: str) -> None:
    """Wait until every running gateway obeys a pointer or a step; exits with 1 when one does not."""
    found = seen.acknowledged(settings.home, seq, wait, what)
    if not found:
        click.echo("no gateway runs on this home; the next one that starts obeys it")
    late = False
    for each in found:
        number = each.worker if isinstance(each, seen.Seen) else each
        refused = seen.refusal(each, what)
        if refused is not None and seen.refuses(each, seq, what):
            click.echo(f"gateway {number} refuses ({refused['reason']}): {refused['message']}", err=True)
        elif seen.obeys(each, seq, what):
            click.echo(f"gateway {number} obeys {what} {seq}")
            continue
        else:
            click.echo(f"gateway {number} has not obeyed within {wait:g} s", err=True)
        late = True
    if late:
        sys.exit(1)


def moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """An instant, in Shanghai unless it says otherwise."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("an instant such as 2026-12-01T00:00 is expected") from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
