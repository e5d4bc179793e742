"""The interpreter with the face of compiled policies: what the plain walk decides by, and remembers nothing of.

It is many times slower and has no table that could be wrong. The compiled walk is held against it, answer by answer.
"""

from __future__ import annotations

from datetime import datetime

from policies.compiler import DecisionRow
from policies.interpreter import decide, row_rules
from policies.model import ALLOW, DENY, NO_GRANT, SILENCE, Decision, Facts, RowRule
from policies.policyset import PolicySet


class InterpretedPolicies:
    """One policy set at one instant."""

    def __init__(self, policies: PolicySet, at: datetime) -> None:
        self._policies, self.at = policies, at

    def covers(self, at: datetime) -> bool:
        return at == self.at

    def row(self, facts: Facts) -> DecisionRow:
        record = self._policies.catalogue.types.get(facts.type)
        fields = record.fields if record else {}
        decisions = {name: decide(self._policies, facts, field) for name, field in fields.items()}
        effects = bytes(0 if each.effect == DENY else 1 if each.effect == ALLOW else 2 for each in decisions.values())
        answered = frozenset(name for name, decision in decisions.items() if decision.answered)
        return DecisionRow(decisions, effects, answered, Decision(DENY, NO_GRANT, SILENCE))

    def row_rules(self, facts: Facts) -> tuple[RowRule, ...]:
        return row_rules(self._policies, facts)
