"""Worked cases put to the set: what came out otherwise, which rules no case needs, which fields no case asks.

A trial reads no clock and no data but the case's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.cases import ROW, Case, Never
from policies.interpreter import judge, row_rules, rule_on
from policies.invariants import Counterexample, broken
from policies.policyset import PolicySet
from policies.wording import asked


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case and what did not come out as it says; nothing when it passed."""

    case: Case | Never
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class CaseReport:
    """All results; rules that decided in no case, fields that no case speaks of, and how many there are of both."""

    results: tuple[CaseResult, ...]
    idle_rules: tuple[str, ...]
    unasserted: tuple[str, ...]
    rules: int
    fields: int

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


def run_cases(policies: PolicySet) -> CaseReport:
    """Run every case of the set."""
    deciding: set[str | None] = set()
    asserted: set[str] = set()
    results = []
    for case in policies.cases:
        failures = (*_fields(policies, case, deciding), *_row(policies, case, deciding))
        record = policies.catalogue.types[case.facts.type]
        asserted |= {record.fields[name].coordinate for name in case.effects}
        results.append(CaseResult(case, failures))
    results += [CaseResult(never, tuple(_never(found))) for never, found in broken(policies, policies.nevers)]
    rules = [rule.id for policy in policies.policies for rule in policy.rules]
    rules += [row.rule.rule for policy in policies.policies for row in policy.rows]
    fields = [field.coordinate for record in policies.catalogue.types.values() for field in record.fields.values()]
    return CaseReport(
        tuple(results),
        tuple(rule for rule in rules if rule not in deciding),
        tuple(coordinate for coordinate in fields if coordinate not in asserted),
        len(rules),
        len(fields),
    )


def _never(found: Counterexample | None) -> Iterator[str]:
    if found is not None:
        decision = found.decision
        yield f"{found.field.coordinate}: is {decision.effect} by {decision.rule} for {asked(found.facts)}"


def _fields(policies: PolicySet, case: Case, deciding: set[str | None]) -> Iterator[str]:
    record = policies.catalogue.types[case.facts.type]
    for name, effect in case.effects.items():
        ruling = rule_on(policies, case.facts, record.fields[name])
        deciding |= {rule.id for rule in ruling.deciding}
        got = ruling.decision
        if got.effect != effect:
            yield f"{record.name}.{name}: expected {effect}, got {got.effect} by {got.rule}"
        elif got.rule != (wanted := case.because.get(name, got.rule)):
            yield f"{record.name}.{name}: expected to be decided by {wanted}, was by {got.rule}"


def _row(policies: PolicySet, case: Case, deciding: set[str | None]) -> Iterator[str]:
    if case.row is None:
        return
    record = policies.catalogue.types[case.facts.type]
    rules = row_rules(policies, case.facts)
    judgement = judge(rules, record, case.values, case.born, case.facts.at)
    deciding.add(judgement.rule)
    if case.marks is not None:  # a row bears the marks of all rules that match, and each is needed
        alone = (judge([rule], record, case.values, case.born, case.facts.at) for rule in rules)
        deciding |= {said.rule for said in alone if said.labels}
    got = "hidden" if not judgement.shown else "marked" if judgement.labels else "shown"
    if got != case.row:
        yield f"row: expected {case.row}, got {got} by {judgement.rule}"
    elif judgement.rule != (wanted := case.because.get(ROW, judgement.rule)):
        yield f"row: expected to be {got} by {wanted}, was by {judgement.rule}"
    elif case.marks is not None and case.marks != set(judgement.labels):
        yield f"row: expected the marks {_listed(case.marks)}, got {_listed(judgement.labels)}"


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels)) or "none"
