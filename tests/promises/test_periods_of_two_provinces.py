"""Periods differ by jurisdiction: where provider and requester count differently, the stricter of the two applies."""

from __future__ import annotations

from datetime import date

import pytest

from policies.compiler import compile_policies
from policies.interpreter import row_rules
from policies.model import Facts, Judgement
from policies.policyset import PolicySet
from policies.rows import judge
from tests.edges.drafts import NOON, catalogue, rules_of

PENALTY = catalogue().types["AdministrativePenalty"]
HEAD = (
    "title: {zh: 例, en: Example}\nowner: {office: 处, contact: a@credit.example}\nvalid: {from: 2026-01-01}\nrows:\n"
)
WHY = "    why: {zh: 期, en: Period}\n"
NATIONAL = (
    f"policy: base\nkind: baseline\n{HEAD}"
    f"  - id: requester-zhejiang\n{WHY}"
    '    to: {region: ["33"]}\n    hide: {negative: true, age: ">= 3y", from: recognition}\n'
    f"  - id: requester-shanghai\n{WHY}"
    '    to: {region: ["31"]}\n    hide: {negative: true, age: ">= 10y", from: recognition}\n'
    f"  - id: overdue\n{WHY}"
    "    mark: {status: [OBJECTED], overdue: {afterWorkingDays: 7}, as: OBJECTION_OVERDUE}\n"
)
PROVINCE = (
    f'policy: prov\nkind: province\nregion: "37"\n{HEAD}'
    f'  - id: provider\n{WHY}    hide: {{negative: true, age: ">= 5y"}}\n'
    f'  - id: minor-grade\n{WHY}    hide: {{severity: [MINOR], age: ">= 3m", from: document}}\n'
)
ROW = {"status": "ACTIVE", "severity": "GENERAL", "conductEnd": date(2022, 1, 1), "decisionDate": date(2023, 11, 24)}


def asked(region: str, province: str) -> Facts:
    scopes = frozenset({"credit.gov"})
    given = frozenset({"uscc"})
    return Facts("government", "c", region, scopes, "gov.licensing", False, False, given, "Enterprise", PENALTY.name,
                 province, NOON)  # fmt: skip


def judged(policies: PolicySet, region: str, province: str, **values: object) -> Judgement:
    facts = asked(region, province)
    rules = row_rules(policies, facts)
    assert compile_policies(policies, NOON).row_rules(facts) == rules
    return judge(rules, PENALTY, {**ROW, **values}, None, NOON)


@pytest.mark.parametrize(
    ("region", "province", "decided", "ended", "rule"),
    [
        ("33", "37", date(2023, 11, 24), date(2022, 1, 1), "base/requester-zhejiang"),  # the requester is stricter
        ("33", "37", date(2024, 1, 1), date(2021, 11, 24), "prov/provider"),  # the provider is
        ("33", "37", date(2024, 1, 1), date(2022, 1, 1), None),  # neither hides yet
        ("31", "37", date(2017, 1, 1), date(2021, 11, 24), "prov/provider"),
        ("31", "37", date(2017, 1, 1), date(2022, 1, 1), None),
        ("31", "31", date(2016, 11, 24), date(2016, 1, 1), "base/requester-shanghai"),  # another provider
        ("37", "37", date(2010, 1, 1), date(2022, 1, 1), None),
    ],
)
def test_the_stricter_of_provider_and_requester_applies(
    region: str, province: str, decided: date, ended: date, rule: str | None
) -> None:
    """A provider's rule stands in its province's file, a requester's binds its clients; whichever ends first hides."""
    policies = rules_of(NATIONAL, PROVINCE)
    said = judged(policies, region, province, decisionDate=decided, conductEnd=ended)
    assert (said.shown, said.rule) == (rule is None, rule)


def test_a_grade_has_a_period_of_its_own() -> None:
    """A minor penalty is hidden three months after its document, a general one is not, and an unknown grade hides."""
    policies = rules_of(NATIONAL, PROVINCE)
    assert judged(policies, "37", "37", severity="MINOR", decisionDate=date(2026, 8, 24)).rule == "prov/minor-grade"
    assert judged(policies, "37", "37", severity="MINOR", decisionDate=date(2026, 8, 25)).shown
    assert judged(policies, "37", "37", decisionDate=date(2026, 8, 24)).shown
    assert not judged(policies, "37", "37", severity=None, decisionDate=date(2026, 8, 24)).shown


def test_an_overdue_objection_is_marked() -> None:
    """Seven working days after the objection it is in time, on the next day overdue; an unknown day marks nothing."""
    policies = rules_of(NATIONAL, PROVINCE)
    objected = {"status": "OBJECTED", "decisionDate": date(2026, 10, 1)}
    assert judged(policies, "37", "37", **objected, objectedOn=date(2026, 11, 13)).labels == ()
    assert judged(policies, "37", "37", **objected, objectedOn=date(2026, 11, 12)).labels == ("OBJECTION_OVERDUE",)
    assert judged(policies, "37", "37", **objected, objectedOn=None).labels == ()
    assert judged(policies, "37", "37", objectedOn=date(2026, 10, 1), decisionDate=date(2026, 10, 1)).labels == ()
