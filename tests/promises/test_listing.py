"""A list is read as a whole: organisations only, newest first, nothing that policy hides; no person is enumerated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import House
from tests.promises.test_denied_is_never_fetched import Recorder

PROVINCE, WEIHAI = "370000-shandong-province", "371000-weihai-credit"
LISTING = """query($list: ListCode!, $since: Date, $first: Int! = 200, $where: [RegionCode!]) {
    listing(list: $list, since: $since, first: $first, regions: $where) {
        nodes { id type listCode name uscc organ inDate status provenance { platform } }
        totalCount complete sources { platform status records } } }"""


def listing(house: House, code: str, **more: Any) -> dict[str, Any]:
    answer = house.ask(LISTING, list=code, **more)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["listing"]
    return found


def held(house: House, code: str) -> list[Any]:
    """What the province really holds on a list: every entry, persons' and repaired ones too."""
    world = house.running.province.world
    rows = world.holdings(PROVINCE, "SeriousDishonestyEntry")
    return [row for row in rows if row.expected and row.expected.get("listCode") == code]


@pytest.mark.parametrize("code", ["WAGE_ARREARS", "TAX_MAJOR", "MARKET_SERIOUS", "BIDDING"])
def test_a_list_holds_its_own_entries_newest_first(house: House, code: str) -> None:
    """Only entries of the asked list, by the day of entry; each says whose it is and who entered it."""
    nodes = listing(house, code)["nodes"]
    assert nodes
    assert {node["listCode"] for node in nodes} == {code}
    assert all(node["name"] and node["uscc"] and node["organ"] for node in nodes)
    days = [node["inDate"] for node in nodes]
    assert days == sorted(days, reverse=True)


def test_persons_are_never_listed(house: House) -> None:
    """A list that holds persons too is read for its organisations alone: nobody can enumerate persons."""
    rows = house.running.province.world.holdings(PROVINCE, "SeriousDishonestyEntry")
    codes = {row.expected["listCode"] for row in rows if row.expected.get("listCode") and row.fact.subject.natural}
    assert codes
    for code in sorted(codes):
        for node in listing(house, code)["nodes"]:
            assert len(node["uscc"]) == 18
            assert node["uscc"][0] == "9" or node["uscc"][0] in "15"


def test_what_is_closed_is_not_listed(house: House) -> None:
    """Repaired, revoked and expired entries are in no list, and no number says that they exist."""
    codes = sorted(
        {
            row.expected["listCode"]
            for row in house.running.province.world.holdings(PROVINCE, "SeriousDishonestyEntry")
            if row.expected
        }
    )
    closed = 0
    for code in codes:
        found = listing(house, code)
        numbers = {node["id"] for node in found["nodes"]}
        assert len(numbers) == len(found["nodes"])
        assert {node["status"] for node in found["nodes"]} <= {"ACTIVE", "OBJECTED"}
        closed += sum(row.expected["status"] in {"REPAIRED", "REVOKED", "EXPIRED"} for row in held(house, code))
    assert closed  # the lists do hold such entries


def test_who_cannot_be_listed_is_named(house: House) -> None:
    """Weihai answers no question without a subject: the list is not complete, and it says why."""
    found = listing(house, "WAGE_ARREARS")
    assert found["complete"] is False
    assert found["totalCount"] is None
    assert {source["platform"]: source["status"] for source in found["sources"]}[WEIHAI] == "NOT_ASKED"


def test_since_narrows_a_list(house: House) -> None:
    """`since` is the first day of entry."""
    days = [node["inDate"] for node in listing(house, "MARKET_SERIOUS")["nodes"]]
    middle = days[len(days) // 2]
    assert [n["inDate"] for n in listing(house, "MARKET_SERIOUS", since=middle)["nodes"]] == [
        d for d in days if d >= middle
    ]


def test_regions_narrow_a_list(house: House) -> None:
    """A county's list holds its own entries."""
    everybody = {node["id"] for node in listing(house, "MARKET_SERIOUS")["nodes"]}
    area = house.subjects["listed"]["uscc"][2:8]
    mine = {node["id"] for node in listing(house, "MARKET_SERIOUS", where=[area])["nodes"]}
    assert mine < everybody or mine == everybody
    assert listing(house, "MARKET_SERIOUS", where=["310000"])["nodes"] == []


def test_a_list_asks_for_what_it_answers(house: House) -> None:
    """Identity numbers and responsible persons do not travel with a list that shows neither."""
    with Recorder(house) as recorder:
        recorder.clear()
        listing(house, "TAX_MAJOR")
        [statement] = [text for text in recorder.statements if '"YZSXMD"' in text]
    columns = statement.partition("FROM")[0]
    assert '"ZRRY"' not in columns
    assert '"SFZH"' not in columns


@pytest.mark.parametrize("code", ["NO_SUCH_LIST", ""])
def test_an_unknown_list_is_refused(house: House, code: str) -> None:
    """The list's code is a code of the schema's enum; nothing else can be asked for."""
    answer = house.ask(LISTING, list=code)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
