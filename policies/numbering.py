"""One numbering for several versions of a policy set: rules, row rules and exceptions written alike are one bit.

A rule is the same in two versions when its file's head and all that decides are the same; its name, its reason and its
place do not count. Nothing here is held against a question.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from policies.conditions import Condition
from policies.held import Numbered
from policies.model import SILENCE
from policies.policyset import Policy, PolicySet, Row


class NumberedRow(NamedTuple):
    """A row rule with its bit and the bits of its exceptions, any of which cancels it."""

    bit: int
    excepts: int
    policy: Policy
    row: Row


class Numbering:
    """`conditions` by their number. `owners`: a file for each different head, with the bits of what it heads.

    For each version: `rules` (limits first), `rows`, and `heads`, the bits of agreements that open something.
    """

    def __init__(self, versions: Sequence[PolicySet]) -> None:
        self.conditions: list[Condition] = []
        self.owners: dict[Hashable, tuple[Policy, int]] = {}
        self._numbers: dict[Hashable, int] = {}
        self.rules = [list(self._rules(policies)) for policies in versions]
        self.rows = [list(self._rows(policies)) for policies in versions]
        self.heads = [self._agreements(policies) for policies in versions]
        self.width = len(self.conditions)

    def union(self, version: int) -> int:
        """All bits of one version."""
        numbered: list[Numbered | NumberedRow] = [*self.rules[version], *self.rows[version]]
        return self.heads[version] | union(entry.bit | entry.excepts for entry in numbered)

    def _rules(self, policies: PolicySet) -> Iterator[Numbered]:
        for policy, rule in (*policies.limits, *policies.grants):
            excepts = () if rule.grants else rule.excepts  # a grant has none
            does = (rule.grants, rule.step, frozenset(excepts), rule.obligations)
            yield Numbered(self._bit(rule.when, policy, does), self._exceptions(excepts), policy, rule)

    def _rows(self, policies: PolicySet) -> Iterator[NumberedRow]:
        for policy in policies.policies:
            for row in sorted(policy.rows, key=lambda row: row.rule.rule):
                does = (replace(row.rule, rule="", reason=SILENCE), frozenset(row.excepts))
                yield NumberedRow(self._bit(row.when, policy, does), self._exceptions(row.excepts), policy, row)

    def _agreements(self, policies: PolicySet) -> int:
        opening = (policy for policy in policies.policies if policy.kind == "agreement" and policy.opens)
        return union(self._bit(Condition(), policy, "in force") for policy in opening)

    def _exceptions(self, conditions: Iterable[Condition]) -> int:
        return union(self._bit(condition, None, "except") for condition in conditions)

    def _bit(self, condition: Condition, owner: Policy | None, does: Hashable) -> int:
        head = _head(owner) if owner else None
        key = (head, condition, does)
        if key not in self._numbers:
            self._numbers[key] = len(self.conditions)
            self.conditions.append(condition)
        bit = 1 << self._numbers[key]
        if owner is not None:
            policy, bits = self.owners.get(head, (owner, 0))
            self.owners[head] = (policy, bits | bit)
        return bit


def union(bits: Iterable[int]) -> int:
    """All these bits."""
    found = 0
    for entry in bits:
        found |= entry
    return found


def _head(policy: Policy) -> Hashable:
    """All of a file that is a condition of each of its rules."""
    agreed = (policy.provider, policy.consumer, policy.purposes) if policy.kind == "agreement" else None
    return (policy.region, policy.since, policy.until, agreed)
