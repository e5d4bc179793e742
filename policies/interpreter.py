"""Deciding: may this caller have this field, for this purpose, and which row rules follow. Pure; time is an argument.

    most generous matching grant, closed by every matching limit; no grant is deny

Promises: the order of files and rules means nothing; adding a grant never closes and adding a limit never
opens; whatever is unknown (purpose, client, kind, field, mask) is deny. It sees the question, never data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from policies.conditions import INSIDE, OUTSIDE, Condition, Question, province_of, purpose_listed
from policies.model import DENY, NO_GRANT, SILENCE, Decision, Facts, Field, FieldClass, RowRule
from policies.policyset import Policy, PolicySet, Row, Rule
from policies.rows import judge

__all__ = [
    "Change",
    "Explanation",
    "Ruling",
    "agreement_in_force",
    "decide",
    "explain",
    "judge",
    "row_rules",
    "valid_until",
]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with every rule that took part. `deciding` are those that hold the effect where it is."""

    decision: Decision
    deciding: tuple[Rule, ...]
    grants: tuple[Rule, ...]  # matching
    limits: tuple[Rule, ...]  # matching, no exception holds


def decide(policies: PolicySet, facts: Facts, field: Field) -> Decision:
    """The decision for one field. Never raises for what a question says; the unknown is deny."""
    return rule_on(policies, facts, field).decision


def rule_on(policies: PolicySet, facts: Facts, field: Field) -> Ruling:
    """`decide`, with the rules that took part, for `explain` and coverage."""
    question = _question(policies, facts, field)
    if question is None:
        return Ruling(_denied(policies), (), (), ())
    grants = [pair for pair in policies.grants if _matches(pair[0], pair[1], question)]
    grants = [pair for pair in grants if pair[1].step in field.ladder]  # a step that is not on the ladder opens nothing
    limits = [
        pair
        for pair in policies.limits
        if _matches(pair[0], pair[1], question) and not any(c.holds(question) for c in pair[1].excepts)
    ]
    opened = min((_strictness(field, rule) for _, rule in grants), default=len(field.ladder))
    closed = max((_strictness(field, rule) for _, rule in limits), default=0)
    effect = max(opened, closed)
    holding = [pair for pair in limits if _strictness(field, pair[1]) == effect]
    if opened == effect:
        holding += [pair for pair in grants if _strictness(field, pair[1]) == opened]
    taken = (tuple(rule for _, rule in grants), tuple(rule for _, rule in limits))
    deciding = tuple(rule for _, rule in holding)
    if effect == len(field.ladder):
        return Ruling(_denied(policies, holding[0] if holding else None), deciding, *taken)
    policy, rule = holding[0]
    obligations = frozenset(word for part in taken for rule in part for word in rule.obligations)
    return Ruling(Decision(field.ladder[effect], rule.id, rule.why, obligations, policy.contact), deciding, *taken)


def row_rules(policies: PolicySet, facts: Facts) -> tuple[RowRule, ...]:
    """The row rules in force for a question, whose exceptions do not hold."""
    question = Question(facts, agreement_in_force(policies, facts))
    return tuple(
        row.rule
        for policy in policies.policies
        for row in sorted(policy.rows, key=lambda row: row.rule.rule)
        if _matches(policy, row, question) and not any(condition.holds(question) for condition in row.excepts)
    )


def valid_until(policies: PolicySet, at: datetime) -> datetime | None:
    """The next instant after `at` at which any rule may change; None when none ever does."""
    return min(_edges(policies, at), default=None)


def agreement_in_force(policies: PolicySet, facts: Facts) -> bool:
    """Whether an agreement that opens something covers the question: valid now, between these two, for this purpose."""
    return any(
        policy.kind == "agreement" and policy.opens and next(implicit(policy, facts), None) is None
        for policy in policies.policies
    )


def implicit(policy: Policy, facts: Facts) -> Iterator[str]:
    """The words of the file's own head that do not hold: they are conditions of each of its rules."""
    if not policy.valid(facts.at):
        yield "valid"
    if policy.region is not None and not covers(policy.region, facts.province):
        yield "region of the record"
    if policy.kind == "agreement":
        if policy.provider != province_of(facts.province) or policy.consumer != province_of(facts.region):
            yield "between"
        if not purpose_listed(facts.purpose, policy.purposes):
            yield "purposes"


def covers(region: str, place: str) -> bool:
    """Whether a policy of `region` speaks for a platform at `place`; in doubt (only a province is said) it does."""
    short = region.removesuffix("00")
    return place.startswith(short) or short.startswith(place)


