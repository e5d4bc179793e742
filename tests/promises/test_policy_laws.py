"""The laws of the policy language, over random sets and random questions: what can be stated to a lawyer.

Random rules are made beside the shipped ones, so that the laws are of the language and not of one set. They are laws
of the interpreter and of the compiled policies: each question is decided by both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.documents import Document, DocumentError
from policies.bundles import MANIFEST, assemble, manifest_text
from policies.compiler import compile_policies
from policies.conditions import Condition, During
from policies.findings import Refused
from policies.interpreter import decide, row_rules
from policies.model import DENY, NO_GRANT, Decision, Facts, Field, FieldClass, Words
from policies.policyset import Policy, PolicySet, Rule
from tests.edges.drafts import NOON, catalogue, documents, shipped, texts

C = catalogue()
BASE = shipped().policies[0]
WHY = Words("试", "A trial")
STEPS = sorted({step for ladder in C.ladders.values() for step in ladder})
TAGS = sorted({tag for record in C.types.values() for field in record.fields.values() for tag in field.tags})
laws = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def some(words: Iterable[str], most: int = 3) -> st.SearchStrategy[frozenset[str]]:
    """Often nothing, which is a word that was not written."""
    return st.just(frozenset[str]()) | st.frozensets(st.sampled_from(sorted(words)), max_size=most)


def conditions(limiting: bool = False) -> st.SearchStrategy[Condition]:
    """`agreement` stands in grants and exceptions only: the loader refuses it as what a limit waits for."""
    return st.builds(
        Condition,
        clients=some(C.client_classes),
        regions=some(["inside", "outside", "31", "37"]),
        scopes=some(C.scopes, 1),
        purposes=some([*C.purposes, "gov.*"]),
        consent=st.sampled_from([False, False, True]),
        agreement=st.just(False) if limiting else st.sampled_from([False, False, True]),
        own=st.sampled_from([False, False, True]),
        given=some(["uscc", "citizenId", "name"], 1),
        subjects=some(C.kinds),
        types=some(C.types),
        classes=st.just(frozenset[FieldClass]()) | st.frozensets(st.sampled_from(list(FieldClass)[:4]), max_size=2),
        tags=some(TAGS, 1),
        kinds=some(C.ladders, 2),
        during=st.none() | st.builds(During, weekdays=some(["mon", "tue", "sun"])),
    )


def rules(grants: bool) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        id=st.integers(0, 10**9).map(lambda number: f"trial/{number}"),
        why=st.just(WHY),
        law=st.just(()),
        grants=st.just(grants),
        step=st.sampled_from(STEPS if grants else [*STEPS[1:], DENY, DENY]),
        when=conditions(limiting=not grants),
        excepts=st.just(()) if grants else st.lists(conditions(), max_size=2).map(tuple),
        obligations=some(C.obligations, 1),
        where=st.just("trial.yaml:1"),
    )


@st.composite
def sets(draw: st.DrawFn) -> PolicySet:
    """The shipped policies and one more, of random rules."""
    more = [*draw(st.lists(rules(True), max_size=6)), *draw(st.lists(rules(False), max_size=6))]
    trial = replace(BASE, id="trial", rules=tuple(more), rows=())
    return PolicySet(C, (*shipped().policies, trial))


def questions() -> st.SearchStrategy[Facts]:
    return st.builds(
        Facts,
        client_class=st.sampled_from(sorted(C.client_classes)),
        client_id=st.just("somebody"),
        region=st.sampled_from([None, "37", "310000", "330000"]),
        scopes=st.frozensets(st.sampled_from(sorted(C.scopes))),
        purpose=st.none() | st.sampled_from(sorted(C.purposes)),
        consent=st.booleans(),
        own=st.booleans(),
        given=st.sampled_from([frozenset({"uscc"}), frozenset({"citizenId"}), frozenset({"citizenId", "name"})]),
        kind=st.sampled_from(sorted(C.kinds)),
        type=st.sampled_from(sorted(C.types)),
        province=st.sampled_from(["37", "37", "31"]),
        at=st.integers(-100, 900).map(lambda days: NOON + timedelta(days=days)),
    )


def decided(policies: PolicySet, facts: Facts) -> dict[Field, Decision]:
    """What the interpreter and the compiled policies decide, alike, on each field of the asked type."""
    found = {field: decide(policies, facts, field) for field in C.types[facts.type].fields.values()}
    row = compile_policies(policies, facts.at).row(facts)
    assert row.decisions == {field.name: decision for field, decision in found.items()}
    return found


def openness(policies: PolicySet, facts: Facts) -> dict[str, int]:
    """How far each field of the asked type is open: 0 is deny, more is more generous."""
    effects = {field: decision.effect for field, decision in decided(policies, facts).items()}
    return {
        field.name: 0 if effect == DENY else len(field.ladder) - field.ladder.index(effect)
        for field, effect in effects.items()
    }


def without(policies: PolicySet, dropped: Rule) -> PolicySet:
    kept = [replace(p, rules=tuple(rule for rule in p.rules if rule is not dropped)) for p in policies.policies]
    return PolicySet(C, tuple(kept))


def every(policies: PolicySet, grants: bool) -> list[Rule]:
    return [rule for policy in policies.policies for rule in policy.rules if rule.grants is grants]


@laws
@given(sets(), questions(), st.data())
def test_dropping_a_grant_opens_nothing(policies: PolicySet, facts: Facts, data: st.DataObject) -> None:
    """Taking any grant out of any set leaves every field as it was or closes it; adding one never closes."""
    less = without(policies, data.draw(st.sampled_from(every(policies, True))))
    before, after = openness(policies, facts), openness(less, facts)
    assert all(after[name] <= before[name] for name in before)


@laws
@given(sets(), questions(), st.data())
def test_dropping_a_limit_closes_nothing(policies: PolicySet, facts: Facts, data: st.DataObject) -> None:
    """Taking any limit out of any set leaves every field as it was or opens it; adding one never opens."""
    less = without(policies, data.draw(st.sampled_from(every(policies, False))))
    before, after = openness(policies, facts), openness(less, facts)
    assert all(after[name] >= before[name] for name in before)


@laws
@given(sets(), questions(), st.randoms(use_true_random=False))
def test_order_means_nothing(policies: PolicySet, facts: Facts, random: Random) -> None:
    """Shuffling files and rules changes neither an effect nor the rule that is named, nor the row rules."""
    turned: list[Policy] = []
    for policy in policies.policies:
        mixed, rows = list(policy.rules), list(policy.rows)
        random.shuffle(mixed)
        random.shuffle(rows)
        turned.append(replace(policy, rules=tuple(mixed), rows=tuple(rows)))
    random.shuffle(turned)
    shuffled = PolicySet(C, tuple(turned))
    assert decided(shuffled, facts) == decided(policies, facts)
    in_force = row_rules(policies, facts)
    assert in_force == row_rules(shuffled, facts) == compile_policies(shuffled, facts.at).row_rules(facts)


@laws
@given(sets(), questions())
def test_silence_is_deny(policies: PolicySet, facts: Facts) -> None:
    """A set without grants opens nothing to anybody, whatever limits it has."""
    silent = PolicySet(C, tuple(replace(p, rules=tuple(r for r in p.rules if not r.grants)) for p in policies.policies))
    assert set(openness(silent, facts).values()) == {0}
    nothing = decided(PolicySet(C, ()), facts)
    assert {decision.rule for decision in nothing.values()} == {NO_GRANT}


@laws
@given(sets(), questions())
def test_every_answer_names_its_rule(policies: PolicySet, facts: Facts) -> None:
    """What is not denied names a rule of the set, and is on the field's own ladder."""
    ids = {rule.id for policy in policies.policies for rule in policy.rules}
    for field, decision in decided(policies, facts).items():
        assert decision.effect in (*field.ladder, DENY)
        assert decision.rule in ids | {NO_GRANT}
        assert decision.answered or not decision.obligations


