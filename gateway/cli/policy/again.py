"""`credit-gateway policy explain --decision`: a recorded decision, decided again by the set that it names.

Says who asked for what, which rule gave or held back each field, and whether it comes out today as it was recorded.
Never says whom it was about: the record holds pseudonyms, and not even those are printed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.auditing.recorded import Asked, Record, asked, find
from gateway.cli import policy_words as words
from gateway.deciding.pausing import PAUSED
from gateway.settings import load as load_settings
from policies.bundles import PolicySet
from policies.conditions import SHANGHAI
from policies.interpreter import decide
from policies.model import Field


def decision_asked(home: Path | None, decision: str) -> tuple[PolicySet, Record, list[Asked]]:
    """The record of a decision, what was asked in it, and the set that decided; ends with 1 when one is not here."""
    place = load_settings(home).home
    record = find(place, decision)
    if record is None:
        words.fail([f"{decision}: no such decision in the audit log of {place}"])
    found = list(asked(record))
    if not found:
        if errors := record["outcome"]["errors"]:
            words.fail([f"{decision}: was refused before anything was decided: {', '.join(errors)}"])
        unasked = "no platform holds what was asked for, or its subject is one of whom this caller may not know"
        words.fail([f"{decision}: was answered, and nobody was asked: {unasked}"])
    policies = words.set_of(home, record["policy"])
    if policies is None:
        said = f"policy set {record['policy'][7:19]}, which decided it, is neither in force here nor in {place}/bundles"
        words.fail([f"{decision}: {said}; bring its bundle back, or look where it was decided"])
    return policies, record, found


def show(policies: PolicySet, record: Record, found: list[Asked], language: str) -> None:
    """Print all of a decision; ends with 1 when it does not come out as it was recorded."""
    caller = record["caller"]
    at = datetime.fromisoformat(record["decidedAt"]).astimezone(SHANGHAI)
    subjects = Counter(str(subject["kind"]) for subject in record["subjects"])
    about = ", ".join(f"{count} {kind}" for kind, count in subjects.items()) or "no subject by its key"
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)  # a file or pipe is never folded
    who = f"{caller['id']} ({caller['region'] or 'no region'}/{caller['class']}+{','.join(caller['scopes'])})"
    for line in (
        f"decision {record['decision']}, {at:%Y-%m-%d %H:%M} Asia/Shanghai, policy set {record['policy'][7:19]}",
        f"asked by {who} for {caller['purpose'] or 'no purpose'}, about {about}",
    ):
        console.print(Text(line))
    others: list[str] = []
    for ask in found:
        facts = ask.facts
        also = [f"giving {', '.join(sorted(facts.given))}"] if facts.given else []
        also += ["with consent"] if facts.consent else []
        also += ["about itself"] if facts.own else []
        console.print(Text(f"{ask.platform}: {facts.type} of {facts.kind}{''.join(f', {one}' for one in also)}"))
        table = Table("effect", "field", "rule", "says", box=None, pad_edge=False, show_header=False)
        for field, (effect, rule) in _fields(policies, ask):
            decision = decide(policies, facts, field)
            table.add_row(effect, field.coordinate, rule, Text(str(getattr(decision.reason, language))))
            if not ask.ceiling and not rule.startswith(PAUSED) and (decision.effect, decision.rule) != (effect, rule):
                others.append(
                    f"{field.coordinate}: recorded {effect} by {rule}, is {decision.effect} by {decision.rule}"
                )
        console.print(table)
        if ask.rows:
            console.print(Text(f"rows by {', '.join(ask.rows)}"))
    for line in others or ["every answer is decided again as it was recorded"]:
        click.echo(line)
    if others:
        sys.exit(1)


def one_of(found: list[Asked], field: Field, decision: str) -> Asked:
    """Where a field was asked for in a decision; ends with 1 where it was not."""
    for ask in found:
        if ask.facts.type == field.type and field.name in ask.answers:
            return ask
    words.fail([f"{decision}: `{field.coordinate}` was not asked for"])


def _fields(policies: PolicySet, ask: Asked) -> Iterator[tuple[Field, tuple[str, str]]]:
    record = policies.catalogue.types[ask.facts.type]
    yield from ((record.fields[name], answer) for name, answer in ask.answers.items() if name in record.fields)
