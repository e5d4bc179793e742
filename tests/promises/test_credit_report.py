"""The report keeps apart: found, none found, not permitted, not answered, not asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.checking import read_policies
from gateway.model import Branch, Root, Subject, Window
from gateway.shaping import reporting
from gateway.shaping.connections import Connection
from tests.conftest import House
from tests.promises.penalties import CATALOGUE, KEY
from tests.promises.test_denied_is_never_fetched import Recorder

SHANGHAI: dict[str, Any] = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}
REPORT = """query($id: SubjectKey!) { creditReport(id: $id) {
    subject { id kind name }
    basics { title { zh } state complete outcomes { type state records } registrations { nodes { name } } }
    administration { state complete outcomes { type state records }
        administrativePenalties(first: 1) { nodes { documentNo procedure } pageInfo { hasNextPage } complete } }
    judicial { state outcomes { type state records } }
    improvement { title { zh } state complete outcomes { type } } } }"""


def report(house: House, example: Any, query: str = REPORT, **caller: Any) -> dict[str, Any]:
    answer = house.ask(query, example, **caller)
    found: dict[str, Any] = answer["data"]["creditReport"]
    return found


def states(section: dict[str, Any]) -> dict[str, str]:
    return {line["type"]: line["state"] for line in section["outcomes"]}


def test_a_section_says_what_was_found_and_what_was_not(house: House) -> None:
    """A firm with a registration only: found, none found, and a section for which nobody keeps records."""
    found = report(house, "clean", **SHANGHAI)
    assert found["subject"]["kind"] == "Enterprise"
    assert found["subject"]["name"] == found["basics"]["registrations"]["nodes"][0]["name"]
    assert found["basics"]["title"]["zh"] == "登记注册基本信息"
    assert (found["basics"]["state"], states(found["basics"])) == ("FOUND", {"Registration": "FOUND"})
    assert found["administration"]["state"] == "NONE_FOUND"
    assert found["administration"]["complete"] is True
    assert {line["records"] for line in found["administration"]["outcomes"]} == {0}
    assert found["judicial"]["state"] == "NONE_FOUND"
    assert (found["improvement"]["state"], found["improvement"]["outcomes"]) == ("NOT_ASKED", [])


def test_connections_of_a_section_are_whole_connections(house: House) -> None:
    """They take arguments and page as those of a subject do, and hold the same records."""
    found = report(house, "many_platforms", **SHANGHAI)["administration"]["administrativePenalties"]
    direct = """query($id: SubjectKey!) { subject(id: $id) {
        administrativePenalties(first: 1) { nodes { documentNo procedure } pageInfo { hasNextPage } complete } } }"""
    assert found == house.ask(direct, "many_platforms", **SHANGHAI)["data"]["subject"]["administrativePenalties"]
    assert found["pageInfo"]["hasNextPage"] is True


def test_a_repaired_penalty_reads_as_none_found(house: House) -> None:
    """What is hidden is not there: neither state nor number says that a repaired record exists."""
    assert (
        report(house, "repaired", **SHANGHAI)["administration"] == report(house, "clean", **SHANGHAI)["administration"]
    )


def test_what_is_withheld_of_a_section_is_told_at_a_place_that_the_answer_has(house: House) -> None:
    """Rules that hide records count for a section's state too: they are told at the section, which has no `nodes`."""
    query = """query($id: SubjectKey!) { creditReport(id: $id) {
        administration { state } judicial { state judgmentDebtors { nodes { caseNo } } } } }"""
    entries = house.ask(query, "many_platforms", **SHANGHAI)["extensions"]["withheld"]
    assert {path for entry in entries for path in entry.get("paths", [entry["path"]])} == {
        "creditReport.administration", "creditReport.judicial", "creditReport.judicial.judgmentDebtors.nodes.*",
    }  # fmt: skip


def test_a_remembered_decision_on_a_section_is_not_told_of_a_connection(house: House) -> None:
    """The same record type, fields and place in the answer, once as a section's state and once as records: what is
    withheld is told at the place that each answer has, whichever was asked first."""
    section = "query($id: SubjectKey!) { one: creditReport(id: $id) { two: judicial { state } } }"
    records = "query($id: SubjectKey!) { one: subject(id: $id) { two: judgmentDebtors { totalCount } } }"
    for query in (section, records, section):
        entries = house.ask(query, "many_platforms", **SHANGHAI)["extensions"]["withheld"]
        assert {entry["path"] for entry in entries} == {"one.two" if query == section else "one.two.nodes.*"}


