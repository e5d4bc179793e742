"""A policy set as it is used: policies with their rules, in an order that means nothing but how they are named.

Values only: reading is in `rules`, deciding in `interpreter`, whole-or-nothing loading in `bundles`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policies.conditions import Condition
from policies.model import Catalogue, LegalBasis, RowRule, Words

LAYERS = ("baseline", "province", "city", "agreement")


@dataclass(frozen=True, slots=True)
class Rule:
    """A grant or a limit. `id` is `<policy>/<rule>`; `step` is `allow`, a mask or `deny`."""

    id: str
    why: Words
    law: tuple[LegalBasis, ...]
    grants: bool
    step: str
    when: Condition
    excepts: tuple[Condition, ...]
    obligations: frozenset[str]
    where: str
    assessment: str | None = None  # a key of the catalogue's `assessments`


@dataclass(frozen=True, slots=True)
class Row:
    """A row rule and when it is in force; `rule` says what it does to a row."""

    rule: RowRule
    law: tuple[LegalBasis, ...]
    when: Condition
    excepts: tuple[Condition, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Quota:
    per_day: int | None
    subjects_per_query: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One file. `provider`, `consumer` and `purposes` are an agreement's, implicit in each of its rules."""

    id: str
    kind: str  # one of LAYERS
    title: Words
    contact: str | None
    region: str | None
    since: datetime
    until: datetime | None  # exclusive
    provider: str | None
    consumer: str | None
    purposes: frozenset[str]
    quota: Quota | None
    rules: tuple[Rule, ...]
    rows: tuple[Row, ...]
    where: str
    assessment: str | None = None  # of an agreement: for all its rules
    widens: tuple[str, ...] = ()  # what a change that opens rests on, when the file says that it opens

    @property
    def rank(self) -> tuple[int, str]:
        """The order in which rules are named when several say the same: by layer, then by name."""
        return (LAYERS.index(self.kind), self.id)

    @property
    def opens(self) -> bool:
        return any(rule.grants for rule in self.rules)

    @property
    def conditions(self) -> Iterator[Condition]:
        """Every condition and exception of every rule and row."""
        for rule in self.rules:
            yield from (rule.when, *rule.excepts)
        for row in self.rows:
            yield from (row.when, *row.excepts)

    def valid(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class PolicySet:
    """A whole set: catalogue, policies in rank order, worked cases, and the digest that names it."""

    catalogue: Catalogue
    policies: tuple[Policy, ...]
    cases: tuple[Any, ...] = ()  # policies.cases.Case
    digest: str = ""
    nevers: tuple[Any, ...] = ()  # policies.cases.Never
    grants: tuple[tuple[Policy, Rule], ...] = field(init=False, compare=False)
    limits: tuple[tuple[Policy, Rule], ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.policies, key=lambda policy: policy.rank)
        every = [(policy, rule) for policy in ordered for rule in sorted(policy.rules, key=lambda rule: rule.id)]
        object.__setattr__(self, "policies", tuple(ordered))
        object.__setattr__(self, "grants", tuple(pair for pair in every if pair[1].grants))
        object.__setattr__(self, "limits", tuple(pair for pair in every if not pair[1].grants))

    def rule(self, rule_id: str) -> tuple[Policy, Rule | Row] | None:
        """The policy and rule of an id, or None."""
        for policy in self.policies:
            for rule in policy.rules:
                if rule.id == rule_id:
                    return policy, rule
            for row in policy.rows:
                if row.rule.rule == rule_id:
                    return policy, row
        return None
