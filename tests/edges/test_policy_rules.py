"""Policy files: what the language refuses, with file and line, and what each layer may not write."""

from __future__ import annotations

import pytest

from policies.findings import Refused
from tests.edges.drafts import rules_of

HEAD = {
    "baseline": """
policy: base
kind: baseline
title: {zh: 基线, en: Base}
owner: {office: 处, contact: a@credit.example}
valid: {from: 2026-01-01}
""",
    "province": """
policy: prov
kind: province
region: "37"
title: {zh: 省, en: Province}
owner: {office: 处, contact: a@credit.example}
valid: {from: 2026-01-01}
""",
    "city": """
policy: town
kind: city
region: "3706"
title: {zh: 市, en: City}
valid: {from: 2026-01-01}
""",
    "agreement": """
policy: deal
kind: agreement
title: {zh: 协议, en: Deal}
between: {provider: "37", consumer: "31"}
valid: {from: 2026-01-01, until: 2028-01-01}
purposes: [gov.licensing]
signed:
  - {by: 甲, key: a, date: 2025-12-01}
  - {by: 乙, key: b, date: 2025-12-02}
""",
}


def rule(**words: str) -> str:
    """A file's rules: one grant of the public fields of enterprises, with words changed, added or taken out."""
    said = {
        "id": "open",
        "why": "{zh: 开, en: Open}",
        "grant": "allow",
        "to": "anyone",
        "subjects": "[Enterprise]",
        "fields": "{class: PUBLIC}",
    } | words
    lines = [f"{word.rstrip('_')}: {value}" for word, value in said.items() if value]
    return "rules:\n  - " + "\n    ".join(lines) + "\n"


def refused(kind: str, body: str, head: str | None = None) -> str:
    with pytest.raises(ValueError, match=r"^rules/0\.yaml:\d+: ") as caught:
        rules_of((head or HEAD[kind]) + body)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["baseline", "province", "agreement"])
def test_a_grant_of_public_fields_loads(kind: str) -> None:
    """The smallest file of each layer that may grant loads, so that the refusals below mean something."""
    assert len(rules_of(HEAD[kind] + rule()).grants) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"to": ""}, "must say `to`"),
        ({"to": "{}"}, "write `anyone`"),
        ({"to": "everyone"}, "write `anyone`"),
        ({"to": "{client: goverment}"}, "unknown class of client `goverment`, did you mean `government`?"),
        ({"to": '{region: "3"}'}, "unknown region `3`"),
        ({"to": '{region: "30"}'}, "unknown region `30`"),
        ({"to": "{region: 37}"}, "`region`"),
        ({"too": "anyone"}, "unknown word `too`, did you mean `to`?"),
        ({"grant": "alow"}, "unknown step `alow`, did you mean `allow`?"),
        ({"grant": "deny"}, "has no effect"),
        ({"grant": "", "limit": "allow"}, "has no effect"),
        ({"limit": "deny"}, "must say `grant` or `limit`, and not both"),
        ({"grant": ""}, "must say `grant` or `limit`, and not both"),
        ({"except_": "[{consent: required}]"}, "only a limit has `except`"),
        ({"grant": "", "limit": "deny", "except_": "[{}]"}, "an exception without a word"),
        ({"grant": "", "limit": "deny", "agreement": "in-force"}, "an agreement can only open"),
        ({"records": "{status: ACTIVE}"}, "`records` belongs under `rows`"),
        ({"purposes": "[gov.licencing]"}, "did you mean `gov.licensing`?"),
        ({"purposes": "[goverment.*]"}, "unknown purpose `goverment.*`"),
        ({"scopes": "[credit.govt]"}, "did you mean `credit.gov`?"),
        ({"subjects": "[enterprise]"}, "did you mean `Enterprise`?"),
        ({"types": "[Penalty]"}, "unknown record type `Penalty`"),
        ({"fields": "{class: PUBLICK}"}, "did you mean `PUBLIC`?"),
        ({"fields": "{tag: identifer}"}, "did you mean `identifier`?"),
        ({"fields": "{name: [fineAmount]}"}, "did you mean `fineAmountWan`?"),
        ({"fields": "{name: [documentNo]}", "types": "[Registration]"}, "unknown field `documentNo`"),
        ({"fields": "{}"}, "at least one of `class`"),
        ({"grant": "tail4"}, "`tail4` is no step for `"),
        ({"consent": "yes"}, "unknown word `yes` for `consent`"),
        ({"self": "true"}, "unknown word"),
        ({"given": "[passport]"}, "unknown word"),
        ({"during": '{hours: "8-18"}'}, 'hours such as "08:00-18:00"'),
        ({"during": '{hours: "08:00-18:00", outsideHours: "08:00-18:00"}'}, "not both"),
        ({"during": "{weekdays: [monday]}"}, "unknown word"),
        ({"during": "{from: yesterday}"}, "a day such as 2026-10-01"),
        ({"during": "{from: 2027-01-01, until: 2026-01-01}"}, "`until` must be after `from`"),
        ({"obligations": "[delete]"}, "unknown obligation `delete`"),
        ({"law": "[某法]"}, "words with values are expected"),
        ({"why": ""}, "`why` is missing"),
        ({"id": "Open It"}, "`id`"),
    ],
)  # fmt: skip
def test_a_slip_in_a_rule_is_refused(words: dict[str, str], said: str) -> None:
    """The vocabulary is closed: whatever is not of it, or says nothing, is refused where it stands."""
    message = refused("baseline", rule(**words))
    assert said in message


