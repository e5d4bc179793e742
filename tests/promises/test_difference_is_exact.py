"""The comparison of two versions tells every answer that changes, and no other: held against asking all questions.

Small worlds are edited at random; each question is decided under both versions by the compiled policies, each row
judged, and what differs must be what the comparison says.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest

from policies.compiler import compile_policies
from policies.conditions import DAYS, SHANGHAI
from policies.difference import ABSENT, Difference, FieldShift, RowsShift, Where, difference
from policies.interpreter import covers, decide, judge, row_rules
from policies.model import DENY, Facts, RecordType
from policies.moments import Moment
from policies.policyset import PolicySet
from policies.row_space import UNKNOWN, Passed
from policies.rows import minor, over_since
from tests.edges.drafts import NOON
from tests.edges.trial_edits import Edits, drawn, few_words

pytestmark = pytest.mark.reckoning

EDITS = 200
TYPES = few_words().types
BORN = {"child": NOON.date() - timedelta(days=15 * 365), "adult": NOON.date() - timedelta(days=40 * 365)}


def instants(*versions: PolicySet) -> list[datetime]:
    """Beside every instant and clock at which a rule may change, on both sides."""
    found = [NOON - timedelta(days=3), NOON + timedelta(days=2, hours=5)]
    for policies in versions:
        for policy in policies.policies:
            edges = [policy.since, policy.until] + [d for c in policy.conditions if c.during for d in c.during.days]
            found += [edge - timedelta(minutes=wait) for edge in edges if edge for wait in (0, 1)]
            for condition in policy.conditions:
                clocks = condition.during.hours if condition.during else None
                found += [datetime.combine(NOON.date(), clock, SHANGHAI) for clock in clocks or ()]
    return found


def within(moment: Moment, at: datetime) -> bool:
    local = at.astimezone(SHANGHAI)
    first, last = moment.hours or (local.time(), None)
    return (
        (moment.since is None or moment.since <= at)
        and (moment.until is None or at < moment.until)
        and moment.weekday in (None, DAYS[local.weekday()])
        and first <= local.time()
        and (last is None or local.time() < last)
    )


class Named(NamedTuple):
    """What some version names: codes of regions at files' heads, provinces, clients."""

    regions: frozenset[str]
    provinces: frozenset[str]
    ids: frozenset[str]


def named_in(*versions: PolicySet) -> Named:
    files = [policy for policies in versions for policy in policies.policies]
    whens = [rule.when for policy in files for rule in policy.rules] + [row.when for p in files for row in p.rows]
    excepts = [rule.excepts for policy in files for rule in policy.rules if not rule.grants]  # a grant has none
    excepts += [row.excepts for policy in files for row in policy.rows]
    conditions = [*whens, *(condition for some in excepts for condition in some)]
    regions = frozenset(policy.region for policy in files if policy.region)
    codes = {code for policy in files for code in (policy.provider, policy.consumer, policy.region) if code}
    codes |= {code for condition in conditions for code in condition.regions}
    ids = frozenset(client for condition in conditions for client in condition.ids)
    return Named(regions, frozenset(code[:2] for code in codes), ids)


@cache
def place(named: Named, region: str | None, province: str) -> Hashable:
    """All that rules can see of where a question comes from and goes to: named provinces, and which files cover it."""
    provinces = [code[:2] if code and code[:2] in named.provinces else bool(code) for code in (region, province)]
    inside = region is not None and region[:2] == province[:2]
    return (*provinces, inside, tuple(covers(code, province) for code in sorted(named.regions)))


def holds(where: Where, facts: Facts, named: Named) -> bool:
    for name, values in where.items():
        word, _, which = name.partition(" ")
        said: Any = {
            "client": facts.client_class,
            "purpose": facts.purpose,
            "id": facts.client_id if facts.client_id in named.ids else "",
            "self": facts.own,
            "consent": facts.consent,
            "scope": which in facts.scopes,
            "given": which in facts.given,
        }.get(word)
        if word == "time":
            fits = any(within(moment, facts.at) for moment in values if isinstance(moment, Moment))
        elif word == "place":
            mine = place(named, facts.region, facts.province)
            fits = any(place(named, *pair) == mine for pair in values if isinstance(pair, tuple))
        else:
            fits = said in values
        if not fits:
            return False
    return True


def answers(policies: PolicySet, facts: Facts, compiled: dict[datetime, Any]) -> dict[str, Any]:
    """Effect and obligations of each field of the asked type; a field that is not there has none."""
    found = compiled[facts.at].row(facts).decisions
    record = policies.catalogue.types[facts.type]
    return {record.fields[name].coordinate: (d.effect, d.obligations) for name, d in found.items()}


def told(shifts: list[FieldShift]) -> dict[str, Any]:
    """Old and new answer by coordinate; each is told once."""
    found: dict[str, Any] = {}
    for shift in shifts:
        for coordinate in shift.fields:
            assert coordinate not in found
            pair = ((answer.effect, answer.obligations) for answer in (shift.old, shift.new))
            found[coordinate] = tuple((DENY if effect == ABSENT else effect, words) for effect, words in pair)
    return found


