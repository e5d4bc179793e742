"""Why a decision is as it is: the rules that took part, and the single facts that would open more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest

from policies.interpreter import Change, decide, explain, rule_on
from policies.model import DENY, NO_GRANT, Facts, Field
from policies.policyset import PolicySet, Rule
from tests.edges.drafts import NOON, SHANGHAI, catalogue, facts, rules_of
from tests.edges.test_policy_rules import HEAD, rule
from tests.edges.trial_sets import TRIALS, Questions, Sets, share

NUMBER = catalogue().field("AdministrativePenalty.documentNo")
IDENTITY = catalogue().field("AdministrativePenalty.legalRepIdNo")
ANY = {"to": "{client: government, region: inside}", "fields": "{name: [legalRepIdNo]}"}
OFFICE = facts(client_class="government", region="370000")


def several(*rules: str) -> str:
    """Rules of one file."""
    return "rules:\n" + "".join(text.removeprefix("rules:\n") for text in rules)


def leaves(rules: Iterable[Rule]) -> list[str]:
    return [each.id.removeprefix("base/") for each in rules]


def nearest(policies: PolicySet, asked: Facts, field: Field = NUMBER) -> list[tuple[str, str, str, str]]:
    found = explain(policies, asked, field).nearest
    return [(change.rule.id, change.word, change.wants, change.effect) for change in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"to": "{client: [court, government]}"}, [("client", "court"), ("client", "government")]),
        ({"to": '{region: [inside, "31"]}'}, [("region", "37")]),
        ({"to": '{region: [outside, "31", "32"]}'}, [("region", "31"), ("region", "32")]),
        ({"scopes": "[credit.gov, credit.restricted]"}, [("scopes", "credit.gov credit.restricted")]),
        ({"purposes": "[gov.licensing, court.*]"}, [("purposes", "court.execution"), ("purposes", "gov.licensing")]),
        ({"consent": "required"}, [("consent", "required")]),
        ({"given": "[uscc, name]"}, [("given", "name")]),
        ({"given": "[uscc, name, citizenId]"}, [("given", "citizenId name")]),
        ({"to": "{client: government}", "consent": "required"}, []),
        ({"subjects": "[IndividualBusiness]"}, []),
        ({"self": "required"}, []),
        ({"types": "[Registration]"}, []),
        ({"fields": "{name: [procedure, fineAmountWan]}", "to": "{client: public, region: inside}"}, []),
    ],
)
def test_the_word_that_a_grant_waits_for(words: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """A grant that fails in one word alone is told with what the word wants, if a caller could bring it."""
    policies = rules_of(HEAD["baseline"] + rule(**words))
    at_home = "inside" not in words.get("to", "") and "outside" in words.get("to", "")
    asked = facts(region="370000" if at_home else None)
    assert nearest(policies, asked) == [("base/open", word, wants, "allow") for word, wants in expected]


@pytest.mark.parametrize(
    ("at", "wants"),
    [(datetime(2025, 12, 31, tzinfo=SHANGHAI), True), (NOON, False), (datetime(2028, 1, 1, tzinfo=SHANGHAI), True)],
)
def test_the_time_that_a_file_waits_for(at: datetime, wants: bool) -> None:
    """Before its first day and after its last a file's grants wait for the time in which it is valid."""
    policies = rules_of(HEAD["baseline"].replace("2026-01-01}", "2026-01-01, until: 2028-01-01}") + rule())
    found = nearest(policies, facts(at=at))
    assert found == ([("base/open", "valid", "2026-01-01/2028-01-01", "allow")] if wants else [])
    assert (decide(policies, facts(at=at), NUMBER).effect == DENY) is wants


def test_the_region_of_a_neighbour_is_its_province() -> None:
    """What waits for somebody of the record's province says so by two digits, also where the record's city is known."""
    policies = rules_of(HEAD["baseline"] + rule(to="{region: inside}"))
    assert nearest(policies, facts(province="370600")) == [("base/open", "region", "37", "allow")]


def test_an_ended_file_is_thought_of_as_it_was_at_its_end() -> None:
    """What an ended file would still open is what it opened last, not what it opened first."""
    head = HEAD["baseline"].replace("2026-01-01}", "2026-01-01, until: 2028-01-01}")
    late = rules_of(head + rule(during="{from: 2027-01-01}"))
    ended = facts(at=datetime(2028, 1, 1, tzinfo=SHANGHAI))
    assert [change[1] for change in nearest(late, ended)] == ["valid"]


def test_a_file_without_an_end_waits_for_its_beginning() -> None:
    """What is not valid yet, and ends never, is told by its first day."""
    found = nearest(rules_of(HEAD["baseline"] + rule()), facts(at=datetime(2025, 1, 1, tzinfo=SHANGHAI)))
    assert found == [("base/open", "valid", "2026-01-01", "allow")]


def test_the_purposes_of_an_agreement_are_its_own_and_its_rules() -> None:
    """A grant of an agreement waits for a purpose that both the file and the rule list."""
    policies = rules_of(HEAD["agreement"] + rule(to="{client: government}", purposes="[gov.*]"))
    asked = facts(client_class="government", region="310000")
    assert nearest(policies, asked) == []  # two words of one file: purposes of the head, and of the rule
    unsaid = rules_of(HEAD["agreement"] + rule(to="{client: government}"))
    assert nearest(unsaid, asked) == [("deal/open", "purposes", "gov.licensing", "allow")]