LIMIT = {"grant": "", "limit": "deny"}


@pytest.mark.parametrize(
    "words",
    [
        *({word: said} for word in ("purposes", "scopes", "subjects", "types", "given") for said in ("[]", "null")),
        *({word: "null"} for word in ("consent", "agreement", "self", "during", "fields")),
        {"to": "{client: []}"},
        {"to": "{client: government, region: null}"},
        {"fields": "{class: PUBLIC, name: []}"},
        {"during": "{from: 2026-01-01, until: null}"},
        {"during": "{weekdays: []}"},
        *(LIMIT | {"except_": f"[{each}]"} for each in ("{consent: null}", "{scopes: []}", "{to: null}")),
    ],
)
def test_a_word_that_was_left_empty_opens_nothing(words: dict[str, str]) -> None:
    """A missing word matches everything; one that is written and says nothing is a slip, and is refused where it
    stands."""
    assert "nothing is written: say what is meant, or delete the word" in refused("baseline", rule(**words))


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("province", "2026-01-01}", "2026-01-01, until: }", "nothing is written"),
        ("agreement", "purposes:", "quota:\npurposes:", "nothing is written"),
        ("agreement", "purposes:", "quota: {perDay: }\npurposes:", "nothing is written"),
        ("agreement", "purposes:", "quota: {}\npurposes:", "at least one of `perDay`"),
        ("agreement", "purposes:", "assessment:\npurposes:", "nothing is written"),
    ],
)
def test_an_end_or_a_quota_that_was_left_empty_is_refused(kind: str, old: str, new: str, said: str) -> None:
    """A file that says `until:` or `quota:` and no more would last for ever, or give without a bound."""
    assert said in refused(kind, rule(), HEAD[kind].replace(old, new, 1))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("hide: {status: [REPAIRD]}", "unknown status `REPAIRD`, did you mean `REPAIRED`?"),
        ("hide: {severity: [SMALL]}", "unknown severity `SMALL`"),
        ("hide: {procedure: [SIMPEL]}", "unknown procedure `SIMPEL`, did you mean `SIMPLE`?"),
        ("hide: {onlyKinds: [WARN]}", "unknown kind of penalty `WARN`, did you mean `WARNING`?"),
        ("types: [Registration]\n    hide: {procedure: [SIMPLE]}", "unknown procedure `SIMPLE`"),
        ("hide: {age: 5y}", 'an age such as ">= 5y"'),
        ('hide: {age: ">= 5w"}', 'an age such as ">= 5y", ">= 3m" or ">= 90d" is expected'),
        ('hide: {age: ">= 0d"}', "an age such as"),
        ("hide: {from: document}", "`from` says where `age` begins; write `age` too"),
        ('hide: {age: ">= 5y", from: decision}', "unknown word `decision` for `from`"),
        ("mark: {overdue: {afterWorkingDays: 0}, as: LATE}", "`afterWorkingDays`"),
        ("mark: {overdue: {afterDays: 3}, as: LATE}", "unknown word `afterDays`"),
        ("hide: {}", "at least one of `status`"),
        ("hide: {status: [], negative: true}", "nothing is written"),
        ("hide: {status: [ACTIVE], as: X}", "only a mark has a label"),
        ("mark: {status: [ACTIVE]}", "a mark needs its label"),
        ("hide: {status: [ACTIVE]}\n    mark: {status: [ACTIVE], as: X}", "`hide` or `mark`, and not both"),
        ("hide: {status: [ACTIVE]}\n    fields: {class: PUBLIC}", "a row has no `fields`"),
        ("hide: {status: [ACTIVE]}\n    agreement: in-force", "an agreement can only open"),
    ],
)
def test_a_slip_in_a_row_is_refused(row: str, said: str) -> None:
    """Row rules have a vocabulary of their own, as closed as the other."""
    assert said in refused("baseline", f"rows:\n  - id: away\n    why: {{zh: 藏, en: Hide}}\n    {row}\n")


