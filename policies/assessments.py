"""Impact assessments: each provision of personal data names one that was made before it and is still kept.

个人信息保护法 第五十五条 wants it before personal data is provided to others or published, 第五十六条 has it kept for
three years. An agreement names one for all its rules; any other grant that reaches personal data names its own. Who
reads their own record is provided with nothing of others. Findings only; the documents lie with the office.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from policies.conditions import SHANGHAI, reach
from policies.findings import Finding
from policies.policyset import Policy, PolicySet, Rule

PERSONAL = "personal"  # the catalogue's tag of what is about a natural person


def unassessed(policies: PolicySet, at: datetime | None) -> Iterator[Finding]:
    """Errors for agreements and grants without an assessment, or whose own came late or, at `at`, is gone."""
    for policy in policies.policies:
        if policy.kind == "agreement":
            yield from _named(policies, policy, policy.id, policy.assessment, policy.where, at)
            continue
        for rule in policy.rules:
            if rule.grants and _provides(policies, rule):
                yield from _named(policies, policy, rule.id, rule.assessment, rule.where, at)


def _named(
    policies: PolicySet, policy: Policy, name: str, reference: str | None, where: str, at: datetime | None
) -> Iterator[Finding]:
    if reference is None:
        wanted = "provides data to another province" if name == policy.id else "reaches personal data"
        yield Finding("E", f"{where}: `{name}` {wanted} and names no `assessment`; write the reference of one")
        return
    found = policies.catalogue.assessments.get(reference)
    if found is None:  # a set that was loaded has none such
        yield Finding("E", f"{where}: `{name}` names an unknown assessment `{reference}`")
        return
    if found.made > policy.since.astimezone(SHANGHAI).date():
        yield Finding("E", f"{where}: `{reference}` was made on {found.made}, after `{name}` came into force")
    if at is not None and found.kept_until < at.astimezone(SHANGHAI).date():
        text = f"`{name}` rests on `{reference}`, which was kept until {found.kept_until}; make it anew"
        yield Finding("E", f"{where}: {text}")


def _provides(policies: PolicySet, rule: Rule) -> bool:
    """Whether a grant reaches data about a natural person, for somebody else than that person."""
    if rule.when.own:
        return False
    return any(natural or PERSONAL in field.tags for field, _, natural in reach(policies.catalogue, rule.when))
