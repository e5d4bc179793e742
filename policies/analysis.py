"""A second look at a set that loads: what will hardly be meant. Findings only; nothing is changed or decided.

What keeps a set from loading (unknown words, a layer's rights, masks off the ladder, a broken manifest) is
refused by the loaders already. Here stand errors that need the whole set, and warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from policies.assessments import unassessed
from policies.conditions import Condition, reach
from policies.findings import Finding
from policies.masks import STEPS
from policies.model import ALLOW, DENY, FieldClass
from policies.policyset import Policy, PolicySet
from policies.trials import CaseReport, CaseResult, run_cases

__all__ = ["CaseReport", "CaseResult", "Finding", "check", "run_cases"]

SOON = timedelta(days=60)


def check(policies: PolicySet, at: datetime | None = None) -> list[Finding]:
    """Errors first, then warnings. With `at`, also what the date tells: agreements that end or have ended."""
    found = [
        *_steps(policies),
        *unassessed(policies, at),
        *_untested_agreements(policies),
        *_uncounted(policies),
        *_swallowed(policies),
        *_closed_grants(policies),
        *_empty(policies),
        *_unopened(policies),
        *_masked_for_public(policies),
        *(_ending(policies, at) if at else ()),
    ]
    return sorted(found, key=lambda finding: finding.level)


def _steps(policies: PolicySet) -> Iterator[Finding]:
    for kind, ladder in policies.catalogue.ladders.items():
        for step in set(ladder) - {ALLOW} - STEPS:
            yield Finding("E", f"catalogue: the ladder `{kind}` has a step `{step}` that no mask knows")


def _untested_agreements(policies: PolicySet) -> Iterator[Finding]:
    for policy in policies.policies:
        ended = [case for case in policies.cases if policy.until is not None and case.facts.at >= policy.until]
        if policy.kind == "agreement" and not any(case.facts.region == policy.consumer for case in ended):
            yield Finding("W", f"{policy.where}: no case asks what `{policy.id}` leaves open after its end; add one")


def _uncounted(policies: PolicySet) -> Iterator[Finding]:
    for policy in policies.policies:
        if policy.quota is not None:
            yield Finding("W", f"{policy.where}: the quota of `{policy.id}` is written down, but nobody counts it yet")


def _swallowed(policies: PolicySet) -> Iterator[Finding]:
    for _, rule in policies.limits:
        if any(implies(rule.when, condition) for condition in rule.excepts):
            yield Finding("W", f"{rule.where}: `{rule.id}` never limits: an exception covers all of it")


def _closed_grants(policies: PolicySet) -> Iterator[Finding]:
    for policy, grant in policies.grants:
        for other, limit in policies.limits:
            if (
                limit.step == DENY
                and not limit.excepts
                and _speaks_for(other, policy)
                and implies(grant.when, limit.when)
            ):
                yield Finding("W", f"{grant.where}: `{grant.id}` opens nothing: `{limit.id}` closes all of it")


def _empty(policies: PolicySet) -> Iterator[Finding]:
    for policy in policies.policies:
        for rule in policy.rules:
            if rule.grants and next(reach(policies.catalogue, rule.when), None) is None:
                yield Finding("W", f"{rule.where}: `{rule.id}` opens nothing: no field of the catalogue fits it")


def _unopened(policies: PolicySet) -> Iterator[Finding]:
    opened = {field.coordinate for _, rule in policies.grants for field, _, _ in reach(policies.catalogue, rule.when)}
    for record in policies.catalogue.types.values():
        for field in record.fields.values():
            if field.coordinate not in opened:
                yield Finding("W", f"`{field.coordinate}` is opened to nobody by any rule")


def _masked_for_public(policies: PolicySet) -> Iterator[Finding]:
    for _, rule in policies.limits:
        if rule.law or (rule.when.clients and "public" not in rule.when.clients):
            continue
        for field, cls, natural in reach(policies.catalogue, rule.when):
            if cls is FieldClass.PUBLIC and not natural:
                text = f"`{rule.id}` keeps the public from `{field.coordinate}`, which is PUBLIC, and states no `law`"
                yield Finding("W", f"{rule.where}: {text}")
                break


def _ending(policies: PolicySet, at: datetime) -> Iterator[Finding]:
    for policy in policies.policies:
        if policy.until is None or policy.until - at >= SOON:
            continue
        verb = "ended" if policy.until <= at else "ends"
        yield Finding("W", f"{policy.where}: `{policy.id}` {verb} on {policy.until:%Y-%m-%d}; renew it or take it out")


def implies(first: Condition, second: Condition) -> bool:
    """Whether whatever fulfils `first` fulfils `second`, as far as their words tell. False means: not known."""
    any_of = ("clients", "regions", "ids", "purposes", "subjects", "types", "classes", "tags", "names", "kinds")
    for word in any_of:
        wider = getattr(second, word)
        narrower = getattr(first, word)
        if wider and not (narrower and narrower <= wider):
            return False
    all_of = second.scopes <= first.scopes and second.given <= first.given
    flags = (first.consent >= second.consent, first.agreement >= second.agreement, first.own >= second.own)
    return all_of and all(flags) and second.during in (None, first.during)


def _speaks_for(limiting: Policy, granting: Policy) -> bool:
    """Whether the limiting policy is in force wherever and whenever the granting one is."""
    if limiting.kind == "agreement" and limiting.id != granting.id:
        return False
    if limiting.region is not None and limiting.region not in (granting.region, granting.provider):
        return False
    ends = limiting.until is None or (granting.until is not None and granting.until <= limiting.until)
    return limiting.since <= granting.since and ends
