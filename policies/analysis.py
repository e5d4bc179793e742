"""A second look at a set that loads: what will hardly be meant. Findings only; nothing is changed or decided.

What keeps a set from loading (unknown words, a layer's rights, masks off the ladder, a broken manifest) is
refused by the loaders already. Here stand errors that need the whole set, and warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from policies.assessments import unassessed
from policies.conditions import reach
from policies.findings import Finding
from policies.idle import idle
from policies.masks import STEPS
from policies.model import ALLOW, FieldClass
from policies.policyset import PolicySet
from policies.trials import CaseReport, CaseResult, run_cases
from policies.twins import unequal
from policies.wording import asked

__all__ = ["CaseReport", "CaseResult", "Finding", "check", "run_cases"]

SOON = timedelta(days=60)


def check(policies: PolicySet, at: datetime | None = None, exhaustive: bool = True) -> list[Finding]:
    """Errors first, then warnings. With `at`, also what the date tells: agreements that end or have ended.

    `exhaustive` also walks through every question there is, for the warnings of rules that do nothing.
    """
    found = [
        *_steps(policies),
        *unassessed(policies, at),
        *_untested_agreements(policies),
        *_twins(policies),
        *(_idle(policies) if exhaustive else ()),
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


def _idle(policies: PolicySet) -> Iterator[Finding]:
    found = idle(policies)
    for names, what in (
        (found.unasked, "does nothing: no question about any field of the catalogue fits it"),
        (found.swallowed, "never limits: its exceptions cover all of it"),
        (found.closed, "opens nothing: limits close all of it"),
        (found.undecided, "never decides: wherever it holds, another rule says as much or more"),
        (found.rows, "never hides or marks: no question fits it, or no record has what it looks at"),
    ):
        for name in names:
            entry = policies.rule(name)
            yield Finding("W", f"{entry[1].where}: `{name}` {what}" if entry else f"`{name}` {what}")
    for coordinate in found.unopened:
        yield Finding("W", f"`{coordinate}` is opened to nobody by any rule")


def _twins(policies: PolicySet) -> Iterator[Finding]:
    for twins in unequal(policies):
        (one, step), (other, step_of_other) = twins.fields
        what = f"`{one.coordinate}` is {step} and `{other.coordinate}` is {step_of_other}, which are the same datum"
        text = f"{what} (`sameAs: {one.same_as}`), for {asked(twins.facts)}; give both the same step"
        yield Finding("E", f"catalogue/types/{one.type}.yaml:1: {text}")


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
