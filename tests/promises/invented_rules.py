"""Rules and questions as hypothesis draws them: random rules beside the shipped ones, and who might ask what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st

from policies.conditions import Condition, During
from policies.model import DENY, Facts, FieldClass, Words
from policies.policyset import PolicySet, Rule
from tests.edges.drafts import NOON, catalogue, shipped

C = catalogue()
BASE = shipped().policies[0]
WHY = Words("试", "A trial")
STEPS = sorted({step for ladder in C.ladders.values() for step in ladder})
TAGS = sorted({tag for record in C.types.values() for field in record.fields.values() for tag in field.tags})
laws = settings(max_examples=60)


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
