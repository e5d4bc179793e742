"""`connector register`, `approve`, `shadow`, `live`, `pause`, `resume`, `retire`, `history`: a platform's life.

Exit code 0: done, and every running gateway obeys; 1: refused, or a gateway does not obey (yet); 2: a wrong word.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from connectors.conformance import exam
from connectors.conformance.bench import Bench
from connectors.conformance.outcome import Grade
from gateway.checking import terms_of
from gateway.cli.connector.desks import (
    Counter,
    Sight,
    at_the_desk,
    key_option,
    note_option,
    own_option,
    tell_drafts,
    wait_option,
)
from gateway.cli.connector.papers import lines
from gateway.cli.governing.options import awaited, clock
from gateway.cli.homes import home_option
from gateway.documents import Document
from gateway.governing import seen
from gateway.governing.bundles import short
from gateway.governing.signing import read_key
from gateway.governing.statements import Refused
from gateway.registering.standing import Done

_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@home_option
@click.argument("file", type=_file)
@key_option
@note_option
def register(home: Path | None, file: Path, key: Path, note: str | None) -> None:
    """Put a declaration before another person, once it was checked and sat the exam on its samples.

    What is live goes on. `connector check --live` asks the platform itself.
    """
    with at_the_desk(home) as counter:
        done = counter.desk.register(file, read_key(key), note, lambda document: _examined(document, counter))
        click.echo(f"registered: {_named(done)}, readiness {done.step.readiness}")
        click.echo(f"another person approves it: `connector approve {done.step.platform}`")


@click.command()
@home_option
@click.argument("platform")
@key_option
@note_option
@click.option(
    "--content", default=None, help="The first digits of the digest that you looked at; refused when another."
)
def approve(home: Path | None, platform: str, key: Path, note: str | None, content: str | None) -> None:
    """Sign what another person registered. `connector show PLATFORM --declaration` prints it."""
    with at_the_desk(home) as counter:
        done = counter.desk.step("approve", platform, read_key(key), note, content)
        click.echo(f"approved: {_named(done)}; `connector live {platform}` puts it before callers")


def _stepping(verb: str, words: str) -> click.Command:
    @click.command(verb, help=words)
    @home_option
    @click.argument("platform")
    @key_option
    @note_option
    @wait_option
    def stepping(home: Path | None, platform: str, key: Path, note: str | None, wait: float) -> None:
        with at_the_desk(home) as counter:
            done = counter.desk.step(verb, platform, read_key(key), note)
            click.echo(f"{verb}: {_named(done)}, step {done.seq}")
            if verb == "live":
                tell_drafts(counter, key)
            awaited(counter.settings, done.seq, wait, seen.STEP)

    return stepping


shadow = _stepping(
    "shadow",
    "Let what was approved be asked beside the others: of organisations' public fields, for nobody, only counted.",
)
live = _stepping("live", "Put what was approved before callers, in place of what was live.")
retire = _stepping("retire", "Take a platform away for good; only a new registration brings it back.")


def _pausing(verb: str, words: str) -> click.Command:
    @click.command(verb, help=words)
    @home_option
    @click.argument("platform")
    @click.argument("what", metavar="TYPE[.FIELD]")
    @key_option
    @note_option
    @wait_option
    def pausing(home: Path | None, platform: str, what: str, key: Path, note: str | None, wait: float) -> None:
        with at_the_desk(home) as counter:
            done = counter.desk.pause(verb, platform, what, read_key(key), note)
            click.echo(f"{verb}d: {platform} {what}, step {done.seq}")
            awaited(counter.settings, done.seq, wait, seen.STEP)

    return pausing


pause = _pausing("pause", "Ask a record type, or one of its fields, no more, at once; answers say so.")
resume = _pausing("resume", "Ask again what was paused. What an approver paused only an approver resumes.")


@click.command()
@home_option
@click.argument("platform", required=False)
@own_option
def history(home: Path | None, platform: str | None, key: Path | None) -> None:
    """Every step there was: number, time, what, by whom, why."""
    with at_the_desk(home) as counter:
        sight, course = Sight.of(counter.settings, key), counter.desk.course()
        if platform is not None:
            sight.require(platform, list(course.platforms))
        for done in course.steps:
            step = done.step
            if not sight.sees(step.platform) or platform not in (None, step.platform):
                continue
            what = f" {step.type}{f'.{step.field}' if step.field else ''}" if step.type else ""
            content = f" {step.version} ({short(step.content)})" if step.content else ""
            why = f": {step.note}" if step.note else ""
            click.echo(f"{done.seq}  {clock(done.at)}  {step.verb} {step.platform}{content}{what}  by {done.by}{why}")


def _examined(document: Document, counter: Counter) -> str:
    """How ready a declaration is by its samples. Raises Refused with what failed."""
    bench = Bench(document, terms_of(counter.catalogue, counter.kinds), None, [], False)
    found = asyncio.run(exam.examine(bench, exam.asked_groups(live=False, faults=False)))
    failed = [each for each in found.results if each.outcome.grade is Grade.FAIL]
    if failed:
        raise Refused("check", "\n".join(f"{each.title}: {lines(each.outcome)}" for each in failed))
    return found.readiness


def _named(done: Done) -> str:
    step = done.step
    return f"{step.platform} {step.version} ({short(step.content)})" if step.content else step.platform