@dataclass(frozen=True, slots=True)
class Change:
    """A single fact that would open more: the rule that waits for it, its word, what it wants, the effect then."""

    rule: Rule
    word: str
    wants: str
    effect: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A ruling and the nearest changes, most generous first: rules that fail in exactly one word."""

    ruling: Ruling
    nearest: tuple[Change, ...]


def explain(policies: PolicySet, facts: Facts, field: Field) -> Explanation:
    """Why the decision is as it is, and which single fact would open more. Each change is decided, not guessed."""
    ruling = rule_on(policies, facts, field)
    question = _question(policies, facts, field)
    if question is None:
        return Explanation(ruling, ())
    found: dict[tuple[str, str], Change] = {}
    for policy, rule, condition in _waiting(policies, ruling):
        failing = [*implicit(policy, facts), *condition.failing(question)]
        if len(failing) != 1:
            continue
        for wants, altered in _altered(policies, policy, condition, failing[0], facts):
            effect = decide(policies, altered, field).effect
            if _generosity(field, effect) > _generosity(field, ruling.decision.effect):
                found.setdefault((failing[0], wants), Change(rule, failing[0], wants, effect))
    nearest = sorted(found.values(), key=lambda c: (-_generosity(field, c.effect), c.rule.id, c.wants))
    return Explanation(ruling, tuple(nearest))


def _waiting(policies: PolicySet, ruling: Ruling) -> Iterator[tuple[Policy, Rule, Condition]]:
    """Conditions that would open more if they held: grants that do not match, exceptions of limits that do."""
    for policy, rule in policies.grants:
        if rule not in ruling.grants:
            yield policy, rule, rule.when
    for policy, rule in policies.limits:
        if rule in ruling.limits:
            yield from ((policy, rule, condition) for condition in rule.excepts)


def _altered(
    policies: PolicySet, policy: Policy, condition: Condition, word: str, facts: Facts
) -> Iterator[tuple[str, Facts]]:
    """The question with one fact changed so that `word` holds; nothing for facts that no caller can change."""
    if word == "client":
        yield from ((name, replace(facts, client_class=name)) for name in sorted(condition.clients))
    elif word == "region":
        inside = INSIDE in condition.regions
        for region in [facts.province[:2]] if inside else sorted(condition.regions - {OUTSIDE}):
            yield region, replace(facts, region=region)
    elif word == "scopes":
        yield " ".join(sorted(condition.scopes - facts.scopes)), replace(facts, scopes=facts.scopes | condition.scopes)
    elif word == "purposes":
        for code in policies.catalogue.purposes:
            if all(purpose_listed(code, listed) for listed in (condition.purposes, policy.purposes) if listed):
                yield code, replace(facts, purpose=code)
    elif word == "consent":
        yield "required", replace(facts, consent=True)
    elif word == "given":
        yield " ".join(sorted(condition.given - facts.given)), replace(facts, given=facts.given | condition.given)
    elif word == "valid":
        at = policy.since if facts.at < policy.since else (policy.until or facts.at) - timedelta(microseconds=1)
        yield "/".join(f"{day:%Y-%m-%d}" for day in (policy.since, policy.until) if day), replace(facts, at=at)


def _generosity(field: Field, effect: str) -> int:
    return len(field.ladder) - field.ladder.index(effect) if effect in field.ladder else 0


def _question(policies: PolicySet, facts: Facts, field: Field) -> Question | None:
    """None when the question speaks of something that is not in the catalogue."""
    c = policies.catalogue
    record, kind = c.types.get(facts.type), c.kinds.get(facts.kind)
    if record is None or kind is None or facts.kind not in record.kinds or record.fields.get(field.name) != field:
        return None
    if facts.client_class not in c.client_classes or (facts.purpose is not None and facts.purpose not in c.purposes):
        return None
    cls = field.class_for(kind.natural)
    if cls is FieldClass.PROHIBITED:
        return None
    return Question(facts, agreement_in_force(policies, facts), field, cls)


def _matches(policy: Policy, rule: Rule | Row, question: Question) -> bool:
    return next(implicit(policy, question.facts), None) is None and rule.when.holds(question)


def _strictness(field: Field, rule: Rule) -> int:
    """0 is allow, then the steps of the ladder, then deny; a limit to a step that is not there denies."""
    return field.ladder.index(rule.step) if rule.step in field.ladder else len(field.ladder)


def _denied(policies: PolicySet, pair: tuple[Policy, Rule] | None = None) -> Decision:
    if pair is not None:
        return Decision(DENY, pair[1].id, pair[1].why, contact=pair[0].contact)
    contact = next((policy.contact for policy in policies.policies if policy.kind == "baseline"), None)
    return Decision(DENY, NO_GRANT, SILENCE, contact=contact)


def _edges(policies: PolicySet, at: datetime) -> Iterator[datetime]:
    for policy in policies.policies:
        yield from (edge for edge in (policy.since, policy.until) if edge is not None and edge > at)
        for condition in policy.conditions:
            if condition.during is not None:
                yield from condition.during.changes(at)
