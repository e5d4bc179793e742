"""Regions narrow a question and open nothing: sets, counties, retired codes, decisions that another platform closes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import Registry
from gateway.cursors import Cursors
from gateway.deciding import Decider
from gateway.model import Branch, Caller, Plan, Subject, Window
from gateway.planning.windows import Windows
from gateway.shaping.narrowing import asked_for
from policies.policyset import PolicySet
from tests.conftest import House, gateway_beside
from tests.edges.drafts import NOON
from tests.promises.test_denied_is_never_fetched import Recorder
from tests.promises.trial_platforms import SUBJECTS, World, registry, small_catalogue

SHANGHAI: dict[str, Any] = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}
QINGDAO, YANTAI = "370200-qingdao-double-publicity", "370600-yantai-credit"
PENALTIES = """query($id: SubjectKey!, $where: [RegionCode!]) { subject(id: $id) {
    administrativePenalties(regions: $where) {
        nodes { documentNo provenance { platform } } complete totalCount sources { platform status records } } } }"""


def penalties(house: House, where: list[str] | None, example: str = "many_platforms") -> dict[str, Any]:
    answer = house.ask(PENALTIES, example, where=where, **SHANGHAI)
    found: dict[str, Any] = answer["data"]["subject"]["administrativePenalties"]
    return found


def shared(found: dict[str, Any]) -> str:
    """The number of the decision that two platforms hold."""
    [number] = [node["documentNo"] for node in found["nodes"] if len(node["provenance"]) == 2]
    return str(number)


def test_leaving_out_the_platform_that_closed_a_decision_does_not_open_it(new_house: Callable[[], House]) -> None:
    """A decision that Qingdao holds as repaired is not shown from Yantai's copy when only Yantai is asked for."""
    house = new_house()
    number = shared(penalties(house, None))
    assert number in {node["documentNo"] for node in penalties(house, ["370600"])["nodes"]}
    [url] = [p["url"] for p in house.running.description["platforms"] if p["id"] == QINGDAO]
    with contextlib.closing(sqlite3.connect(url.partition("///")[2])) as owner, owner:
        owner.execute("UPDATE SGS_XZCF SET CF_ZT = '9' WHERE CF_WSH = ?", (number,))
    for where in (None, ["370600"], ["370200"]):
        assert number not in {node["documentNo"] for node in penalties(house, where)["nodes"]}, where
    house.running.province.kill(QINGDAO)
    found = penalties(house, ["370600"])
    assert found["complete"] is False  # whether it is closed cannot be known
    assert {source["platform"]: source["status"] for source in found["sources"]}[QINGDAO] == "UNAVAILABLE"


def test_a_platform_that_is_left_out_is_asked_for_control_fields_only(house: House) -> None:
    """It is told as NOT_ASKED and contributes no record; nothing travels that does not decide what may be shown."""
    with Recorder(house) as recorder:
        found = penalties(house, ["370600"])
        [statement] = [text for text in recorder.statements if "SGS_XZCF" in text]
    assert {s["platform"]: (s["status"], s["records"]) for s in found["sources"]}[QINGDAO] == ("NOT_ASKED", 0)
    assert all(node["provenance"][0]["platform"] == YANTAI for node in found["nodes"])
    assert found["complete"] is True
    columns = statement.partition("FROM")[0]
    assert "CF_ZT" in columns
    assert '"CF_WFXW"' not in columns
    assert '"CF_XDR_MC"' not in columns


def test_states_are_pushed_down_only_where_nobody_else_could_hold_the_decision(house: House, tmp_path: Path) -> None:
    """A repaired copy must come back to close the decision elsewhere; where there is no elsewhere it stays there."""
    query = """query($id: SubjectKey!, $where: [RegionCode!]) { subject(id: $id) {
        administrativePenalties(status: [ACTIVE], regions: $where) { nodes { documentNo } } } }"""

    def alone(home: Path) -> None:
        for declaration in (home / "platforms").glob("3*.yaml"):
            if not declaration.name.startswith("370200"):
                declaration.unlink()

    def pushed(asked: House, where: list[str] | None) -> bool:
        with Recorder(house) as recorder:
            asked.ask(query, "many_platforms", where=where)
            [statement] = [text for text in recorder.statements if "SGS_XZCF" in text]
        return "CF_ZT" in statement.partition("WHERE")[2]

    assert not pushed(house, None)
    assert not pushed(house, ["370200"])
    with gateway_beside(house, tmp_path, alone) as lonely:
        assert pushed(lonely, None)


