"""Row rules prepared for one record type: what `rows.judge` finds, without asking again what the type has.

A condition that no row of the type can meet is left out beforehand, with its rule; what remains is a short list of
questions to a row. The two are held against each other on random rules and rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from policies.calendar_days import Span
from policies.model import UNKNOWN_CONTROL, Judgement, RecordType, RowRule
from policies.rows import Known, among, day_of, minor, only, over_since, overdue

Asks = Callable[[Mapping[str, Any], date | None, date], Known]
SHOWN = Judgement(True)


class Judge:
    """What the rules make of a row of `record`. Equal to `rows.judge` for the same rules, type and day."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Sequence[RowRule], record: RecordType) -> None:
        self._rules: list[tuple[RowRule, list[Asks]]] = []
        for rule in rules:
            asks = questions(rule, record)
            if None not in asks:
                self._rules.append((rule, [ask for _, ask in filter(None, asks)]))

    def of(self, values: Mapping[str, Any], birth: date | None, today: date) -> Judgement:
        """`values` holds the type's control fields, `birth` is a person's, `today` the day in Asia/Shanghai."""
        hidden = False
        marks: list[RowRule] = []
        for rule, asks in self._rules:
            answer: Known = True if asks else None  # no condition at all is unknown
            for ask in asks:
                found = ask(values, birth, today)
                if found is False:
                    answer = False
                    break
                if found is None:
                    answer = None
            if rule.effect == "hide":
                if answer is True:
                    return Judgement(False, rule.rule)
                hidden = hidden or answer is None
            elif answer is True and rule.label is not None:
                marks.append(rule)
        if hidden:
            return Judgement(False, UNKNOWN_CONTROL)
        if not marks:
            return SHOWN
        labels = dict.fromkeys(rule.label for rule in marks if rule.label is not None)
        return Judgement(True, marks[0].rule, tuple(labels))


def questions(rule: RowRule, record: RecordType) -> list[tuple[str, Asks] | None]:
    """The conditions of a rule, each with the field of a row that decides it (none: no field does); None for one that
    no row of this type meets."""
    roles = record.roles
    found: list[tuple[str, Asks] | None] = []
    if rule.negative is not None and record.negative != rule.negative:
        found.append(None)
    elif rule.negative is not None:
        found.append(("", _always))
    if rule.status:
        found.append((roles.status, _among(roles.status, rule.status)))
    if rule.severity:
        found.append((roles.severity, _among(roles.severity, rule.severity)) if roles.severity else None)
    if rule.procedure:
        found.append((roles.procedure, _among(roles.procedure, rule.procedure)) if roles.procedure else None)
    if rule.only_kinds:
        found.append((roles.kinds, _only(roles.kinds, rule.only_kinds)) if roles.kinds else None)
    if rule.publicity_over is not None:
        end = roles.publicity_end
        found.append((end, _over(end, rule.publicity_over)) if end else None)
    if rule.older_than is not None:
        since = getattr(roles, rule.since)
        found.append((since, _older(since, rule.older_than)) if since else None)
    if rule.overdue_after is not None:
        found.append((roles.objected, _overdue(roles.objected, rule.overdue_after)) if roles.objected else None)
    if rule.minor is not None:
        found.append((roles.event, _minor(roles.event, rule.minor)) if roles.event else None)
    return found


def _always(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
    return True


def _among(name: str, codes: frozenset[str]) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        return among(codes, values.get(name))

    return ask


def _only(name: str, codes: frozenset[str]) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        return only(codes, values.get(name))

    return ask


def _over(name: str, wanted: bool) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        end = day_of(values, name)
        return None if end is None else (end <= today) is wanted

    return ask


def _older(name: str, span: Span) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        anchor = day_of(values, name)
        return None if anchor is None else over_since(anchor, span, today)

    return ask


def _overdue(name: str, working_days: int) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        raised = day_of(values, name)
        return None if raised is None else overdue(raised, working_days, today)

    return ask


def _minor(event: str, wanted: bool) -> Asks:
    def ask(values: Mapping[str, Any], birth: date | None, today: date) -> Known:
        return minor(wanted, event, values, birth)

    return ask