def test_the_exception_that_a_limit_waits_for() -> None:
    """A limit that closes is told by its exception; the most generous change comes first, then by rule and word."""
    limits = [
        rule(id="shut", grant="", limit="deny", fields="{name: [legalRepIdNo]}", **{"except": "[{consent: required}]"}),
        rule(
            id="hash", grant="", limit="pseudonym", fields="{name: [legalRepIdNo]}",
            **{"except": "[{scopes: [credit.gov]}]"},
        ),
    ]  # fmt: skip
    policies = rules_of(HEAD["baseline"] + several(rule(**ANY), *limits))
    assert nearest(policies, OFFICE, IDENTITY) == [("base/shut", "consent", "required", "pseudonym")]
    agreed = replace(OFFICE, consent=True)
    assert nearest(policies, agreed, IDENTITY) == [("base/hash", "scopes", "credit.gov", "allow")]
    assert nearest(policies, replace(agreed, scopes=frozenset({"credit.gov"})), IDENTITY) == []


def test_what_opens_more_comes_first() -> None:
    """Of several changes the most generous is first; what would open no more than is open is not told."""
    grants = [
        rule(id="b-tail", grant="tail4", consent="required", **ANY),
        rule(id="a-hash", grant="pseudonym", scopes="[credit.gov]", **ANY),
        rule(id="c-whole", given="[name]", **ANY),
    ]
    policies = rules_of(HEAD["baseline"] + several(*grants))
    assert nearest(policies, OFFICE, IDENTITY) == [
        ("base/c-whole", "given", "name", "allow"),
        ("base/b-tail", "consent", "required", "tail4"),
        ("base/a-hash", "scopes", "credit.gov", "pseudonym"),
    ]
    assert [each[0] for each in nearest(policies, replace(OFFICE, consent=True), IDENTITY)] == ["base/c-whole"]


def test_a_ruling_names_all_that_took_part() -> None:
    """Matching grants and limits are told, and of them those that hold the effect where it is; exceptions spare."""
    rules = [
        rule(id="whole", **ANY), rule(id="part", grant="pseudonym", **ANY),
        rule(id="absent", consent="required", **ANY),
        rule(id="hash", grant="", limit="pseudonym", **ANY),
        rule(id="tail", grant="", limit="tail4", **ANY),
        rule(id="spared", grant="", limit="deny", **ANY, **{"except": "[{given: [uscc]}]"}),
    ]  # fmt: skip
    ruling = rule_on(rules_of(HEAD["baseline"] + several(*rules)), OFFICE, IDENTITY)
    assert (ruling.decision.effect, ruling.decision.rule) == ("pseudonym", "base/hash")
    assert leaves(ruling.grants) == ["part", "whole"]
    assert leaves(ruling.limits) == ["hash", "tail"]
    assert leaves(ruling.deciding) == ["hash"]
    level = rule_on(rules_of(HEAD["baseline"] + several(*rules[1:2], *rules[3:4])), OFFICE, IDENTITY)
    assert leaves(level.deciding) == ["hash", "part"]


def test_what_is_denied_names_the_limits_that_deny() -> None:
    """A denial by a limit is held by it; what nobody opened, or nobody knows, is held by no rule."""
    shut = rule(id="shut", grant="", limit="deny", **ANY)
    policies = rules_of(HEAD["baseline"] + several(rule(id="whole", **ANY), shut))
    ruling = rule_on(policies, OFFICE, IDENTITY)
    assert (ruling.decision.effect, leaves(ruling.deciding)) == (DENY, ["shut"])
    for asked in (facts(), replace(OFFICE, purpose="gov.gossip")):
        silent = rule_on(rules_of(HEAD["baseline"] + rule(**ANY)), asked, IDENTITY)
        assert (silent.decision.rule, silent.deciding, silent.grants, silent.limits) == (NO_GRANT, (), (), ())
    unknown = explain(policies, replace(OFFICE, purpose="gov.gossip"), IDENTITY)
    assert (unknown.ruling.decision.rule, unknown.nearest) == (NO_GRANT, ())


def test_each_change_is_decided_and_not_guessed() -> None:
    """Over random sets every change that is told, made, has just the effect that is told; and it opens more."""
    random, told = Random(17), 0
    for _ in range(share(60)):
        policies = Sets(random).draw()
        asking = Questions(policies, random)
        for _ in range(12):
            asked = asking.ask(NOON)
            record = policies.catalogue.types.get(asked.type)
            for field in list(record.fields.values())[:3] if record else ():
                before = decide(policies, asked, field).effect
                for change in explain(policies, asked, field).nearest:
                    if change.word == "valid":
                        continue  # told by its days
                    steps = (*field.ladder, DENY)
                    assert steps.index(change.effect) < steps.index(before)
                    assert decide(policies, altered(asked, change), field).effect == change.effect
                    told += 1
    assert told > share(60) or TRIALS < 1


def altered(asked: Facts, change: Change) -> Facts:
    """The question with the told fact changed to what is wanted."""
    wants = change.wants
    changed: dict[str, Any] = {
        "client": {"client_class": wants},
        "region": {"region": wants},
        "scopes": {"scopes": asked.scopes | set(wants.split())},
        "purposes": {"purpose": wants},
        "consent": {"consent": True},
        "given": {"given": asked.given | set(wants.split())},
    }
    return replace(asked, **changed[change.word])
