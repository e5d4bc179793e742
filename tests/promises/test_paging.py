"""Pages joined are one large page: no gap, no repeat, whatever the size, the order, the caller and the filters."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.checking import read_policies
from tests.conftest import House

CATALOGUE = read_policies(Path(__file__).parents[2] / "policies").catalogue
CONNECTIONS = {record.connection: record for record in CATALOGUE.types.values()}
CALLERS: tuple[dict[str, Any], ...] = (
    {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"},
    {"as_": "zhejiang-bureau", "purpose": "gov.procurement"},
    {"as_": "qingdao-trading-centre", "purpose": "gov.bidding"},
    {"as_": "public"},
)
LONG = ["administrativeLicences", "administrativePenalties"]
REGIONS = ('["370600"]', '["370200", "370600"]', '["BLUE_ZONE"]', '["371000", "370700"]', '["370000"]')
QUESTIONS = 500


def question(connection: str, arguments: str) -> str:
    return f"""query($id: SubjectKey!, $first: Int, $after: String) {{ subject(id: $id) {{
        found: {connection}(first: $first, after: $after{arguments}) {{
            edges {{ cursor node {{ id {CONNECTIONS[connection].roles.date or "status"} }} }} nodes {{ id }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount complete }} }} }}"""


def ask(
    house: House, query: str, key: dict[str, str], caller: dict[str, Any], first: int, after: str | None
) -> dict[str, Any]:
    answer = house.ask(query, key, first=first, after=after, **caller)
    assert "data" in answer, answer
    return answer["data"]["subject"]["found"]  # type: ignore[no-any-return]


def ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


def in_one_weather(
    house: House, query: str, subject: dict[str, str], caller: dict[str, Any], size: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The large page and the small ones; all asked anew where a platform was too slow for one of them."""
    for _ in range(4):
        whole = ask(house, query, subject, caller, 200, None)
        pages = [ask(house, query, subject, caller, size, None)]
        while pages[-1]["pageInfo"]["hasNextPage"] and pages[-1]["complete"] == whole["complete"]:
            pages.append(ask(house, query, subject, caller, size, pages[-1]["pageInfo"]["endCursor"]))
        if pages[-1]["complete"] == whole["complete"]:
            assert all(len(page["edges"]) <= size for page in pages)
            return whole, pages
    raise AssertionError("a platform answered some pages in full and others not, four times")


def test_pages_joined_equal_one_large_page(house: House) -> None:
    """Over 500 random questions the pages joined are the large page, and each page says truly whether more follows."""
    rng = random.Random(7)
    organisations = [subject for subject in house.running.province.world.subjects if not subject.natural]
    many = turned = exact = 0
    for _ in range(QUESTIONS):
        subject = rng.choice(
            [house.key("many_pages"), house.key("many_platforms"), {"uscc": rng.choice(organisations).key}]
        )
        connection = rng.choice(list(CONNECTIONS) if rng.random() < 0.4 else LONG)
        dated = CONNECTIONS[connection].roles.date is not None
        words = [f"orderBy: {rng.choice(['NEWEST_FIRST', 'OLDEST_FIRST'])}"]
        if dated and rng.random() < 0.3:
            words.append('from: "2018-01-01"')
        if dated and rng.random() < 0.3:
            words.append('to: "2026-06-30"')
        if rng.random() < 0.3:
            words.append("status: [ACTIVE, OBJECTED]")
        if rng.random() < 0.2:
            words.append(f"regions: {rng.choice(REGIONS)}")
        query, caller = question(connection, ", " + ", ".join(words)), rng.choice(CALLERS)
        whole, pages = in_one_weather(house, query, subject, caller, rng.randint(1, 7))
        exact += whole["complete"]  # a platform's own broken row makes an answer incomplete, and its pages as well
        assert whole["totalCount"] == (len(ids(whole)) if whole["complete"] else None)
        assert len(ids(whole)) == len(set(ids(whole)))
        assert not whole["pageInfo"]["hasNextPage"]
        joined = list[str]()
        for page in pages:
            assert [node["id"] for node in page["nodes"]] == ids(page)
            assert page["pageInfo"]["hasPreviousPage"] is bool(joined)
            assert page["totalCount"] == whole["totalCount"]
            joined += ids(page)
            assert page["pageInfo"]["hasNextPage"] is (len(joined) < len(ids(whole)))
            assert page["pageInfo"]["endCursor"] == (page["edges"][-1]["cursor"] if page["edges"] else None)
        assert joined == ids(whole)
        many += len(joined) > 1
        turned += len(pages) - 1
    assert exact > QUESTIONS * 0.8  # some record types are closed to some callers
    assert many > QUESTIONS / 6
    assert turned > QUESTIONS / 2


def test_orders_are_each_other_s_mirror(house: House) -> None:
    """Oldest first is newest first read backwards, as far as the days tell."""
    days = {}
    for order in ("NEWEST_FIRST", "OLDEST_FIRST"):
        query = question("administrativeLicences", f", orderBy: {order}")
        page = ask(house, query, house.key("many_pages"), CALLERS[0], 200, None)
        days[order] = [edge["node"]["decisionDate"] for edge in page["edges"]]
    assert len(days["NEWEST_FIRST"]) == 23
    assert days["NEWEST_FIRST"] == days["OLDEST_FIRST"][::-1] == sorted(days["NEWEST_FIRST"], reverse=True)


def test_an_empty_page_is_a_page(house: House) -> None:
    """`first: 0` answers the count alone."""
    page = ask(house, question("administrativeLicences", ""), house.key("many_pages"), CALLERS[0], 0, None)
    assert page["edges"] == []
    assert page["totalCount"] == 23
    assert page["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


def test_platforms_that_die_between_pages(new_house: Callable[[], House]) -> None:
    """Whichever platform dies between two pages, the rest is not complete, and nothing that was shown comes again."""
    house = new_house()
    query, key, caller = question("administrativePenalties", ""), house.key("many_platforms"), CALLERS[0]
    whole = ids(ask(house, query, key, caller, 200, None))
    first = ask(house, query, key, caller, 2, None)
    died = 0
    for platform in house.running.description["platforms"]:
        if platform["source"] not in {"database", "api", "exchange", "folder"}:
            continue  # the province's own sources hold no penalties
        house.running.province.kill(platform["id"], platform["source"])
        rest = ask(house, query, key, caller, 200, first["pageInfo"]["endCursor"])
        assert rest["complete"] is False
        assert rest["totalCount"] is None
        assert not set(ids(first)) & set(ids(rest))
        assert set(ids(rest)) <= set(whole)
        died += 1
    assert died >= 4


def test_pages_of_a_list_and_of_a_search_join(house: House) -> None:
    """Open questions page as records of one subject do: by one order over all platforms."""
    for field, node in (
        ('search(name: "示例"', "uscc"),
        ("listing(list: WAGE_ARREARS", "id"),
        ("listing(list: TAX_MAJOR", "id"),
    ):
        query = f"""query($first: Int!, $after: String) {{ found: {field}, first: $first, after: $after) {{
            edges {{ cursor node {{ {node} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
        whole = house.ask(query, first=200)["data"]["found"]["edges"]
        after, joined = None, list[dict[str, Any]]()
        while True:
            page = house.ask(query, first=6, after=after)["data"]["found"]
            joined, after = joined + page["edges"], page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [edge["node"] for edge in joined] == [edge["node"] for edge in whole]
        assert len(whole) > 6, field
