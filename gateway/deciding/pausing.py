"""What a platform's own operator has paused: decided before any platform is asked, like every other denial.

A paused field is denied at that platform alone, with the platform's name in the rule, so that the answer says who holds
it back. Where a field is paused that decides about rows, nothing of the type can be shown: the whole type is paused.
"""

from __future__ import annotations

from connectors.contract import Platform
from policies.compiler import DecisionRow
from policies.model import DENY, Decision, RecordType, Words

PAUSED = "platform/"  # how the rule ids of such denials begin


def without_paused(platform: Platform, record: RecordType, row: DecisionRow) -> DecisionRow:
    """The decisions with those of paused fields denied; the same row where nothing is paused."""
    paused = platform.paused.get(record.name)
    if paused is None:
        return row
    closed = frozenset(record.fields) if whole(paused, record.control) else paused & record.fields.keys()
    zh, en = (platform.title.get(language, platform.id) for language in ("zh", "en"))
    denial = Decision(
        DENY, f"{PAUSED}{platform.id}/paused", Words(f"{zh}已暂停提供此项", f"paused by its platform, {en}")
    )
    return DecisionRow(
        {name: denial if name in closed else decision for name, decision in row.decisions.items()},
        bytes(0 if name in closed else effect for name, effect in zip(row.decisions, row.effects, strict=True)),
        row.answered - closed,
        row.silence,
    )


def whole(paused: frozenset[str], control: frozenset[str]) -> bool:
    """Whether these pauses of a record type close all of it: it is paused itself, or a field that judges its rows."""
    return not paused or bool(paused & control)


def paused(decision: Decision) -> bool:
    return decision.rule.startswith(PAUSED)
