"""A filter, an order or a count needs the field in full: a masked field cannot be guessed by asking around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import House, gateway_beside
from tests.promises.small_sets import seal
from tests.promises.test_denied_is_never_fetched import Recorder

TIGHTER = """
policy: qingdao
kind: city
region: "370200"
title: {zh: 青岛市收紧示例, en: Qingdao tightens (test)}
owner: {office: 青岛市, contact: qd@example.org}
valid: {from: 2026-01-01}
rules:
  - id: months-only
    why: {zh: 处罚日期只到月份, en: The day of a penalty stays in the city}
    law: [{text: 测试, mark: E}]
    limit: month
    to: anyone
    types: [AdministrativePenalty]
    fields: {name: [decisionDate]}
"""

QUERY = """query($id: SubjectKey!, $since: Date) { subject(id: $id) {
    administrativePenalties(from: $since) {
        nodes { id documentNo decisionDate provenance { platform } }
        complete totalCount sources { platform status } } } }"""


def tighten(home: Path) -> None:
    folder = home / "policies"
    (folder / "rules" / "40-qingdao.yaml").write_text(TIGHTER, "utf-8")
    seal(folder)


@pytest.fixture(scope="module")
def tighter(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with gateway_beside(house, tmp_path_factory.mktemp("tighter"), tighten) as found:
        yield found


def test_a_city_masks_its_own_dates_only(tighter: House) -> None:
    """A city's limit masks the city's records before they are merged; another platform's copy keeps its own date."""
    nodes = tighter.ask(QUERY, "many_platforms")["data"]["subject"]["administrativePenalties"]["nodes"]
    dates = {frozenset(p["platform"] for p in node["provenance"]): node["decisionDate"] for node in nodes}
    assert len(dates[frozenset({"370200-qingdao-double-publicity"})]) == len("2026-03")
    assert len(dates[frozenset({"370600-yantai-credit"})]) == len("2026-03-29")


def test_a_filter_on_a_masked_field_closes_that_platform(tighter: House) -> None:
    """Filtering by a date that Qingdao masks leaves Qingdao unasked: DENIED, told, and not complete."""
    answer = tighter.ask(QUERY, "many_platforms", since="2020-01-01")
    connection = answer["data"]["subject"]["administrativePenalties"]
    status = {source["platform"]: source["status"] for source in connection["sources"]}
    assert status == {
        "370200-qingdao-double-publicity": "DENIED", "370600-yantai-credit": "ANSWERED",
        "370700-weifang-drop": "NONE", "371000-weihai-credit": "NONE",
    }  # fmt: skip
    assert connection["complete"] is False
    assert connection["totalCount"] is None
    assert {p["platform"] for node in connection["nodes"] for p in node["provenance"]} == {"370600-yantai-credit"}
    told = [e for e in answer["extensions"]["withheld"] if e["rule"] == "qingdao/months-only" and e["effect"] == "DENY"]
    assert [entry["coordinate"] for entry in told] == ["AdministrativePenalty"]


def test_order_does_not_betray_a_masked_date(tighter: House, house: House) -> None:
    """Where a date is masked, records come in the order of their opaque ids, not of the hidden days."""
    masked = tighter.ask(QUERY, "many_platforms")["data"]["subject"]["administrativePenalties"]["nodes"]
    ids = [node["id"] for node in masked]
    assert ids == sorted(ids)
    plain = house.ask(QUERY, "many_platforms")["data"]["subject"]["administrativePenalties"]["nodes"]
    days = [node["decisionDate"] for node in plain]
    assert days == sorted(days, reverse=True)


CLOSER = """
policy: shandong-closer
kind: province
region: "37"
title: {zh: 山东省收紧示例, en: Shandong tightens (test)}
owner: {office: 山东省, contact: sd@example.org}
valid: {from: 2026-01-01}
rules:
  - id: surnames-only
    why: {zh: 名称只到姓氏, en: Names stay in the province}
    law: [{text: 测试, mark: E}]
    limit: surname
    to: {client: public}
    types: [Registration]
    fields: {name: [name]}
  - id: no-areas
    why: {zh: 不提供区划, en: Areas stay in the province}
    law: [{text: 测试, mark: E}]
    limit: deny
    to: {client: public}
    types: [Registration]
    fields: {name: [areaCode]}
"""


