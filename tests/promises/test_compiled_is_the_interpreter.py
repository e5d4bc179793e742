"""The compiled policies answer as the interpreter does, in every part, over many random points; each proves the other.

A point is one field asked in one question. Compared are effect, rule, reason, obligations and contact of each field of
the row, and the row rules.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from policies.compiler import CompiledPolicies
from policies.interpreter import Ruling, decide, row_rules, rule_on, valid_until
from policies.model import NO_GRANT, Facts
from policies.policyset import PolicySet
from tests.edges.drafts import NOON, shipped
from tests.edges.trial_sets import DAWN, TRIALS, Questions, Sets, instants, share, spans

pytestmark = pytest.mark.reckoning

POINTS = share(100_000)
SETS = share(300)


def compared(policies: PolicySet, compiled: CompiledPolicies, facts: Facts) -> list[Ruling]:
    """What the interpreter rules on each field of the asked type, when every part of every answer is the same."""
    row = compiled.row(facts)
    record = policies.catalogue.types.get(facts.type)
    fields = record.fields.values() if record else ()
    rulings = [rule_on(policies, facts, field) for field in fields]
    assert list(row.decisions) == [field.name for field in fields]
    for code, field, ruling in zip(row.effects, fields, rulings, strict=True):
        assert row.decision(field.name) == row.decisions[field.name] == ruling.decision, (facts, field.name)
        assert compiled.effects[code] == ruling.decision.effect
        assert (field.name in row.answered) is ruling.decision.answered
    assert compiled.row_rules(facts) == row_rules(policies, facts), facts
    assert compiled.row(facts) is row
    other = next(iter(policies.catalogue.types["JudgmentDebtor"].fields.values()))
    assert compiled.decide(facts, other) == decide(policies, facts, other)
    return rulings


def taking_part(rulings: list[Ruling]) -> Counter[str]:
    return Counter(rule.id for ruling in rulings for rule in (*ruling.grants, *ruling.limits))


def test_a_hundred_thousand_points_of_the_shipped_policies() -> None:
    """Under the shipped policies, from before the first file was valid until after the last, nothing is different."""
    random, points, silent, seen = Random(37), 0, 0, Counter[str]()
    asking = Questions(shipped(), random)
    compiled = list(spans(shipped(), DAWN, 10))
    assert [found.at.date().isoformat() for found in compiled[1:]] == [
        "2025-06-01", "2026-01-01", "2026-10-01", "2028-10-01",
    ]  # fmt: skip
    while points < POINTS:
        for found in [*compiled, compiled[-2], compiled[-2]]:
            for at in instants(random, found.at, found.until):
                facts = asking.ask(at)
                rulings = compared(shipped(), found, facts)
                points += len(rulings)
                silent += sum(ruling.decision.rule == NO_GRANT for ruling in rulings)
                seen += taking_part(rulings) + Counter(rule.rule for rule in found.row_rules(facts))
    if TRIALS < 1:
        return  # too few to have met every rule
    rules = {rule.id for policy in shipped().policies for rule in policy.rules}
    rules |= {row.rule.rule for policy in shipped().policies for row in policy.rows}
    assert {rule for rule in rules if seen[rule] < 10} == set()
    assert silent < points / 2


def test_random_sets_of_rules() -> None:
    """Under random sets where rules, exceptions, agreements, hours and prohibitions overlap, nothing is different."""
    random, points, answered, seen = Random(31), 0, 0, Counter[str]()
    for _ in range(SETS):
        policies = Sets(random).draw()
        asking = Questions(policies, random)
        for compiled in spans(policies, NOON + timedelta(minutes=random.randrange(-3000, 3000)), 4):
            assert compiled.until == valid_until(policies, compiled.at)
            for at in instants(random, compiled.at, compiled.until) * 3:
                rulings = compared(policies, compiled, asking.ask(at))
                points += len(rulings)
                answered += sum(ruling.decision.answered for ruling in rulings)
                seen += taking_part(rulings)
    if TRIALS < 1:
        return  # too few to have met many rules
    assert points > POINTS / 2
    assert answered > points / 5
    assert len(seen) > SETS * 3