@laws
@given(questions())
def test_a_subject_that_asks_about_another_is_as_the_public(facts: Facts) -> None:
    """Under the shipped policies no token of a subject sees more of somebody else than the public does."""
    other = replace(facts, client_class="subject", own=False)
    public = replace(facts, client_class="public", scopes=frozenset(), purpose=None, consent=False, region=None)
    seen, least = openness(shipped(), other), openness(shipped(), public)
    assert all(seen[name] <= least[name] for name in seen)


@laws
@given(questions())
def test_only_published_facts_cross_a_province_without_an_agreement(facts: Facts) -> None:
    """Under the shipped policies a caller of a third province sees PUBLIC fields only, unless it asks about itself."""
    natural = C.kinds[facts.kind].natural
    stranger = replace(facts, region="330000", province="37", own=False)
    for field, decision in decided(shipped(), stranger).items():
        if field.class_for(natural) is not FieldClass.PUBLIC:
            assert decision.effect == DENY


@laws
@given(questions())
def test_the_public_learns_nothing_of_a_person(facts: Facts) -> None:
    """Under the shipped policies the public sees of a person no more than a judgment debtor whose name it gave."""
    asked = replace(facts, client_class="public", kind="NaturalPerson")
    effects = set(openness(shipped(), asked).values())
    named = asked.type == "JudgmentDebtor" and {"citizenId", "name"} <= asked.given
    assert named or effects == {0}


@pytest.mark.parametrize("path", sorted(path for path in texts() if path.startswith("rules/")))
def test_a_file_cut_at_any_line_is_refused(path: str) -> None:
    """A file cut short at a line's end may be valid YAML without its limits; the manifest keeps it from loading."""
    sealed = documents(texts())
    lines = texts()[path].splitlines(keepends=True)
    valid = 0
    for length in range(len(lines)):
        try:
            cut = Document(path, "".join(lines[:length]).encode())
        except DocumentError:
            continue  # refused as no YAML already
        valid += 1
        with pytest.raises(Refused, match="not the file that was sealed"):
            assemble({**sealed, path: cut})
    assert valid > len(lines) / 3


def test_a_manifest_cut_at_any_line_is_refused() -> None:
    """So is the manifest itself: what it no longer names is a file too many."""
    sealed = documents(texts())
    lines = manifest_text(sealed).splitlines(keepends=True)
    for length in range(len(lines)):
        with pytest.raises((Refused, DocumentError)):
            assemble({**sealed, MANIFEST: Document(MANIFEST, "".join(lines[:length]).encode())})
