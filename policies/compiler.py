"""A policy set made ready for many questions: what is decided for all fields of a type is one row, found by few ANDs.

    facts -> the conditions that hold, as bits -> the row of decisions for these bits, reckoned once

A compiled set is of one instant and serves until the next at which any rule may change; for any other time it refuses
to decide. What it answers equals the interpreter's in every part. The two share the vocabulary of conditions and no
more, so that each proves the other. It sees the question, never data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from policies.conditions import Condition
from policies.dimensions import Remembered, Space
from policies.heads import require_head, require_known
from policies.held import HeldRules, Numbered
from policies.model import ALLOW, DENY, Decision, Facts, Field, FieldClass, RowRule
from policies.policyset import PolicySet


@dataclass(frozen=True, slots=True, eq=False)
class DecisionRow:
    """The decisions for every field of one record type, in the catalogue's order; equal questions get the same row.

    `effects`: for each field the index of its effect in `CompiledPolicies.effects`. `answered`: the names that are not
    denied. A type outside the catalogue has no fields; whatever has no decision of its own is denied by `silence`.
    """

    decisions: Mapping[str, Decision]
    effects: bytes
    answered: frozenset[str]
    silence: Decision

    def decision(self, name: str) -> Decision:
        return self.decisions.get(name, self.silence)


class CompiledPolicies:
    """One policy set from `at` (inclusive) until `until` (exclusive; None: for ever). Made by `compile_policies`."""

    def __init__(self, policies: PolicySet, at: datetime) -> None:
        self.at = at
        self.until: datetime | None = min(_edges(policies, at), default=None)
        c = self._catalogue = policies.catalogue
        steps = {step for record in c.types.values() for field in record.fields.values() for step in field.ladder}
        self.effects: tuple[str, ...] = (DENY, ALLOW, *sorted(steps - {ALLOW}))
        self._natural = {kind.name for kind in c.kinds.values() if kind.natural}

        # One bit for each rule, limits first: of those that hold an effect the first is the one that is named.
        rules = (*policies.limits, *policies.grants)
        rows = [(p, row) for p in policies.policies for row in sorted(p.rows, key=lambda row: row.rule.rule)]
        agreements = [policy for policy in policies.policies if policy.kind == "agreement" and policy.opens]
        owners = [*(policy for policy, _ in rules), *(policy for policy, _ in rows), *agreements]
        whens = [*(rule.when for _, rule in rules), *(row.when for _, row in rows)]
        conditions = whens + [Condition()] * len(agreements)

        def more(excepts: tuple[Condition, ...]) -> int:
            first = len(conditions)
            conditions.extend(excepts)
            return _bits(first, len(excepts))

        excepts = [() if rule.grants else rule.excepts for _, rule in rules]  # a grant has none
        numbered = [Numbered(1 << n, more(excepts[n]), p, rule) for n, (p, rule) in enumerate(rules)]
        self._held = HeldRules(numbered, policies)
        self._hiding = [(1 << n, more(row.excepts), row.rule) for n, (_, row) in enumerate(rows, len(rules))]
        self._space = Space(conditions, at)
        self._space.in_force = _bits(len(owners) - len(agreements), len(agreements))
        for policy in policies.policies:
            own = sum(1 << n for n, owner in enumerate(owners) if owner is policy)
            require_head(self._space, policy, own)
            if not policy.valid(at):
                self._space.never(own)
        require_known(self._space, c, _bits(0, len(rules)))

        of_rows = sum(bit | excepts for bit, excepts, _ in self._hiding)
        self._of_rows = of_rows & self._space.selecting(None, None)
        self._of_fields = _bits(0, len(conditions)) & ~of_rows
        self._shapes = Remembered[tuple[str, bool], _Shape](self._shape)
        self._rows = Remembered[tuple[str, bool, int], DecisionRow](self._row)
        self._row_rules = Remembered[int, tuple[RowRule, ...]](self._rules_for_rows)

    def covers(self, at: datetime) -> bool:
        """Whether this can decide at an instant."""
        return self.at <= at and (self.until is None or at < self.until)

    def row(self, facts: Facts) -> DecisionRow:
        """What is decided for each field of `facts.type`; the unknown is deny. ValueError at a time not covered."""
        self._check(facts.at)
        held = self._space.holding(facts) & self._of_fields
        return self._rows[facts.type, facts.kind in self._natural, held]

    def row_rules(self, facts: Facts) -> tuple[RowRule, ...]:
        """The row rules in force for a question, whose exceptions do not hold. ValueError at a time not covered."""
        self._check(facts.at)
        return self._row_rules[self._space.holding(facts) & self._of_rows]

    def decide(self, facts: Facts, field: Field) -> Decision:
        """The decision for one field, denied unless it is one of `facts.type`. ValueError at a time not covered."""
        row = self.row(facts)
        record = self._catalogue.types.get(facts.type)
        return row.decision(field.name) if record and record.fields.get(field.name) == field else self._held.silence

    def _check(self, at: datetime) -> None:
        if at is not self.at and not self.covers(at):
            raise ValueError("the policies are not compiled for this time")

    def _shape(self, key: tuple[str, bool]) -> _Shape:
        """Fields that the same conditions select, and that have the same ladder, are decided together."""
        record, natural = self._catalogue.types.get(key[0]), key[1]
        together: dict[tuple[int, tuple[str, ...]], list[str]] = {}
        for field in record.fields.values() if record else ():
            cls = field.class_for(natural)
            bits = 0 if cls is FieldClass.PROHIBITED else self._space.selecting(field, cls)
            together.setdefault((bits, field.ladder), []).append(field.name)
        return _Shape(tuple(record.fields) if record else (), together)

    def _row(self, key: tuple[str, bool, int]) -> DecisionRow:
        type_name, natural, held = key
        shape = self._shapes[type_name, natural]
        found = {}
        for (bits, ladder), names in shape.together.items():
            found.update(dict.fromkeys(names, self._held.decision(held & bits, ladder)))
        decisions = {name: found[name] for name in shape.names}
        effects = bytes(self.effects.index(decision.effect) for decision in decisions.values())
        answered = frozenset(name for name, decision in decisions.items() if decision.answered)
        return DecisionRow(decisions, effects, answered, self._held.silence)

    def _rules_for_rows(self, held: int) -> tuple[RowRule, ...]:
        return tuple(rule for bit, excepts, rule in self._hiding if held & bit and not held & excepts)


class _Shape(NamedTuple):
    """The fields of a type for natural persons or for others: names in order, and names by (bits, ladder)."""

    names: tuple[str, ...]
    together: Mapping[tuple[int, tuple[str, ...]], list[str]]


def compile_policies(policies: PolicySet, at: datetime) -> CompiledPolicies:
    """The policies as they are at an instant. `at` is aware."""
    return CompiledPolicies(policies, at)


def _edges(policies: PolicySet, at: datetime) -> Iterator[datetime]:
    """Instants after `at` at which something may change, the next one among them."""
    for policy in policies.policies:
        yield from (edge for edge in (policy.since, policy.until) if edge is not None and edge > at)
        for condition in policy.conditions:
            if condition.during is not None:
                yield from condition.during.changes(at)


def _bits(first: int, count: int) -> int:
    return ((1 << count) - 1) << first