def test_what_did_not_answer_is_not_none_found(new_house: Callable[[], House]) -> None:
    """With the court's list away a debtor's section is NOT_ANSWERED, not empty; other sections stand."""
    house = new_house()
    assert report(house, "debtor_enterprise", **SHANGHAI)["judicial"]["state"] == "FOUND"
    house.running.province.kill("370000-shandong-province", "court")
    found = report(house, "debtor_enterprise", **SHANGHAI)
    assert found["judicial"]["state"] == "NOT_ANSWERED"
    assert found["judicial"]["outcomes"][0]["records"] is None
    assert found["basics"]["state"] == "FOUND"
    answer = house.ask(REPORT, "debtor_enterprise", headers={"Prefer": "handling=strict"}, **SHANGHAI)
    assert answer["errors"][0]["extensions"]["code"] == "INCOMPLETE"


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((["NONE"], ["NONE"]), "NONE_FOUND"),
        ((["NONE"], []), "NOT_ASKED"),
        ((["NOT_ASKED"], ["NONE"]), "NOT_ASKED"),
        (([], []), "NOT_ASKED"),
        (([], ["DENIED"]), "NOT_PERMITTED"),
    ],
)
def test_none_found_is_said_where_every_type_was_asked(statuses: tuple[list[str], ...], state: str) -> None:
    """Where nobody is asked for one type of a section, that nothing was found of the others is not none found."""
    [section] = [each for each in CATALOGUE.report if each.name == "abnormalOperation"]
    subject, window = Subject(KEY, "Enterprise", False, None), Window(first=0)
    made = [
        Connection(
            Branch(("report", "part"), ("report",), subject, name, frozenset(), window, implied=True),
            {"sources": [{"status": status} for status in each], "totalCount": 0, "complete": "DENIED" not in each},
            {}, {},
        )
        for name, each in zip(section.types, statuses, strict=True)
    ]  # fmt: skip
    root = Root("report", "creditReport", {}, parts=(("part", section.name),))
    found = reporting.report(root, {}, {section.name: section}, made, dict.fromkeys(section.types, True))
    assert found["parts"]["part"]["state"] == state


def test_what_is_not_permitted_says_so(house: House) -> None:
    """A person's penalties are closed to one who may look up judgment debtors only; nobody is asked for them."""
    query = """query($id: SubjectKey!) { creditReport(id: $id) {
        administration { state complete outcomes { type state records } }
        judicial { state outcomes { type state records } judgmentDebtors { nodes { caseNo } } }
        basics { state outcomes { type } } } }"""
    with Recorder(house) as recorder:
        recorder.clear()
        found = report(house, house.key("debtor_person", name=True), query)
        asked = {place for place, _ in recorder.asked()}
    assert found["administration"]["state"] == "NOT_PERMITTED"
    assert set(states(found["administration"]).values()) == {"NOT_PERMITTED"}
    assert found["judicial"]["state"] == "FOUND"
    assert found["basics"] == {"state": "NOT_ASKED", "outcomes": []}  # a person has no such records
    assert asked == {"/zxgk/query"}


def test_a_person_who_may_not_be_known_has_no_report(house: House) -> None:
    """Whether or not there is such a person: null, and no platform is asked."""
    with Recorder(house) as recorder:
        recorder.clear()
        for example in ("debtor_person", "clean_person"):
            answer = house.ask(REPORT, example)
            assert answer["data"] == {"creditReport": None}
            assert answer["extensions"]["complete"] is False
        assert recorder.asked() == set()


def test_every_record_type_has_its_place_in_the_report(house: House) -> None:
    """The sections are those of the national report in its order, and each record type stands in one of them."""
    catalogue = read_policies(house.home / "policies").catalogue
    placed = [name for section in catalogue.report for name in section.types]
    assert sorted(placed) == sorted(catalogue.types)
    assert [section.title.zh for section in catalogue.report][1:5] == [
        "行政管理",
        "诚实守信",
        "严重失信主体名单",
        "经营异常",
    ]


def test_a_state_alone_asks_for_control_fields_alone(house: House) -> None:
    """To say whether there are records, no more travels than what decides whether they may be shown."""
    query = "query($id: SubjectKey!) { creditReport(id: $id) { administration { state } } }"
    with Recorder(house) as recorder:
        recorder.clear()
        assert report(house, "penalised", query, **SHANGHAI)["administration"]["state"] == "FOUND"
        [statement] = [text for text in recorder.statements if "SGS_XZCF" in text]
    assert '"CF_WFXW"' not in statement
    assert '"CF_FR_ZJHM"' not in statement


def test_a_report_and_a_subject_under_the_same_names_are_told_apart(house: House) -> None:
    """What is withheld is told at the place where it was asked, whatever was asked before under the same aliases."""
    of_report = "query($id: SubjectKey!) { alike: creditReport(id: $id) { same: judicial { state } } }"
    of_subject = "query($id: SubjectKey!) { alike: subject(id: $id) { same: judgmentDebtors { totalCount } } }"
    for query, place in ((of_report, "alike.same"), (of_subject, "alike.same.nodes.*"), (of_report, "alike.same")):
        withheld = house.ask(query, "clean")["extensions"]["withheld"]
        assert {entry["path"] for entry in withheld if entry["coordinate"] == "JudgmentDebtor"} == {place}
