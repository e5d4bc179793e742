"""Pages joined are one large page: no gap, no repeat, whatever the size, the order, the caller and the filters."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.conftest import House

CONNECTIONS = {
    "administrativeLicences": "documentNo decisionDate",
    "administrativePenalties": "documentNo decisionDate",
    "registrations": "regState",
    "judgmentDebtors": "caseNo",
}
CALLERS: tuple[dict[str, Any], ...] = (
    {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"},
    {"as_": "zhejiang-bureau", "purpose": "gov.procurement"},
    {"as_": "qingdao-trading-centre", "purpose": "gov.bidding"},
    {"as_": "public"},
)
QUESTIONS = 150


def question(connection: str, arguments: str) -> str:
    return f"""query($id: SubjectKey!, $first: Int, $after: String) {{ subject(id: $id) {{
        found: {connection}(first: $first, after: $after{arguments}) {{
            edges {{ cursor node {{ id {CONNECTIONS[connection]} }} }} nodes {{ id }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount complete }} }} }}"""


def ask(
    house: House, query: str, key: dict[str, str], caller: dict[str, Any], first: int, after: str | None
) -> dict[str, Any]:
    answer = house.ask(query, key, first=first, after=after, **caller)
    return answer["data"]["subject"]["found"]  # type: ignore[no-any-return]


def ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


def test_pages_joined_equal_one_large_page(house: House) -> None:
    """Over 150 random questions the pages joined are the large page, and each page says truly whether more follows."""
    rng = random.Random(7)
    organisations = [subject for subject in house.running.province.world.subjects if not subject.natural]
    many = turned = 0
    for _ in range(QUESTIONS):
        subject = rng.choice(
            [house.key("many_pages"), house.key("many_platforms"), {"uscc": rng.choice(organisations).key}]
        )
        connection = rng.choice(list(CONNECTIONS))
        words = [f"orderBy: {rng.choice(['NEWEST_FIRST', 'OLDEST_FIRST'])}"]
        if rng.random() < 0.3:
            words.append('from: "2018-01-01"')
        if rng.random() < 0.3:
            words.append('to: "2026-06-30"')
        if rng.random() < 0.3:
            words.append("status: [ACTIVE, OBJECTED]")
        if rng.random() < 0.2:
            words.append('regions: ["370600"]')
        query, caller = question(connection, ", " + ", ".join(words)), rng.choice(CALLERS)
        whole = ask(house, query, subject, caller, 200, None)
        assert whole["complete"]
        assert whole["totalCount"] == len(ids(whole)) == len(set(ids(whole)))
        assert not whole["pageInfo"]["hasNextPage"]
        size, after, joined = rng.randint(1, 7), None, list[str]()
        while True:
            page = ask(house, query, subject, caller, size, after)
            assert len(page["edges"]) <= size
            assert [node["id"] for node in page["nodes"]] == ids(page)
            assert page["pageInfo"]["hasPreviousPage"] is bool(joined)
            assert page["totalCount"] == whole["totalCount"]
            joined += ids(page)
            assert page["pageInfo"]["hasNextPage"] is (len(joined) < len(ids(whole)))
            if not page["pageInfo"]["hasNextPage"]:
                break
            assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
            after, turned = page["pageInfo"]["endCursor"], turned + 1
        assert joined == ids(whole)
        many += len(joined) > 1
    assert many > QUESTIONS / 5
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


def test_a_platform_that_dies_between_pages(new_house: Callable[[], House]) -> None:
    """When a platform dies between two pages the rest is not complete, and nothing that was shown comes again."""
    house = new_house()
    query = question("administrativePenalties", "")
    key, caller = house.key("many_platforms"), CALLERS[0]
    whole = ids(ask(house, query, key, caller, 200, None))
    first = ask(house, query, key, caller, 1, None)
    house.running.province.kill("370600-yantai-credit")
    rest = ask(house, query, key, caller, 200, first["pageInfo"]["endCursor"])
    assert rest["complete"] is False
    assert rest["totalCount"] is None
    assert not set(ids(first)) & set(ids(rest))
    assert set(ids(rest)) < set(whole)