def test_what_is_searched_or_narrowed_by_must_be_held_in_full(house: House, tmp_path: Path) -> None:
    """A masked name cannot be searched, a denied area narrows nothing: closed, told, and nobody is asked."""

    def close(home: Path) -> None:
        folder = home / "policies"
        (folder / "rules" / "20-closer.yaml").write_text(CLOSER, "utf-8")
        seal(folder)

    search = """{ search(name: "示例") { nodes { uscc } totalCount complete sources { platform status } } }"""
    narrowed = """query($id: SubjectKey!) { subject(id: $id) {
        registrations(regions: ["370602"]) { nodes { regState } complete sources { status } } } }"""
    with gateway_beside(house, tmp_path, close) as closer, Recorder(house) as recorder:
        recorder.clear()
        answer = closer.ask(search)
        found = answer["data"]["search"]
        assert (found["nodes"], found["complete"], found["totalCount"]) == ([], False, None)
        assert "DENIED" in {source["status"] for source in found["sources"]}
        closing = {entry["rule"] for entry in answer["extensions"]["withheld"] if entry["effect"] == "DENY"}
        assert "shandong-closer/surnames-only" in closing
        found = closer.ask(narrowed, "many_platforms")["data"]["subject"]["registrations"]
        assert (found["nodes"], found["complete"]) == ([], False)
        assert {source["status"] for source in found["sources"]} == {"DENIED"}
        assert recorder.asked() == set()
    assert house.ask(narrowed, "many_platforms")["data"]["subject"]["registrations"]["nodes"]


TRIED = """query($id: SubjectKey!) { subject(id: $id) { administrativePenalties {
    nodes { documentNo } complete totalCount sources { platform status records } } } }"""


@pytest.mark.parametrize("person", ["debtor_person", "clean_person"])
def test_a_name_that_may_not_be_read_cannot_be_tried(house: House, person: str) -> None:
    """Beside a person's code, who may not have the name in full gets the same for the true name and for a wrong one:
    closed, told by the rule, and nobody is asked; without a name the same question is answered."""
    asker: Any = {"as_": "weihai-licensing-desk", "purpose": "gov.licensing"}
    with Recorder(house) as recorder:
        recorder.clear()
        answers = [
            house.ask(TRIED, {**house.key(person), "name": name}, **asker)
            for name in (house.subjects[person]["name"], "欧阳无名")
        ]
        assert recorder.asked() == set()
    for answer in answers:
        answer["extensions"].pop("decision")
    assert answers[0] == answers[1]
    found = answers[0]["data"]["subject"]["administrativePenalties"]
    assert (found["nodes"], found["complete"], found["totalCount"]) == ([], False, None)
    assert {source["status"] for source in found["sources"]} == {"DENIED"}
    assert "AdministrativePenalty" in {entry["coordinate"] for entry in answers[0]["extensions"]["withheld"]}
    plain = house.ask(TRIED, person, **asker)["data"]["subject"]["administrativePenalties"]
    assert "DENIED" not in {source["status"] for source in plain["sources"]}


def test_who_answers_no_open_question_is_not_asked_one(house: House, tmp_path: Path) -> None:
    """A filter alone does not make a platform searchable: one that needs a subject is NOT_ASKED, and not broken."""

    def declare(home: Path) -> None:
        path = home / "platforms" / "370600-yantai-credit.yaml"
        text = path.read_text("utf-8")
        head, sign, tail = text.partition("  Registration:")
        before, key, after = tail.partition("    key: ")
        assert key
        named = "    filters: {name: {ops: [contains], params: [keyword]}}\n"
        path.write_text(f"{head}{sign}{before}{named}{key}{after}", "utf-8")

    with gateway_beside(house, tmp_path, declare) as other:
        found = other.ask('{ search(name: "多处运输") { complete sources { platform status } } }')["data"]["search"]
    statuses = {source["platform"]: source["status"] for source in found["sources"]}
    assert statuses["370600-yantai-credit"] == "NOT_ASKED"
    assert found["complete"] is False