CLOSED = {"grant": "", "limit": "deny"}
SHARED = {"fields": "{class: [PUBLIC, GOV_SHARED]}", "to": "{client: government, region: inside}"}


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("city", {}, "a city may only tighten"),
        ("baseline", SHARED | {"to": "{client: government}"}, "across provinces"),
        ("baseline", SHARED | {"to": "{client: government, region: outside}"}, "across provinces"),
        ("baseline", SHARED | {"to": "{region: inside}"}, "name the classes of `client`"),
        ("province", SHARED | {"to": '{client: government, region: ["37", "31"]}'}, "across provinces"),
        ("baseline", SHARED | {"to": "{client: subject}"}, "write `self: required`"),
        ("agreement", SHARED | {"to": "anyone"}, "name the classes of `client`"),
        ("agreement", SHARED | {"to": "{client: [government, subject]}"}, "write `self: required`"),
        ("baseline", {"subjects": "[NaturalPerson]", "types": "[JudgmentDebtor]"}, "state its `law`"),
        ("baseline", CLOSED | {"except_": "[{to: {client: subject}}]"}, "must carry `self: required`"),
        ("baseline", CLOSED | {"except_": "[{to: {client: [court, subject]}}]"}, "must carry `self: required`"),
    ],
)  # fmt: skip
def test_a_layer_may_not_write_everything(kind: str, words: dict[str, str], said: str) -> None:
    """Cities only tighten; non-public fields stay in their province without an agreement; a subject comes as itself."""
    assert said in refused(kind, rule(**words))


def test_what_a_layer_may_write() -> None:
    """Inside the province, under an agreement, and for the subject itself, non-public fields may be opened."""
    rules_of(HEAD["baseline"] + rule(**SHARED))
    rules_of(HEAD["province"] + rule(**SHARED | {"to": '{client: government, region: "37"}'}))
    rules_of(HEAD["agreement"] + rule(**SHARED | {"to": "{client: government}"}))
    rules_of(HEAD["baseline"] + rule(**SHARED | {"to": "{client: subject}", "self": "required"}))
    rules_of(HEAD["city"] + rule(grant="", limit="deny"))


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("agreement", 'between: {provider: "37", consumer: "31"}\n', "", "must say `between`"),
        ("agreement", "purposes: [gov.licensing]\n", "", "must say `purposes`"),
        ("agreement", ", until: 2028-01-01", "", "an agreement must end"),
        ("agreement", "until: 2028-01-01", "until: 2026-01-01", "`until` must be after `from`"),
        ("agreement", "  - {by: 乙, key: b, date: 2025-12-02}\n", "", "the signatures of both sides"),
        ("agreement", "by: 乙", "by: 甲", "the signatures of both sides"),
        ("agreement", 'consumer: "31"', 'consumer: "37"', "must be two provinces"),
        ("agreement", 'consumer: "31"', 'consumer: "30"', "unknown province `30`"),
        ("province", 'region: "37"\n', "", "must say `region`"),
        ("province", 'region: "37"', 'region: "3706"', "two digits"),
        ("city", 'region: "3706"', 'region: "37"', "four or six digits"),
        ("city", 'region: "3706"', 'region: "37０６"', "not written as it should be, such as `3702`"),
        ("city", 'region: "3706"', 'region: "3712"', "`3712` is retired; write `370116` and `370117`"),
        ("city", 'region: "3706"', 'region: "371624"', "`371624` is retired; write `371603`"),
        ("baseline", "title:", 'region: "37"\ntitle:', "a baseline has none"),
        ("baseline", "title:", "obligations: [delete-within-30d]\ntitle:", "a word of agreements"),
        ("baseline", "owner: {office: 处, contact: a@credit.example}\n", "", "whom does a partner ask?"),
        ("baseline", "kind: baseline", "kind: base", "did you mean `baseline`?"),
    ],
)  # fmt: skip
def test_the_head_of_a_file_is_of_its_kind(kind: str, old: str, new: str, said: str) -> None:
    """An agreement is signed by both, bounded in time and purpose; a province and a city say which they are."""
    head = HEAD[kind]
    assert old in head
    body = rule(grant="", limit="deny") if kind == "city" else rule()
    assert said in refused(kind, body, head.replace(old, new, 1))


def test_an_obligation_that_nobody_knows_is_refused() -> None:
    """What a receiver must do is said in the catalogue's words, in rules and in heads of files, or nothing loads."""
    head = HEAD["agreement"] + "obligations: [no-onward-transfer, delete-soon]\n"
    said = refused("agreement", rule(to="{client: government}"), head)
    assert "unknown obligation `delete-soon`" in said
    assert "unknown obligation `no-onward-transfer`" not in said
    misspelt = refused("baseline", rule(obligations="[delete-within-3d]"))
    assert "unknown obligation `delete-within-3d`, did you mean `delete-within-30d`?" in misspelt


def test_ids_are_unique() -> None:
    """Two files of one name, and two rules of one name in a file, are refused: a rule id names one rule."""
    with pytest.raises(Refused, match="stands also in"):
        rules_of(HEAD["baseline"] + rule(), HEAD["baseline"] + rule())
    twice = rule() + rule(grant="", limit="deny").removeprefix("rules:\n")
    assert "used twice" in refused("baseline", twice)


def test_an_unverified_law_is_marked() -> None:
    """A citation carries its mark into the rule, so that nobody takes general knowledge for the text of a law."""
    policies = rules_of(HEAD["baseline"] + rule(law="[{text: 某法, mark: K}]"))
    assert [law.verified for law in policies.grants[0][1].law] == [False]
