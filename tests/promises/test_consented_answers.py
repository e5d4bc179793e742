"""What a consent opens: this subject, to this grantee, for this purpose and record type, now, and nothing else.

The gateway here has two fields of class AUTHORIZED and lenders who may see them with consent; consents come from
the demo's consent service, over its real socket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from deploy.demo import codes
from tests.conftest import House, gateway_beside, open_house
from tests.promises.small_sets import seal

LENDING = """
policy: lending
kind: province
region: "37"
title: {zh: 融资授信示例, en: Lending (test)}
owner: {office: 测试, contact: test@credit.example}
valid: {from: 2026-01-01}
rules:
  - id: with-consent
    why: {zh: 经主体授权可查, en: Lenders see what the subject agreed to}
    grant: allow
    to: {client: licensedFinancial, region: inside}
    scopes: [credit.finance]
    purposes: [finance.loan]
    consent: required
    fields: {class: AUTHORIZED}
"""
LENDING_SHANGHAI = """
policy: lending-37-31
kind: agreement
title: {zh: 鲁沪融资示例, en: Lending to Shanghai (test)}
owner: {office: 测试, contact: test@credit.example}
between: {provider: "37", consumer: "31"}
valid: {from: 2026-01-01, until: 2036-01-01}
purposes: [finance.loan]
signed:
  - {by: 甲, key: a, date: 2025-12-01}
  - {by: 乙, key: b, date: 2025-12-01}
rules:
  - id: with-consent
    why: {zh: 经主体授权可查, en: Lenders see what the subject agreed to}
    grant: allow
    to: {client: licensedFinancial}
    scopes: [credit.finance]
    consent: required
    fields: {class: AUTHORIZED}
