"""The laws of the policy language, over random sets and random questions: what can be stated to a lawyer.

They are tried on compiled policies, which answer as the interpreter does (`test_compiled_is_the_interpreter`) and as an
engine that knows nothing of this house (`test_cedar_agrees`). A point is one field asked in one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random

from policies.compiler import CompiledPolicies, DecisionRow, compile_policies
from policies.model import DENY, NO_GRANT, Catalogue, Facts, FieldClass
from policies.policyset import Policy, PolicySet, Rule
from tests.edges.drafts import NOON, QUESTION, catalogue, shipped
from tests.edges.trial_sets import DAWN, TRIALS, Questions, Sets, share, spans

POINTS = share(20_000)
ASKED = 24  # questions to one set
LACKING = 4  # rules that are taken out of one set


def openness(c: Catalogue, asked: Facts, row: DecisionRow) -> dict[str, int]:
    """How far each field of the asked type is open: 0 is deny, more is more generous."""
    record = c.types.get(asked.type)
    found = {}
    for field in record.fields.values() if record else ():
        effect = row.decision(field.name).effect
        found[field.name] = 0 if effect == DENY else len(field.ladder) - field.ladder.index(effect)
    return found


def every(policies: PolicySet, grants: bool) -> list[Rule]:
    return [rule for policy in policies.policies for rule in policy.rules if rule.grants is grants]


def without(policies: PolicySet, dropped: Rule) -> PolicySet:
    kept = [replace(p, rules=tuple(rule for rule in p.rules if rule is not dropped)) for p in policies.policies]
    return PolicySet(policies.catalogue, tuple(kept))


def shuffled(policies: PolicySet, random: Random) -> PolicySet:
    turned: list[Policy] = []
    for policy in policies.policies:
        mixed, rows = list(policy.rules), list(policy.rows)
        random.shuffle(mixed)
        random.shuffle(rows)
        turned.append(replace(policy, rules=tuple(mixed), rows=tuple(rows)))
    random.shuffle(turned)
    return PolicySet(policies.catalogue, tuple(turned))


@dataclass(frozen=True, slots=True)
class Trial:
    """A set at an instant, and questions to it."""

    policies: PolicySet
    compiled: CompiledPolicies
    questions: Sequence[Facts]

    def decided(self) -> Iterator[tuple[Facts, DecisionRow]]:
        return ((asked, self.compiled.row(asked)) for asked in self.questions)


def trials(random: Random) -> Iterator[Trial]:
    """Random sets, and the shipped one among them. There is no end to them."""
    for number in count():
        policies = shipped() if number == 9 else Sets(random).draw()
        asking = Questions(policies, random)
        yield Trial(policies, compile_policies(policies, NOON), [asking.ask(NOON) for _ in range(ASKED)])


def dropped(random: Random, grants: bool) -> Iterator[tuple[int, int]]:
    """How open each field is with all rules, and with one grant or limit less, over random sets."""
    for trial in trials(random):
        rules = every(trial.policies, grants)
        for rule in random.sample(rules, min(LACKING, len(rules))):
            less = compile_policies(without(trial.policies, rule), NOON)
            for asked, row in trial.decided():
                before = openness(trial.policies.catalogue, asked, row)
                after = openness(trial.policies.catalogue, asked, less.row(asked))
                yield from ((open_, after[name]) for name, open_ in before.items())


def test_dropping_a_grant_opens_nothing() -> None:
    """Taking any grant out of any set leaves every field as it was or closes it; adding one never closes."""
    points = list(islice(dropped(Random(1), grants=True), 2 * POINTS))
    assert all(after <= before for before, after in points)
    assert sum(after < before for before, after in points) > POINTS / 200 or TRIALS < 1


def test_dropping_a_limit_closes_nothing() -> None:
    """Taking any limit out of any set leaves every field as it was or opens it; adding one never opens."""
    points = list(islice(dropped(Random(2), grants=False), 4 * POINTS))
    assert all(after >= before for before, after in points)
    assert sum(after > before for before, after in points) > POINTS / 200 or TRIALS < 1


def test_order_means_nothing() -> None:
    """Shuffling files and rules changes neither an effect nor the rule that is named, nor the row rules."""
    random, points, answered = Random(3), 0, 0
    for trial in trials(random):
        turned = compile_policies(shuffled(trial.policies, random), NOON)
        for asked, row in trial.decided():
            assert turned.row(asked).decisions == row.decisions
            assert turned.row_rules(asked) == trial.compiled.row_rules(asked)
            points += len(row.decisions)
            answered += len(row.answered)
        if points > POINTS:
            break
    assert answered > points / 10 or TRIALS < 1


def test_silence_is_deny() -> None:
    """A set without grants opens nothing to anybody, whatever limits it has."""
    points = 0
    for trial in trials(Random(4)):
        kept = [replace(p, rules=tuple(rule for rule in p.rules if not rule.grants)) for p in trial.policies.policies]
        silent = compile_policies(PolicySet(trial.policies.catalogue, tuple(kept)), NOON)
        for asked in trial.questions:
            points += len(silent.row(asked).decisions)
            assert silent.row(asked).answered == frozenset()
        if points > POINTS:
            break
    nothing = compile_policies(PolicySet(catalogue(), ()), NOON)
    assert {decision.rule for decision in nothing.row(QUESTION).decisions.values()} == {NO_GRANT}


def test_every_answer_names_its_rule() -> None:
    """What is not denied names a rule of the set, and is on the field's own ladder; denials oblige to nothing."""
    points = 0
    for trial in trials(Random(5)):
        types = trial.policies.catalogue.types
        ids = {rule.id for policy in trial.policies.policies for rule in policy.rules}
        for asked, row in trial.decided():
            for name, decision in row.decisions.items():
                points += 1
                assert decision.effect in (*types[asked.type].fields[name].ladder, DENY)
                assert decision.rule in ids | {NO_GRANT}
                assert decision.answered or not decision.obligations
        if points > POINTS:
            return


