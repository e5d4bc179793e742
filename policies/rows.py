"""Row rules held against one row: shown, hidden or marked. Three-valued: what is not known hides.

Ages are calendar ages in Asia/Shanghai, reckoned so that doubt falls on the stricter side. Where provider and
requester count differently each writes a rule of its own, and since every rule that matches closes, the stricter
prevails. Nothing here chooses the rules (see `interpreter.row_rules`) or changes a value.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from policies.calendar_days import Span, last_working_day
from policies.conditions import SHANGHAI
from policies.model import UNKNOWN_CONTROL, Judgement, RecordType, RowRule

FULL_AGE = 18  # 民法典 第十七条
Known = bool | None


def judge(
    rules: Sequence[RowRule], record_type: RecordType, values: Mapping[str, Any], birth: date | None, at: datetime
) -> Judgement:
    """What `rules` make of one row of `record_type`.

    `values` holds at least the type's control fields; None is unknown, `date.max` known and open-ended.
    `birth` is the subject's when it is a person. A hide rule whose condition hangs on an unknown value
    hides the row by UNKNOWN_CONTROL; a condition on something that the type has not got never matches.
    """
    today = at.astimezone(SHANGHAI).date()
    labels: list[str] = []
    marked: str | None = None
    hidden: str | None = None
    for rule in rules:
        answer = _every(_conditions(rule, record_type, values, birth, today))
        if rule.effect == "hide":
            if answer is True:
                return Judgement(False, rule.rule)
            if answer is None:
                hidden = UNKNOWN_CONTROL
        elif answer is True and rule.label is not None:
            labels.append(rule.label)
            marked = marked or rule.rule
    if hidden is not None:
        return Judgement(False, hidden)
    return Judgement(True, marked, tuple(dict.fromkeys(labels)))


def can_match(rule: RowRule, record: RecordType, natural: bool) -> bool:
    """Whether any row of this type and kind of subject could meet the rule; what cannot is not worth telling."""
    roles = record.roles
    return not (
        (rule.negative is not None and rule.negative != record.negative)
        or (rule.minor is not None and not (natural and roles.event))
        or (rule.severity and roles.severity is None)
        or (rule.procedure and roles.procedure is None)
        or (rule.only_kinds and roles.kinds is None)
        or (rule.publicity_over is not None and roles.publicity_end is None)
        or (rule.older_than is not None and getattr(roles, rule.since) is None)
        or (rule.overdue_after is not None and roles.objected is None)
    )


def without(record: RecordType, names: Collection[str]) -> RecordType:
    """The type as a platform has it that has declared these control fields not applicable."""
    roles = record.roles.without(names)
    return record if roles is record.roles else replace(record, roles=roles)


def of_status_alone(rule: RowRule) -> bool:
    """Whether a rule hides or marks by a row's state and nothing else."""
    bare = RowRule(rule.rule, rule.reason, rule.effect, rule.label, rule.status)
    return bool(rule.status) and rule == bare


def _conditions(
    rule: RowRule, record: RecordType, values: Mapping[str, Any], birth: date | None, today: date
) -> list[Known]:
    roles = record.roles
    found: list[Known] = []
    if rule.negative is not None:
        found.append(record.negative == rule.negative)
    for codes, role in (
        (rule.status, roles.status),
        (rule.severity, roles.severity),
        (rule.procedure, roles.procedure),
    ):
        if codes:
            found.append(among(codes, values.get(role)) if role else False)
    if rule.only_kinds:
        found.append(only(rule.only_kinds, values.get(roles.kinds)) if roles.kinds else False)
    if rule.publicity_over is not None:
        over = None if (end := day_of(values, roles.publicity_end)) is None else end <= today
        found.append(_is(over, rule.publicity_over) if roles.publicity_end else False)
    if rule.older_than is not None:
        start: str | None = getattr(roles, rule.since)
        anchor = day_of(values, start)
        old = None if anchor is None else over_since(anchor, rule.older_than, today)
        found.append(old if start else False)
    if rule.overdue_after is not None:
        raised = day_of(values, roles.objected)
        late = None if raised is None else overdue(raised, rule.overdue_after, today)
        found.append(late if roles.objected else False)
    if rule.minor is not None:
        found.append(minor(rule.minor, roles.event, values, birth))
    return found


def over_since(anchor: date, span: Span, today: date) -> bool:
    """Whether so much time has passed since a day."""
    return span.after(anchor) <= today


def overdue(raised: date, working_days: int, today: date) -> bool:
    """Whether the time limit of an objection has passed: its last working day lies before today."""
    return last_working_day(raised, working_days) < today


def minor(wanted: bool, role: str | None, values: Mapping[str, Any], birth: date | None) -> Known:
    """Whether a person was under age at the event of a row; not of an organisation, nor where a type has no event."""
    if role is None or birth is None:  # the type has no event, or the subject is an organisation
        return False
    event = day_of(values, role)
    return None if event is None else _is(event < anniversary(birth, FULL_AGE, late=True), wanted)


def anniversary(day: date, years: int, late: bool = False) -> date:
    """The same day some years on. From 29 February: the 28th, or 1 March when `late`; `date.max` stays."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28) + timedelta(days=1 if late else 0)


def day_of(values: Mapping[str, Any], name: str | None) -> date | None:
    """The day in a field; anything that is no date counts as unknown."""
    value = values.get(name) if name else None
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).date() if value.tzinfo else value.date()
    return value if isinstance(value, date) else None


def among(codes: frozenset[str], value: Any) -> Known:
    """Whether a code is one of these."""
    return value in codes if isinstance(value, str) else None


def only(codes: frozenset[str], value: Any) -> Known:
    """Whether a list of codes holds these and no other; an empty list tells nothing."""
    if not isinstance(value, tuple | list) or not value or not all(isinstance(code, str) for code in value):
        return None
    return codes.issuperset(value)


def _is(value: Known, wanted: bool) -> Known:
    return None if value is None else value is wanted


def _every(answers: Sequence[Known]) -> Known:
    """Kleene's and: one false is false, else one unknown is unknown. No condition at all is unknown."""
    if False in answers:
        return False
    return None if None in answers or not answers else True