"""
PERSONAL = "class: PUBLIC, person: AUTHORIZED"
AUTHORISED = {"Registration.regCapital": "class: AUTHORIZED", "AdministrativePenalty.content": PERSONAL}
CAPITAL = """query($id: SubjectKey!) { subject(id: $id) { id name
    registrations { nodes { regCapital regState } complete } } }"""
PERSON = "query($id: SubjectKey!) { subject(id: $id) { id administrativePenalties { nodes { content } complete } } }"
BATCH = "query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id registrations { nodes { regCapital } } } }"
COORDINATE = "Registration.regCapital"
BANK: Any = {"as_": "weifang-village-bank", "purpose": "finance.loan"}
SHANGHAI: Any = {"as_": "shanghai-lender", "purpose": "finance.loan"}


def lend(home: Path) -> None:
    folder = home / "policies"
    for coordinate, words in AUTHORISED.items():
        type_name, name = coordinate.split(".")
        path = folder / "catalogue" / "types" / f"{type_name}.yaml"
        text, count = re.subn(rf"(?m)^(  {name}: .*)class: PUBLIC", rf"\1{words}", path.read_text("utf-8"))
        assert count == 1
        path.write_text(text, "utf-8")
    (folder / "rules" / "20-lending.yaml").write_text(LENDING, "utf-8")
    (folder / "rules" / "60-lending.yaml").write_text(LENDING_SHANGHAI, "utf-8")
    seal(folder)


@pytest.fixture(scope="module")
def lending(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with gateway_beside(house, tmp_path_factory.mktemp("lending"), lend) as found:
        yield found


def give(house: House, subject: Any = "clean", **changes: Any) -> str:
    """A consent of `subject` to the village bank for loans and registrations, changed; the token."""
    asked = {"client": BANK["as_"], "subject": subject, "purpose": "finance.loan", "types": ["Registration"], **changes}
    answer = httpx2.post(f"{house.demo.consent_service}/consents", json=asked, trust_env=False)
    return str(answer.raise_for_status().json()["token"])


def capitals(answer: dict[str, Any]) -> list[Any]:
    return [node["regCapital"] for node in answer["data"]["subject"]["registrations"]["nodes"]]


def states(answer: dict[str, Any]) -> list[str]:
    return [consent["state"] for consent in answer["extensions"]["consents"]]


def closed(answer: dict[str, Any], coordinate: str = COORDINATE) -> dict[str, Any]:
    [entry] = [e for e in answer["extensions"]["withheld"] if e["coordinate"] == coordinate]
    return entry  # type: ignore[no-any-return]


@pytest.mark.parametrize("who", [BANK, SHANGHAI], ids=lambda who: who["as_"])
def test_a_consent_opens_what_was_agreed_to(lending: House, who: Any) -> None:
    """Without consent the field is withheld and the remedy told; with it the value comes, for either lender."""
    without = lending.ask(CAPITAL, "clean", **who)
    assert capitals(without) == [None]
    assert (closed(without)["effect"], closed(without)["remedy"]) == ("DENY", "consent")
    assert "consents" not in without["extensions"]
    answer = lending.ask(CAPITAL, "clean", consents=[give(lending, client=who["as_"])], **who)
    assert capitals(answer) != [None]
    assert answer["data"]["subject"]["registrations"]["nodes"][0]["regState"]
    assert states(answer) == ["VALID"]
    assert [e for e in answer["extensions"]["withheld"] if e["coordinate"] == COORDINATE] == []


def test_a_consent_may_come_in_the_header(lending: House) -> None:
    """The header `Credit-Consent` takes one consent and stands first; two headers are refused."""
    token, expired = give(lending), give(lending, starts=-40, days=30)
    answer = lending.ask(CAPITAL, "clean", headers={"Credit-Consent": token}, consents=[expired], **BANK)
    assert states(answer) == ["VALID", "EXPIRED"]
    assert capitals(answer) != [None]
    pairs = [*lending.headers(**{"caller": BANK["as_"], "purpose": BANK["purpose"]}).items()]
    body = {"query": CAPITAL, "variables": {"id": lending.key("clean")}}
    headers = httpx2.Headers([*pairs, ("Credit-Consent", token), ("Credit-Consent", token)])
    refused = lending.client.post("/graphql", json=body, headers=headers)
    assert refused.json()["errors"][0]["extensions"]["code"] == "MALFORMED_REQUEST"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"starts": -40, "days": 30}, "EXPIRED"),
        ({"starts": 5}, "NOT_YET"),
        ({"client": "shanghai-lender"}, "NOT_FOR_YOU"),
        ({"purpose": "gov.licensing"}, "VALID"),
        ({"types": ["AdministrativePenalty", "registration"]}, "VALID"),
        ({"subject": "penalised"}, "VALID"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_a_consent_to_something_else_opens_nothing(lending: House, changes: dict[str, Any], state: str) -> None:
    """Expired, not yet, another grantee, purpose, record type or subject: the same answer as without, and its state."""
    without = lending.ask(CAPITAL, "clean", **BANK)
    answer = lending.ask(CAPITAL, "clean", consents=[give(lending, **changes)], **BANK)
    assert states(answer) == [state]
    assert answer["data"] == without["data"]
    assert answer["extensions"]["withheld"] == without["extensions"]["withheld"]


def test_a_bad_consent_is_no_error_and_spoils_no_good_one(lending: House) -> None:
    """Rubbish, a tampered consent and a good one together: each has its state, and the good one opens."""
    good = give(lending)
    head, claims, signature = give(lending).split(".")
    tampered = ".".join((head, claims, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))
    answer = lending.ask(CAPITAL, "clean", consents=["rubbish", tampered, good, lending.token(**TOKEN)], **BANK)
    assert states(answer) == ["MALFORMED", "NOT_VERIFIED", "VALID", "MALFORMED"]
    assert [consent["id"] is None for consent in answer["extensions"]["consents"]] == [True, True, False, True]
    assert capitals(answer) != [None]
    assert "errors" not in answer


TOKEN = {"caller": BANK["as_"], "purpose": BANK["purpose"]}


def test_the_public_holds_no_consent(lending: House) -> None:
    """Without a token nobody is a grantee: the consent is not even read, and the answer is the public's."""
    answer = lending.ask(CAPITAL, "clean", consents=[give(lending), "rubbish"])
    assert answer["extensions"]["consents"] == [{"id": None, "state": "NOT_FOR_YOU"}] * 2
    assert capitals(answer) == [None]


def test_too_many_consents_are_refused(lending: House) -> None:
    """201 consents, or something else than a list of texts, are refused before anything is asked."""
    token = give(lending)
    for consents, code in (([token] * 201, "LIMIT_EXCEEDED"), ([1], "MALFORMED_REQUEST"), (token, "MALFORMED_REQUEST")):
        body = {"query": CAPITAL, "variables": {"id": lending.key("clean")}, "extensions": {"consents": consents}}
        answer = lending.post(body, lending.headers(**TOKEN)).json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
        assert token not in str(answer)