@pytest.mark.parametrize(("name", "pushed"), [("JudgmentDebtor", False), ("AdministrativePenalty", True)])
def test_days_are_pushed_down_only_where_copies_cannot_differ_in_them(name: str, pushed: bool) -> None:
    """A case is one case whatever day a platform gives it: a copy of another day, which closes it, must come back.
    Where the day tells one decision from another, or nobody else could hold it, the platform looks for it itself."""
    catalogue, since = small_catalogue(), Window(since=date(2026, 1, 1))
    day = catalogue.types[name].roles.date
    branch = Branch(("s", "r"), ("s",), Subject(SUBJECTS[0], "Enterprise", False, None), name, frozenset(), since)
    caller = Caller("c", "government", "370000", frozenset(), "gov.licensing", {}, None)
    policies = PolicySet(catalogue, (), digest="sha256:0")
    together = alone = 0
    for number in range(8):
        platforms = {
            each.id: each
            for each in registry(number, World(number)).platforms.values()
            if name in each.types and day in each.claim(name).filters
        }
        for known in (platforms, dict([*platforms.items()][:1])):
            verdict = Decider(policies, Registry(known), "37").decide(Plan((), (branch,)), caller, NOON)
            for part in verdict.parts:
                assert any(each.field == day for each in part.where) is (pushed or len(known) == 1)
            together += len(known) > 1
            alone += len(known) == 1
    assert together > 1
    assert alone > 1


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        (["BLUE_ZONE"], {QINGDAO, YANTAI}),
        (["YELLOW_RIVER_DELTA"], {YANTAI}),  # 莱州 alone, a county of Yantai
        (["370200", "JIAODONG"], {QINGDAO, YANTAI}),
        (["WEST_BELT"], set()),
        (["370000"], {QINGDAO, YANTAI}),
    ],
)
def test_a_region_set_is_the_list_of_its_regions(house: House, where: list[str], asked: set[str]) -> None:
    """A set stands where a code stands; who lies in none of its regions is NOT_ASKED, and nothing is missing."""
    found = penalties(house, where)
    statuses = {source["platform"]: source["status"] for source in found["sources"]}
    mine = {QINGDAO: statuses[QINGDAO], YANTAI: statuses[YANTAI]}
    assert {name for name, status in mine.items() if status != "NOT_ASKED"} == asked
    assert found["complete"] is True


def test_a_county_narrows_to_its_own_records(house: House) -> None:
    """Below a city no platform is asked apart, so the records themselves are narrowed by their area."""
    query = """query($id: SubjectKey!, $where: [RegionCode!]) { subject(id: $id) {
        registrations(regions: $where) { nodes { areaCode } complete } } }"""
    for where, areas in ((["370602"], ["370602"]), (["370613"], []), (["370613", "370602"], ["370602"])):
        answer = house.ask(query, "many_platforms", where=where, **SHANGHAI)
        found = answer["data"]["subject"]["registrations"]
        assert [node["areaCode"] for node in found["nodes"]] == areas
        assert found["complete"] is True


def test_a_retired_code_is_its_successors(house: House) -> None:
    """莱芜 was a city until 2019: its old code asks whoever answers for the districts of Jinan that it became."""
    query = "query($where: [RegionCode!]) { platforms(regions: $where) { id } }"
    old = house.ask(query, where=["371200"])["data"]["platforms"]
    new = house.ask(query, where=["370116", "370117"])["data"]["platforms"]
    assert old == new


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["370116"], {"370116", "371202", "371203", "371200"}),
        (["371200"], {"370116", "370117", "371202", "371203", "371200"}),
        (["371202"], {"370116", "370117", "371202", "371203", "371200"}),
        (["371603"], {"371603", "371624"}),
        (["370116", "370202"], {"370116", "370202", "371202", "371203", "371200"}),
        (["370202"], {"370202"}),
        (["370114"], {"370114", "370181"}),
        (["370181"], {"370114", "370181"}),
    ],
)
def test_a_record_of_a_retired_area_is_found_where_the_area_is_now(where: list[str], found: set[str]) -> None:
    """Records keep the code of their time: a penalty of 莱芜 is one of the districts of Jinan that it became, and not
    left out of an answer which then calls itself complete."""
    known = small_catalogue()
    windows, record = Windows(known, Cursors(bytes(32)), 200), known.types["Registration"]
    subject = Subject(SUBJECTS[0], "Enterprise", False, None)
    caller = Caller("c", "government", "370000", frozenset(), "gov.licensing", {}, None)
    window = windows.of({"regions": where}, subject, record, caller, ())
    branch = Branch(("s", "r"), ("s",), subject, record.name, frozenset(), window)
    laiwu = ("370116", "370117", "371202", "371203", "371200")
    areas = (*laiwu, "370202", "371603", "371624", "371602", "370114", "370181")
    assert {area for area in areas if asked_for(record, branch, {"areaCode": area})} == found
    assert all(region.startswith("37") and not region.startswith("3712") for region in window.regions)


@pytest.mark.parametrize("where", [["990000"], ["370200", "000000"], ["730600"]])
def test_a_code_in_no_province_is_refused(house: House, where: list[str]) -> None:
    """Two digits were swapped: nobody lies there and would be asked, and the answer would call itself complete."""
    [error] = house.ask(PENALTIES, "many_platforms", where=where)["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert "lies in no province" in error["message"]
    assert where[-1] not in error["message"]


@pytest.mark.parametrize("where", [["GREEN_ZONE"], ["BLUE_ZONE", "BLAU"]])
def test_an_unknown_set_is_refused_with_the_known_ones(house: House, where: list[str]) -> None:
    """The known sets are named; what was written is not said back."""
    answer = house.ask(PENALTIES, "many_platforms", where=where)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert "BLUE_ZONE" in error["message"]
    assert where[-1] not in error["message"]
