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
from functools import partial
from typing import NamedTuple

from policies.conditions import Condition, province_of, purpose_listed
from policies.dimensions import Place, Remembered, Space
from policies.model import ALLOW, DENY, NO_GRANT, SILENCE, Catalogue, Decision, Facts, Field, FieldClass, RowRule
from policies.policyset import Policy, PolicySet


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
        contact = next((policy.contact for policy in policies.policies if policy.kind == "baseline"), None)
        self._silence = Decision(DENY, NO_GRANT, SILENCE, contact=contact)

        # One bit for each rule, limits first: of those that hold an effect the lowest bit is the one that is named.
        self._rules = (*policies.limits, *policies.grants)
        rows = [(p, row) for p in policies.policies for row in sorted(p.rows, key=lambda row: row.rule.rule)]
        agreements = [policy for policy in policies.policies if policy.kind == "agreement" and policy.opens]
        owners = [*(policy for policy, _ in self._rules), *(policy for policy, _ in rows), *agreements]
        whens = [*(rule.when for _, rule in self._rules), *(row.when for _, row in rows)]
        conditions = whens + [Condition()] * len(agreements)

        def more(excepts: tuple[Condition, ...]) -> int:
            first = len(conditions)
            conditions.extend(excepts)
            return _bits(first, len(excepts))

        self._limits = [(1 << number, more(rule.excepts)) for number, (_, rule) in enumerate(policies.limits)]
        self._hiding = [(1 << n, more(row.excepts), row.rule) for n, (_, row) in enumerate(rows, len(self._rules))]
        self._space = Space(conditions, at)
        self._space.in_force = _bits(len(owners) - len(agreements), len(agreements))
        for policy in policies.policies:
            self._require_head(policy, sum(1 << n for n, owner in enumerate(owners) if owner is policy))
        self._require_known(c, _bits(0, len(self._rules)))

        of_rows = sum(bit | excepts for bit, excepts, _ in self._hiding)
        self._of_rows = of_rows & self._space.selecting(None, None)
        self._of_fields = _bits(0, len(conditions)) & ~of_rows
        self._shapes = Remembered[tuple[str, bool], _Shape](self._shape)
        self._steps = Remembered[tuple[str, ...], _Steps](self._on_ladder)
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
        return row.decision(field.name) if record and record.fields.get(field.name) == field else self._silence

    def _check(self, at: datetime) -> None:
        if at is not self.at and not self.covers(at):
            raise ValueError("the policies are not compiled for this time")

    def _require_head(self, policy: Policy, bits: int) -> None:
        """What the file's own head asks is asked by each of its rules."""
        if not policy.valid(self.at):
            self._space.never(bits)
        if policy.region is not None:
            self._space.places.require(bits, partial(_covered, policy.region))
        if policy.kind == "agreement":
            self._space.places.require(bits, partial(_between, policy))
            self._space.purposes.require(bits, partial(_agreed, policy.purposes))

    def _require_known(self, c: Catalogue, rules: int) -> None:
        """No rule holds for a word that the catalogue has not got, nor for a kind that has no such records."""
        kinds = {name: record.kinds & c.kinds.keys() for name, record in c.types.items()}
        self._space.clients.require(rules, c.client_classes.__contains__)
        self._space.purposes.require(rules, lambda purpose: purpose is None or purpose in c.purposes)
        self._space.topics.require(rules, lambda topic: topic[1] in kinds.get(topic[0], ()))

    def _shape(self, key: tuple[str, bool]) -> _Shape:
        """Fields that the same conditions select, and that have the same ladder, are decided together."""
        record, natural = self._catalogue.types.get(key[0]), key[1]
        together: dict[tuple[int, tuple[str, ...]], list[str]] = {}
        for field in record.fields.values() if record else ():
            cls = field.class_for(natural)
            bits = 0 if cls is FieldClass.PROHIBITED else self._space.selecting(field, cls)
            together.setdefault((bits, field.ladder), []).append(field.name)
        return _Shape(tuple(record.fields) if record else (), together)

    def _on_ladder(self, ladder: tuple[str, ...]) -> _Steps:
        """A grant of a step that is not there opens nothing; such a limit denies."""
        opens, closes = [0] * (len(ladder) + 1), [0] * (len(ladder) + 1)
        for number, (_, rule) in enumerate(self._rules):
            step = ladder.index(rule.step) if rule.step in ladder else len(ladder)
            if not rule.grants:
                closes[step] |= 1 << number
            elif step < len(ladder):
                opens[step] |= 1 << number
        return _Steps(opens, closes)

    def _row(self, key: tuple[str, bool, int]) -> DecisionRow:
        type_name, natural, held = key
        shape = self._shapes[type_name, natural]
        found = {}
        for (bits, ladder), names in shape.together.items():
            found.update(dict.fromkeys(names, self._decision(held & bits, ladder)))
        decisions = {name: found[name] for name in shape.names}
        effects = bytes(self.effects.index(decision.effect) for decision in decisions.values())
        answered = frozenset(name for name, decision in decisions.items() if decision.answered)
        return DecisionRow(decisions, effects, answered, self._silence)

    def _decision(self, held: int, ladder: tuple[str, ...]) -> Decision:
        """Most generous of the grants, then strictest with the limits, on bits."""
        for bit, excepts in self._limits:
            if held & excepts:
                held &= ~bit
        opens, closes = self._steps[ladder]
        opened = next((step for step, bits in enumerate(opens) if held & bits), len(ladder))
        closed = max((step for step, bits in enumerate(closes) if held & bits), default=0)
        effect = max(opened, closed)
        holding = held & (opens[effect] | closes[effect])
        if not holding:
            return self._silence
        policy, rule = self._rules[(holding & -holding).bit_length() - 1]
        if effect == len(ladder):
            return Decision(DENY, rule.id, rule.why, contact=policy.contact)
        taken = held & sum((*opens, *closes))  # without grants of a step that is not there
        words = (rule.obligations for number, (_, rule) in enumerate(self._rules) if taken >> number & 1)
        return Decision(ladder[effect], rule.id, rule.why, frozenset().union(*words), policy.contact)

    def _rules_for_rows(self, held: int) -> tuple[RowRule, ...]:
        return tuple(rule for bit, excepts, rule in self._hiding if held & bit and not held & excepts)


class _Shape(NamedTuple):
    """The fields of a type for natural persons or for others: names in order, and names by (bits, ladder)."""

    names: tuple[str, ...]
    together: Mapping[tuple[int, tuple[str, ...]], list[str]]


class _Steps(NamedTuple):
    """For each step of a ladder, and for deny after the last, the bits of grants that open to it, limits that close."""

    opens: list[int]
    closes: list[int]


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


def _covered(region: str, place: Place) -> bool:
    """Whether a policy of `region` speaks for the platform: one of the two codes begins with the other."""
    mine, other = region.removesuffix("00"), place[1]
    short = min(len(mine), len(other))
    return mine[:short] == other[:short]


def _between(agreement: Policy, place: Place) -> bool:
    return (agreement.consumer, agreement.provider) == (province_of(place[0]), province_of(place[1]))


def _agreed(purposes: frozenset[str], purpose: str | None) -> bool:
    return purpose_listed(purpose, purposes)