def test_a_withdrawal_counts_from_the_very_next_request(lending: House) -> None:
    """Answered, withdrawn, asked again: the second answer has nothing of it and says WITHDRAWN."""
    token = give(lending)
    answer = lending.ask(CAPITAL, "clean", consents=[token], **BANK)
    [told] = answer["extensions"]["consents"]
    assert capitals(answer) != [None]
    service = lending.demo.consent_service
    httpx2.post(f"{service}/consents/{told['id']}/withdraw", trust_env=False).raise_for_status()
    answer = lending.ask(CAPITAL, "clean", consents=[token], **BANK)
    assert answer["extensions"]["consents"] == [{"id": told["id"], "state": "WITHDRAWN"}]
    assert capitals(answer) == [None]


def test_a_consent_ends_at_its_instant_though_decisions_are_remembered(house: House, tmp_path: Path) -> None:
    """The same question a minute before and at the end of the consent: rules did not change, the answer does."""
    end = datetime.now(UTC) + timedelta(days=1)
    clock = [end - timedelta(minutes=1)]
    with gateway_beside(house, tmp_path, lend, now=lambda: clock[0]) as later:
        token = give(later, days=1)
        assert capitals(later.ask(CAPITAL, "clean", consents=[token], **BANK)) != [None]
        clock[0] = end + timedelta(minutes=1)
        assert capitals(later.ask(CAPITAL, "clean", consents=[token], **BANK)) == [None]