def compared_fields(old: PolicySet, new: PolicySet, found: Difference, asking: Edits) -> int:
    every, named = asking.random.sample(instants(old, new), 2), named_in(old, new)
    compiled = [{at: compile_policies(policies, at) for at in every} for policies in (old, new)]
    silent: tuple[str, frozenset[str]] = (DENY, frozenset())
    changed = 0
    by_type = {name: [s for s in found.fields if any(c.partition(".")[0] == name for c in s.fields)] for name in TYPES}
    for facts in asking.questions(new, every):
        was, now = (answers(p, facts, c) for p, c in zip((old, new), compiled, strict=True))
        expected = {
            name: (was.get(name, silent), now.get(name, silent))
            for name in was | now
            if was.get(name, silent) != now.get(name, silent)
        }
        speaking = [
            shift for shift in by_type[facts.type] if facts.kind in shift.kinds and holds(shift.where, facts, named)
        ]
        mine = {name: pair for name, pair in told(speaking).items() if name.partition(".")[0] == facts.type}
        assert mine == expected, facts
        changed += len(expected)
    return changed


def holds_of_row(shift: RowsShift, record: RecordType, values: dict[str, Any], born: date | None) -> bool:
    today = NOON.date()
    for part, wanted in shift.rows.items():
        name = record.roles.status if part == "status" else getattr(record.roles, part)
        value = values.get(name)
        fits = False
        for want in wanted:
            if isinstance(want, Passed) and isinstance(value, date):
                reached = want.reached is None or over_since(value, want.reached.span, today)
                ahead = want.ahead is None or not over_since(value, want.ahead.span, today)
                young = want.minor is None or minor(True, name, values, born) is want.minor
                fits |= reached and ahead and young
            elif not isinstance(want, Passed):
                fits |= value is None if want == UNKNOWN else value == want
        if not fits:
            return False
    return True


def compared_rows(old: PolicySet, new: PolicySet, found: Difference, asking: Edits) -> int:
    changed, named = 0, named_in(old, new)
    codes = {"status": ["ACTIVE", "OBJECTED", "REPAIRED", "EXPIRED"], "severity": ["GENERAL", "SERIOUS"]}
    for number, facts in enumerate(asking.questions(new, [NOON - timedelta(hours=3), NOON])):
        records = [policies.catalogue.types[facts.type] for policies in (old, new)]
        if number % 23 or any(facts.kind not in record.kinds for record in records):
            continue
        rules = [row_rules(policies, facts) for policies in (old, new)]
        speaking = [
            shift
            for shift in found.rows
            if facts.type in shift.types and facts.kind in shift.kinds and holds(shift.where, facts, named)
        ]
        born = BORN[asking.random.choice(("child", "adult"))] if facts.kind == "NaturalPerson" else None
        for _ in range(6):
            values = asking.rows(records[1], codes)
            judged = [judge(rules_, r, values, born, facts.at) for rules_, r in zip(rules, records, strict=True)]
            was, now = (tuple(sorted(j.labels)) if j.shown else None for j in judged)
            fitting = [shift for shift in speaking if holds_of_row(shift, records[1], values, born)]
            assert [(shift.old, shift.new) for shift in fitting] == ([(was, now)] if was != now else []), (
                facts,
                values,
            )
            changed += was != now
    return changed


def test_two_hundred_edits_are_told_exactly() -> None:
    """Every field and row that an edit opens, closes or marks is told, with old and new, and nothing else is."""
    fields = rows = told_edits = 0
    for seed in range(EDITS):
        asking = drawn(seed)
        old = asking.draw()
        new = asking.edited(old)
        found = difference(old, new)
        told_edits += bool(found.fields or found.rows)
        fields += compared_fields(old, new, found, asking)
        rows += compared_rows(old, new, found, asking)
    assert told_edits > EDITS / 3
    assert fields > 5000
    assert rows > 300


def test_the_interpreter_decides_each_example() -> None:
    """The question that stands for a shift is decided by the interpreter as the shift says, under both versions."""
    seen = 0
    for seed in range(40):
        asking = drawn(1000 + seed)
        old = asking.draw()
        new = asking.edited(old)
        for shift in difference(old, new).fields:
            for policies, answer in ((old, shift.old), (new, shift.new)):
                record = policies.catalogue.types.get(shift.example.type)
                field = (
                    next((f for f in record.fields.values() if f.coordinate == shift.fields[0]), None)
                    if record
                    else None
                )
                if field is not None and answer.effect != ABSENT:
                    decision = decide(policies, shift.example, field)
                    assert (decision.effect, decision.obligations, decision.rule) == answer
                    seen += 1
    assert seen > 50


def test_a_version_equals_itself() -> None:
    """Nothing is told when nothing was changed, nor when only names and reasons were."""
    for seed in range(20):
        policies = drawn(seed).draw()
        found = difference(policies, policies)
        assert [*found.fields, *found.rows, *found.catalogue] == []
