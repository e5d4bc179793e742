"""`policy check` finds rules that do nothing, and one datum in two reductions, over every question there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.analysis import check
from policies.bundles import assemble
from policies.difference import difference
from policies.idle import Idle, idle
from policies.interpreter import rule_on
from policies.policyset import PolicySet
from policies.twins import unequal
from tests.edges.drafts import NOON, documents, shipped, texts
from tests.edges.trial_edits import drawn

pytestmark = pytest.mark.reckoning

NATIONAL = "rules/00-national.yaml"


def without(policies: PolicySet, names: set[str]) -> PolicySet:
    kept = [replace(p, rules=tuple(rule for rule in p.rules if rule.id not in names)) for p in policies.policies]
    return PolicySet(policies.catalogue, tuple(kept))


def effects(old: PolicySet, new: PolicySet) -> list[str]:
    """Fields whose effect is another; what it obliges to may be."""
    shifts = difference(old, new).fields
    return [name for shift in shifts if shift.old.effect != shift.new.effect for name in shift.fields]


def test_every_shipped_rule_does_something() -> None:
    """Each rule of the shipped set decides, limits, opens or hides for some question, and each field opens to some."""
    assert idle(shipped()) == Idle((), (), (), (), (), ())


def test_rules_that_do_nothing_are_found_exactly() -> None:
    """In small random worlds, what is told to do nothing can be taken out and no effect changes, and it is never among
    the rules that decide a question."""
    told = {"unasked": 0, "swallowed": 0, "closed": 0, "undecided": 0}
    for seed in range(60):
        asking = drawn(seed)
        policies = asking.draw()
        found = idle(policies)
        for what in told:
            names = getattr(found, what)
            told[what] += len(names)
            for name in names if what == "undecided" else ():
                assert effects(policies, without(policies, {name})) == []
        inert = {*found.unasked, *found.swallowed, *found.closed}
        assert effects(policies, without(policies, inert)) == []
        for facts in list(asking.questions(policies, [NOON]))[::7]:
            for field in policies.catalogue.types[facts.type].fields.values():
                ruling = rule_on(policies, facts, field)
                deciding = {rule.id for rule in ruling.deciding}
                assert not deciding & {*found.unasked, *found.swallowed, *found.undecided}
                assert not ruling.decision.answered or not {rule.id for rule in ruling.grants} & set(found.closed)
                assert not ruling.decision.answered or field.coordinate not in found.unopened
    assert min(told.values()) > 0


def test_one_datum_leaves_in_one_reduction() -> None:
    """Two fields of the same datum may not be answered to one caller in two steps; the question is named."""
    assert list(unequal(shipped())) == []
    masked = "  - id: less\n    why: {zh: 试, en: A trial}\n    limit: pseudonym\n    to: anyone\n    types: [AdministrativeLicence]\n    fields: {name: [legalRepIdNo]}\n\n  - id: restricted-ceiling"  # noqa: E501
    files = {path: text for path, text in texts().items() if not path.startswith("cases/")}
    assert "  - id: restricted-ceiling" in files[NATIONAL]
    parted = assemble(documents({**files, NATIONAL: files[NATIONAL].replace("  - id: restricted-ceiling", masked, 1)}))
    errors = [str(finding) for finding in check(parted, NOON, exhaustive=False) if "sameAs" in finding.text]
    assert errors[0].startswith(
        "E catalogue/types/AdministrativeLicence.yaml:1: `AdministrativeLicence.legalRepIdNo` is "
    )
    assert "is pseudonym and `AdministrativePenalty.legalRepIdNo` is allow, which are the same datum" in errors[0]
    assert "/court+" in errors[0]
    assert len(errors) == 3  # with a penalty, a tax violation and the registration
