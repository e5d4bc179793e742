"""`credit-gateway policy diff`: what a change opens and what it closes, over every question that can be asked.

Thin: finds the two sets, has `policies.difference` compare them, prints. Exit code 1: something is opened that
`--fail-on` does not let pass.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.auditing.recorded import records
from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from gateway.cli.policy.replaying import replay
from gateway.cli.policy.shifts import Telling, plain
from gateway.settings import load as load_settings
from policies.difference import ABSENT, Difference, FieldShift, RowsShift, difference
from policies.quotas import looser
from policies.widening import unexcused

GAINS, LOSSES = "gains", "losses"


@click.command("diff")
@home_option
@click.argument("old")
@click.argument("new")
@click.option("--only", type=click.Choice([GAINS, LOSSES]), help="Only what is opened, or only what is closed.")
@click.option(
    "--fail-on",
    type=click.Choice([GAINS]),
    help="Exit 1 when something is opened by a file that does not say `widens: true` and what that rests on.",
)
@click.option("--replay", "since", help="Decide the questions of the audit under both sets: since a day, or last-30d.")
@click.option("--full", is_flag=True, help="Each shift of records by itself, and every list to its end.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@words.language_option
def diff_verb(
    home: Path | None,
    old: str,
    new: str,
    only: str | None,
    fail_on: str | None,
    since: str | None,
    full: bool,
    form: str,
    language: str,
) -> None:
    """What NEW opens and closes that OLD did not: each a policies folder, a home, or a bundle's digest."""
    first = words.since(since, "--replay") if since else None
    before, after = words.set_at(home, old), words.set_at(home, new)
    found = difference(before, after)
    told = Telling(found, after.catalogue, language, full)
    bounds = [f"{policy.id}  {bound}" for policy, bound in looser(before, after)]
    unsaid = unexcused(before, after, found) if fail_on else []
    replayed = replay(before, after, records(load_settings(home).home, first)) if first else None
    if form == "json":
        said = {**words_of(found, told, only), "quotas": bounds, "unexcused": unsaid, "replay": replayed}
        click.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
    else:
        for line in (*lines_of(found, told, only), *(f"{told.word('quota')}  {bound}" for bound in bounds)):
            click.echo(line)
        for line in replayed.lines(first) if replayed and first else ():
            click.echo(line)
        for line in unsaid:
            click.echo(line, err=True)
    if unsaid:
        sys.exit(1)


def lines_of(found: Difference, told: Telling, only: str | None = None) -> Iterator[str]:
    """The comparison for a person: how much, what the catalogue has otherwise, then each shift. Records that the same
    rules show or hide are one, unless all is told."""
    gains = list(_grouped(found.gains, told, told.word("gains")))
    losses = list(_grouped(found.losses, told, told.word("loses")))
    sets = f"old {found.old[7:19]}  new {found.new[7:19]}"
    yield f"{len(gains)} changes open access, {len(losses)} close it    {sets}"
    for change in found.catalogue:
        yield f"{told.word('catalogue')}  {change.word}   {change.old or ABSENT} -> {change.new or ABSENT}"
    yield from gains if only != LOSSES else ()
    yield from losses if only != GAINS else ()


def _grouped(shifts: Sequence[FieldShift | RowsShift], told: Telling, verb: str) -> Iterator[str]:
    together: dict[Hashable, list[RowsShift]] = {}
    for shift in shifts:
        if told.full or isinstance(shift, FieldShift):
            yield told.line(verb, shift)
        else:
            together.setdefault((shift.rules, shift.old is None, shift.new is None), []).append(shift)
    yield from (told.rows(verb, alike) for alike in together.values())


def words_of(found: Difference, told: Telling, only: str | None = None) -> dict[str, Any]:
    """The comparison for a machine."""
    return {
        "old": found.old,
        "new": found.new,
        **{which: [plain(shift, told) for shift in _shifts(found, which, only)] for which in (GAINS, LOSSES)},
        "catalogue": [{"word": change.word, "old": change.old, "new": change.new} for change in found.catalogue],
    }


def _shifts(found: Difference, which: str, only: str | None) -> Sequence[FieldShift | RowsShift]:
    if only not in (None, which):
        return []
    return found.gains if which == GAINS else found.losses