class Recorder:
    """Every code that reached a platform: parameters of statements, and the questions that the APIs recorded."""

    def __init__(self, house: House) -> None:
        self._texts: list[str] = []
        self._apis = [p["url"] for p in house.running.description["platforms"] if p["kind"] == "rest"]

    def __enter__(self) -> Recorder:
        event.listen(Engine, "before_cursor_execute", self._heard)
        for url in self._apis:
            httpx2.delete(f"{url}/__recorder__", trust_env=False)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._heard)

    def _heard(self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self._texts.append(f"{statement} {parameters}")

    def text(self) -> str:
        heard = [httpx2.get(f"{url}/__recorder__", trust_env=False).text for url in self._apis]
        return "\n".join([*self._texts, *heard])


def organisations(house: House, count: int) -> list[dict[str, str]]:
    """So many organisations, those of the province first; the rest have no record anywhere."""
    known = [s.key for s in house.running.province.world.subjects if s.key_kind == "uscc"]
    made = [codes.uscc("91", "370202", 70_000 + number) for number in range(count)]
    return [{"uscc": code} for code in [*known, *made][:count]]


def test_ninety_of_two_hundred_have_consented(lending: House) -> None:
    """Ninety get their field, the others' is withheld in one entry, and no platform was asked for any of the others."""
    keys = organisations(lending, 200)
    agreed = {place for place in range(200) if place % 20 < 9}
    assert len(agreed) == 90
    tokens = [give(lending, keys[place]) for place in sorted(agreed)]
    with Recorder(lending) as recorder:
        answer = lending.ask(BATCH, ids=keys, consents=tokens, **BANK)
        asked = recorder.text()
    assert states(answer) == ["VALID"] * 90
    assert {place for place in range(200) if keys[place]["uscc"] in asked} == agreed
    shown = {
        place
        for place, subject in enumerate(answer["data"]["subjects"])
        if any(node["regCapital"] is not None for node in subject["registrations"]["nodes"])
    }
    assert shown <= agreed
    assert len(shown) > 20
    entry = closed(answer)
    assert entry["subjects"] == sorted(set(range(200)) - agreed)
    assert (entry["effect"], entry["rule"], entry["remedy"]) == (
        "DENY",
        "national-baseline/authorised-ceiling",
        "consent",
    )


def test_a_batch_is_nothing_but_its_questions(lending: House) -> None:
    """A consented and an unconsented subject in one question get what each would get alone."""
    keys = [lending.key(name) for name in ("clean", "penalised", "many_platforms")]
    tokens = [give(lending, "penalised")]
    together = lending.ask(BATCH, ids=keys, consents=tokens, **BANK)["data"]["subjects"]
    alone = [lending.ask(BATCH, ids=[key], consents=tokens, **BANK)["data"]["subjects"][0] for key in keys]
    assert together == alone
    assert [bool(subject["registrations"]["nodes"]) for subject in together] == [False, True, False]


def test_a_natural_person_is_known_only_under_a_consent_that_covers_them(lending: House) -> None:
    """Null and unasked without a consent, with another's, or with one for another type; known with their own."""
    key = lending.key("minor_person")
    types = ["AdministrativePenalty"]
    useless: list[Sequence[str]] = [
        [],
        [give(lending, "clean_person", types=types)],
        [give(lending, "minor_person", types=["JudgmentDebtor"])],
        [give(lending, "minor_person", types=types, client="shanghai-lender")],
    ]
    with Recorder(lending) as recorder:
        answers = [lending.ask(PERSON, key, consents=tokens, **BANK) for tokens in useless]
        assert key["citizenId"] not in recorder.text()
        known = lending.ask(PERSON, key, consents=[give(lending, "minor_person", types=types)], **BANK)
        assert key["citizenId"] in recorder.text()
    for answer in answers:
        assert answer["data"] == {"subject": None}
        assert answer["extensions"]["sources"] == []
        assert closed(answer, "AdministrativePenalty.content")["remedy"] == "consent"
        assert answer["extensions"]["withheld"] == answers[0]["extensions"]["withheld"]
    assert known["data"]["subject"]["administrativePenalties"]["complete"] is True


def test_the_remedy_is_told_only_where_it_is_one(lending: House) -> None:
    """Consent is no remedy for who may not see the field even so: another client, no fitting purpose."""
    callers: tuple[Any, ...] = ({"as_": "public"}, {"as_": "zhejiang-bureau", "purpose": "gov.licensing"})
    for who in callers:
        assert "remedy" not in closed(lending.ask(CAPITAL, "clean", **who))


def test_the_record_names_the_consents_and_nobody_else(lending: House) -> None:
    """The audit keeps id and issuer of each consent that an answer stood on; of the others, and of whom, nothing."""
    used, unused = give(lending), give(lending, "penalised")
    answer = lending.ask(CAPITAL, "clean", consents=[unused, used], **BANK)
    [_, told] = answer["extensions"]["consents"]
    lines = [
        line for path in sorted((lending.home / "audit").glob("records-*")) for line in path.read_bytes().splitlines()
    ]
    [record] = [
        r for r in (orjson.loads(line)["record"] for line in lines) if r["decision"] == answer["extensions"]["decision"]
    ]
    assert record["consents"] == [{"id": told["id"], "issuer": lending.demo.consent_service}]
    assert {ask["consent"] for ask in record["asks"] if "regCapital" in ask["fields"]} == {True}
    written = b"".join(lines)
    for secret in (used, unused, lending.key("clean")["uscc"]):
        assert secret.encode() not in written


def test_without_its_service_no_consent_holds(tmp_path: Path) -> None:
    """Killed, the service leaves its consents NOT_VERIFIED and the answer closed; its withdrawals outlive it."""
    with open_house(tmp_path / "home", subjects=40) as house, gateway_beside(house, tmp_path, lend) as own:
        kept, withdrawn = give(own), own.demo.consents["withdrawn"]["token"]
        assert capitals(own.ask(CAPITAL, "clean", consents=[kept], **BANK)) != [None]
        house.running.province.kill("consents")
        answer = own.ask(CAPITAL, "clean", consents=[kept], **BANK)
        assert (states(answer), capitals(answer)) == (["NOT_VERIFIED"], [None])
        house.running.province.restart("consents")
        answer = own.ask(CAPITAL, "clean", consents=[kept], **BANK)
        assert (states(answer), capitals(answer) != [None]) == (["VALID"], True)
        assert states(own.ask(CAPITAL, "clean", consents=[withdrawn], **SHANGHAI)) == ["WITHDRAWN"]


def test_ready_consents_are_what_the_demo_says(house: House) -> None:
    """Each named consent of the demo has the state that demo.json promises, shown by whom it says."""
    for name, ready in house.demo.consents.items():
        who = {"as_": ready["shown_by"], "purpose": "finance.loan"}
        answer = house.ask(CAPITAL, ready["subject"], consents=[house.demo.consent(name)], **who)
        assert answer["extensions"]["consents"] == [{"id": ready["id"], "state": ready["state"]}], name
    assert {ready["state"] for ready in house.demo.consents.values()} >= {
        "VALID",
        "EXPIRED",
        "WITHDRAWN",
        "NOT_FOR_YOU",
    }
