"""An engine that knows nothing of this house decides the same: the set exported to Cedar, over many random points.

A point is one field asked in one question. Compared with Cedar are the interpreter and the compiled policies: the
effect, the rule that is named for it, and which row rules are in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import pytest

from policies.compiler import CompiledPolicies, compile_policies
from policies.interpreter import decide
from policies.model import ALLOW, NO_GRANT, Facts, Field
from policies.policyset import PolicySet
from tests.edges.drafts import NOON, shipped
from tests.edges.trial_sets import DAWN, TRIALS, Questions, Sets, instants, share, spans
from tests.promises.cedar import Referee, Ruled

pytestmark = pytest.mark.reckoning

POINTS = share(20_000)
FIELDS = 6  # asked in one question
SETS = share(110)


def points_of(policies: PolicySet, question: Facts, random: Random) -> list[tuple[Facts, Field]]:
    """Some fields of the asked type; for a type that is not there, of another one, which must be denied."""
    types = policies.catalogue.types
    record = types.get(question.type) or types["JudgmentDebtor"]
    known = [field for field in record.fields.values() if field.ladder]
    return [(question, field) for field in random.sample(known, min(FIELDS, len(known)))]


def lawful(policies: PolicySet) -> PolicySet:
    """Without limits to `allow`: the loader refuses them, since they close nothing."""
    kept = [
        replace(policy, rules=tuple(rule for rule in policy.rules if rule.grants or rule.step != ALLOW))
        for policy in policies.policies
    ]
    return PolicySet(policies.catalogue, tuple(kept))


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions to compiled policies, and the points that they make."""

    questions: Sequence[tuple[CompiledPolicies, Facts]]
    points: Sequence[tuple[Facts, Field]]


def asked(policies: PolicySet, compiled: Sequence[CompiledPolicies], random: Random, rounds: int) -> Asked:
    asking = Questions(policies, random)
    questions = [
        (found, asking.ask(at))
        for _ in range(rounds)
        for found in compiled
        for at in instants(random, found.at, found.until)
    ]
    return Asked(questions, [point for _, each in questions for point in points_of(policies, each, random)])


def compared(policies: PolicySet, about: Asked) -> list[Ruled]:
    """What all three say of each point, when they say the same."""
    referee = Referee(policies)
    found = referee.decide_all(about.points)
    compiled = {id(question): each for each, question in about.questions}
    for (question, field), ruled in zip(about.points, found, strict=True):
        plain, fast = decide(policies, question, field), compiled[id(question)].decide(question, field)
        assert plain.effect == fast.effect == ruled.effect, (question, field.coordinate)
        if field.ladder[0] == ALLOW:
            assert plain.rule == fast.rule == ruled.rule, (question, field.coordinate)
    in_force = referee.row_rules([question for _, question in about.questions])
    for (each, question), rules in zip(about.questions, in_force, strict=True):
        if question.purpose in {None, *policies.catalogue.purposes}:
            assert {rule.rule for rule in each.row_rules(question)} == rules, question
    return found


def test_cedar_agrees_on_the_shipped_policies() -> None:
    """Under the shipped policies, from before the first file was valid until after the last, Cedar says the same."""
    random, compiled = Random(37), list(spans(shipped(), DAWN, 10))
    in_use = compiled[2:4]  # from when all files are valid: most questions are asked there
    about = asked(shipped(), [*compiled, *in_use * 4], random, POINTS // (FIELDS * 3 * (len(compiled) + 8)) + 1)
    named = Counter(ruled.rule for ruled in compared(shipped(), about))
    assert named.total() > POINTS
    if TRIALS < 1:
        return  # too few to have met most rules
    assert named[NO_GRANT] < named.total() * 0.6
    rules = {rule.id for policy in shipped().policies for rule in policy.rules}
    assert len(rules & named.keys()) > len(rules) * 0.9


def test_cedar_agrees_on_random_sets() -> None:
    """Under random sets where rules, exceptions, agreements, hours and prohibitions overlap, Cedar says the same."""
    random, effects, named = Random(31), Counter[str](), Counter[str]()
    for _ in range(SETS):
        policies = lawful(Sets(random).draw())
        compiled = list(spans(policies, NOON + timedelta(minutes=random.randrange(-3000, 3000)), 4))
        found = compared(policies, asked(policies, compiled, random, 3))
        effects += Counter(ruled.effect for ruled in found)
        named += Counter(ruled.rule for ruled in found)
    assert effects.total() > POINTS
    assert effects["deny"] < effects.total() * 0.8
    assert len(effects) > 8 or TRIALS < 1
    assert len(named) > SETS * 2


def test_cedar_misses_a_rule_that_is_dropped() -> None:
    """The comparison sees a single rule: where one is named, the export of the set without it says something else."""
    random, now = Random(41), compile_policies(shipped(), NOON)
    named: dict[str, tuple[Facts, Field]] = {}
    for question, field in asked(shipped(), [now], random, share(300)).points:
        named.setdefault(decide(shipped(), question, field).rule, (question, field))
    del named[NO_GRANT]
    assert len(named) > 10 or TRIALS < 1
    whole = Referee(shipped())
    for dropped, point in list(named.items())[:: max(1, len(named) // 5)]:
        kept = [
            replace(policy, rules=tuple(rule for rule in policy.rules if rule.id != dropped))
            for policy in shipped().policies
        ]
        assert whole.decide(*point).rule == dropped
        assert Referee(PolicySet(shipped().catalogue, tuple(kept))).decide(*point).rule != dropped