def asked_of_the_shipped(random: Random) -> Iterator[tuple[CompiledPolicies, Facts]]:
    """Questions about what exists, to the shipped set in each of its spans."""
    asking, compiled = Questions(shipped(), random), list(spans(shipped(), DAWN, 12))
    for _ in range(share(1200)):
        found = random.choice(compiled)
        asked = asking.ask(found.at)
        if asked.type in catalogue().types and asked.kind in catalogue().kinds:
            yield found, asked


def test_a_subject_that_asks_about_another_is_as_the_public() -> None:
    """Under the shipped policies no token of a subject sees more of somebody else than the public does."""
    for compiled, asked in asked_of_the_shipped(Random(6)):
        other = replace(asked, client_class="subject", own=False)
        public = replace(asked, client_class="public", scopes=frozenset(), purpose=None, consent=False, region=None)
        seen, least = (openness(catalogue(), each, compiled.row(each)) for each in (other, public))
        assert all(seen[name] <= least[name] for name in seen)


def test_only_published_facts_cross_a_province_without_an_agreement() -> None:
    """Under the shipped policies a caller of a province without an agreement sees PUBLIC fields only, unless it asks
    about itself."""
    partners = {policy.consumer for policy in shipped().policies if policy.kind == "agreement"}
    (stranger,) = {"54"} - partners
    opened = 0
    for compiled, asked in asked_of_the_shipped(Random(7)):
        far = replace(asked, region=f"{stranger}0000", province="37", own=False)
        natural = catalogue().kinds[far.kind].natural
        for name in compiled.row(far).answered:
            opened += 1
            assert catalogue().types[far.type].fields[name].class_for(natural) is FieldClass.PUBLIC
    assert opened


def test_the_public_learns_nothing_of_a_person() -> None:
    """Under the shipped policies the public sees of a person no more than a judgment debtor whose name it gave."""
    for compiled, asked in asked_of_the_shipped(Random(8)):
        public = replace(asked, client_class="public", kind="NaturalPerson")
        named = public.type == "JudgmentDebtor" and {"citizenId", "name"} <= public.given
        assert named or not compiled.row(public).answered
