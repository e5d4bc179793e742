"""A rule in words says what is decided: where every entry is needed, from when until when, and whose records."""

from __future__ import annotations

import pytest

from policies import wording
from tests.edges.drafts import rules_of
from tests.edges.test_policy_rules import HEAD, rule


def told(kind: str, language: str, **words: str) -> str:
    policies = rules_of(HEAD[kind] + rule(**words))
    policy, read = (*policies.grants, *policies.limits)[0]
    return wording.sentence(read, policy, policies.catalogue, language)


@pytest.mark.parametrize(
    ("during", "zh", "en"),
    [
        ("{from: 2026-10-01}", "自2026-10-01起", "from 2026-10-01"),
        ("{until: 2026-10-01}", "2026-10-01之前", "before 2026-10-01"),
        (
            "{from: 2026-10-01, until: 2027-01-01}",
            "自2026-10-01起, 2027-01-01之前",
            "from 2026-10-01, before 2027-01-01",
        ),
        ('{outsideHours: "08:00-18:00"}', "08:00-18:00以外", "outside 08:00-18:00"),
        ("{weekdays: [fri, mon]}", "mon fri", "mon fri"),
    ],
)
def test_a_beginning_is_no_end(during: str, zh: str, en: str) -> None:
    """A rule that begins on a day and one that ends before it are two sentences."""
    assert f"时间：{zh}" in told("baseline", "zh", during=during)
    assert en in told("baseline", "en", during=during)


def test_all_scopes_are_needed_and_any_purpose_will_do() -> None:
    """`scopes` and `given` want every entry, the other words one of theirs; the sentence says which."""
    words = {"scopes": "[credit.gov, credit.restricted]", "given": "[citizenId, name]"}
    words["purposes"] = "[gov.licensing, gov.procurement]"
    english, chinese = (told("baseline", language, **words) for language in ("en", "zh"))
    assert "with scope credit.gov and credit.restricted" in english
    assert "gives citizenId and name" in english
    assert "须有权限：credit.gov 和 credit.restricted" in chinese
    assert "for " in english
    assert english.count(" / ") == 1


def test_the_head_of_a_file_is_told_with_its_rules() -> None:
    """A city's limit is one on the city's records, and an agreement's rules end with it, rows among them."""
    assert told("city", "en", grant="", limit="deny").endswith("(records of 3706)")
    assert told("agreement", "zh").endswith("自2026-01-01起, 2028-01-01之前)")
    row = 'rows:\n  - id: away\n    why: {zh: 藏, en: Hide}\n    hide: {age: ">= 3m"}\n'
    policies = rules_of(HEAD["city"] + row)
    (policy,) = policies.policies
    assert wording.row_sentence(policy.rows[0], policy, policies.catalogue, "en").endswith("(records of 3706)")
