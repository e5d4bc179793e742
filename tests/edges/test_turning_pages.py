"""Every way in which platforms turn pages: by offset, by cursor, by link, with a flag; what is honest is read to its
end without a gap, and what leads nowhere, back or elsewhere is no answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.contract import ContractBroken
from connectors.spelling import DeclarationError
from tests.edges.crooked import Seen, Server, telling
from tests.edges.invented import FIRM, OTHER, REST_SOURCE, REST_TYPE, ask, connector, in_use, pages, registered

OFFSET = "page: {offset: start, size: limit, rows: 3}\n"
NUMBERED = "page: {number: pageNo, size: pageSize, rows: 3, first: 0}\n"
FLAGGED = "page: {number: pageNo, size: pageSize, rows: 3, first: 0, more: data.hasMore}\n"
CURSOR = "page: {cursor: after, next: data.next, size: limit, rows: 3}\n"
LINK = "page: {link: links.next}\n"
COUNTED = "total: data.total\n"
POSTED = REST_TYPE.replace("GET", "POST").replace("query:", "json:")


def row(number: int) -> dict[str, Any]:
    return {"id": number, "code": FIRM, "state": "1"}


def shown(seen: Seen) -> dict[str, Any]:
    return json.loads(seen.body) if seen.body else dict(seen.query)


def by_offset(count: int, cap: int = 99, told: int | None = None) -> Callable[[Seen], Any]:
    def reply(seen: Seen) -> Any:
        start, size = int(shown(seen)["start"]), min(int(shown(seen)["limit"]), cap)
        total = count if told is None else told
        return {"rows": [row(n) for n in range(count)][start : start + size], "data": {"total": total}}

    return reply


def by_flag(count: int, said: Callable[[bool], Any] = bool, cap: int = 99) -> Callable[[Seen], Any]:
    def reply(seen: Seen) -> Any:
        size = min(int(shown(seen)["pageSize"]), cap)
        start = int(shown(seen)["pageNo"]) * size
        return {
            "rows": [row(n) for n in range(count)][start : start + size],
            "data": {"hasMore": said(start + size < count)},
        }

    return reply


def by_flag_counted(count: int, told: int) -> Callable[[Seen], Any]:
    """A flag beside a count that falls short of the rows."""
    flagged = by_flag(count)

    def reply(seen: Seen) -> Any:
        said = flagged(seen)
        return said | {"data": said["data"] | {"total": told}}

    return reply


def by_cursor(count: int, cap: int = 99, last: Any = None) -> Callable[[Seen], Any]:
    """Cursors are opaque: they hold signs that a URL does not bear."""

    def reply(seen: Seen) -> Any:
        after = shown(seen).get("after")
        start = 0 if after is None else int(after.removeprefix("c&/ ="))
        end = start + min(int(shown(seen)["limit"]), cap)
        return {
            "rows": [row(n) for n in range(count)][start:end],
            "data": {"next": f"c&/ ={end}" if end < count else last},
        }

    return reply


def by_sparse_cursor(count: int, gap: int) -> Callable[[Seen], Any]:
    """A platform that filters behind its pages: most of them are empty, and only the cursor says that there is more."""

    def reply(seen: Seen) -> Any:
        at = int(shown(seen).get("after", "0"))
        rows = [row(at // gap)] if at % gap == 0 else []
        return {"rows": rows, "data": {"next": str(at + 1) if at < (count - 1) * gap else None}}

    return reply


def by_number(*pages: list[int], total: int | None = None) -> Callable[[Seen], Any]:
    """Pages that somebody wrote by hand."""

    def reply(seen: Seen) -> Any:
        at = int(shown(seen)["pageNo"])
        said: dict[str, Any] = {"hasMore": at + 1 < len(pages)} if total is None else {"total": total}
        return {"rows": [row(number) for number in pages[at]] if at < len(pages) else [], "data": said}

    return reply


def by_link(count: int, whole: bool, more: str = "") -> Callable[[Seen], Any]:
    def reply(seen: Seen) -> Any:
        start = int(seen.query.get("from", "0"))
        here = f"http://{seen.headers['host']}" if whole else ""
        link = f"{here}/base/permits?code={FIRM}{more}&from={start + 3}" if start + 3 < count else None
        return {"rows": [row(n) for n in range(count)][start : start + 3], "links": {"next": link}}

    return reply


def never() -> Callable[[Seen], Any]:
    """Rows that are new each time, and a cursor that does not move."""
    given = iter(range(10_000))
    return lambda seen: {"rows": [row(next(given))], "data": {"next": "same"}, "links": {"next": "/base/permits?same"}}


def around() -> Callable[[Seen], Any]:
    """A cursor that comes back to where it was."""
    given = iter(range(10_000))
    return lambda seen: {"rows": [row(n := next(given))], "data": {"next": f"c{n % 3}"}}


HONEST: list[tuple[str, str, Callable[[Seen], Any], int, int, bool]] = [
    ("an offset, counted", OFFSET + COUNTED, by_offset(7), 7, 3, False),
    ("an offset that is not counted ends at an empty page", OFFSET, by_offset(7), 7, 4, False),
    ("an offset with smaller pages than asked leaves no gap", OFFSET + COUNTED, by_offset(7, cap=2), 7, 4, False),
    ("an offset with smaller pages and no count leaves no gap", OFFSET, by_offset(7, cap=2), 7, 5, False),
    ("fewer than are counted are told", OFFSET + COUNTED, by_offset(7, told=9), 7, 4, True),
    ("a flag ends the pages", FLAGGED, by_flag(7), 7, 3, False),
    ("a flag in words", FLAGGED, by_flag(6, lambda more: "Y" if more else "N"), 6, 2, False),
    ("a flag as a number", FLAGGED, by_flag(4, int), 4, 2, False),
    ("a flag with smaller pages than asked", FLAGGED, by_flag(7, cap=2), 7, 4, False),
    ("a flag that promises more than comes is told", FLAGGED, by_flag(4, lambda more: True), 4, 3, True),
    ("a count that falls short of the flag is told", FLAGGED + COUNTED, by_flag_counted(7, 3), 7, 3, True),
    ("a flag beside a count that is right", FLAGGED + COUNTED, by_flag_counted(7, 7), 7, 3, False),
    ("a cursor", CURSOR, by_cursor(7), 7, 3, False),
    ("a cursor that ends with an empty text", CURSOR, by_cursor(6, last=""), 6, 2, False),
    ("a cursor with smaller pages than asked", CURSOR, by_cursor(7, cap=2), 7, 4, False),
    ("a cursor that is told at the end too", CURSOR, by_cursor(7, last="c&/ =7"), 7, 4, False),
    ("a cursor across empty pages", CURSOR, by_sparse_cursor(3, 4), 3, 9, False),
    ("a cursor across more empty pages than are read", CURSOR, by_sparse_cursor(2, 99), 1, 12, True),
    ("no rows at all", CURSOR, by_cursor(0), 0, 1, False),
    ("a link to the next page", LINK, by_link(7, True), 7, 3, False),
    ("a link that is not encoded", LINK, by_link(7, True, "&type=行政 处罚%20"), 7, 3, False),
    ("a link without its host", LINK, by_link(7, False), 7, 3, False),
]


async def read(server: Server, words: str, permit: str = REST_TYPE) -> tuple[list[str], bool]:
    made = connector(registered(REST_SOURCE + "    headers: {X-App: invented}\n", permit + words))
    async with in_use(made, {"env:INVENTED_BASE": server.base + "/base"}):
        (page,) = await pages(made, ask())
        return [each.id for each in page.rows], page.truncated


@pytest.mark.parametrize(
    ("words", "reply", "count", "calls", "truncated"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST]
)
async def test_pages_are_turned_to_the_end(
    words: str, reply: Callable[[Seen], Any], count: int, calls: int, truncated: bool
) -> None:
    """No row is lost or comes twice, however many the platform gives at a time; what lacks is told."""
    async with Server(telling(reply)) as server:
        assert await read(server, words) == ([str(number) for number in range(count)], truncated)
        assert len(server.seen) == calls
        assert all(seen.headers["x-app"] == "invented" for seen in server.seen)


SHIFTED: list[tuple[str, str, Callable[[Seen], Any], int, bool]] = [
    ("beside a count that is right", NUMBERED + COUNTED, by_number([0, 1, 2], [3, 2, 5], total=6), 6, True),
    ("beside a flag", FLAGGED, by_number([0, 1, 2], [2, 3, 4], [5]), 7, True),
    ("on a page that is none of its neighbours", FLAGGED, by_number([0, 1, 2], [3, 4, 5], [1]), 7, True),
    ("twice on one page, where nothing else has moved", FLAGGED, by_number([0, 0, 1], [2, 3]), 5, False),
]


@pytest.mark.parametrize(
    ("words", "reply", "count", "truncated"), [case[1:] for case in SHIFTED], ids=[case[0] for case in SHIFTED]
)
async def test_a_row_that_comes_again_stands_where_another_should(
    words: str, reply: Callable[[Seen], Any], count: int, truncated: bool
) -> None:
    """A platform that does not keep its order, or changes while it is read, gives one row twice and another never."""
    async with Server(telling(reply)) as server:
        found, told = await read(server, words)
        assert (len(found), told) == (count, truncated)


async def test_the_same_number_of_another_subject_is_another_row() -> None:
    """Rows that are numbered within each subject are told apart by whose they are."""
    words = FLAGGED.replace("rows: 3", "rows: 1") + "batch: 2\n"
    permit = REST_TYPE.replace('code: "{subject}"', 'code: "{subjects}"').replace("}}", '}, join: ","}', 1)

    def reply(seen: Seen) -> Any:
        at = int(shown(seen)["pageNo"])
        return {"rows": [{**row(1), "code": (FIRM, OTHER)[at]}], "data": {"hasMore": at == 0}}

    async with Server(telling(reply)) as server:
        made = connector(registered(REST_SOURCE, permit + words))
        async with in_use(made, {"env:INVENTED_BASE": server.base + "/base"}):
            (page,) = await pages(made, ask(subjects=(FIRM, OTHER)))
    assert ([each.id for each in page.rows], page.truncated) == (["1", "1"], False)


@pytest.mark.parametrize("words", [OFFSET, CURSOR])
async def test_pages_are_turned_in_a_body_too(words: str) -> None:
    """In a JSON body the parameters of a page stand beside the others."""
    async with Server(telling(by_offset(4) if words is OFFSET else by_cursor(4))) as server:
        assert await read(server, words, POSTED) == (["0", "1", "2", "3"], False)
        assert all(json.loads(seen.body)["code"] == FIRM for seen in server.seen)


NOWHERE: list[tuple[str, str, Callable[[Seen], Any]]] = [
    ("a cursor that does not move", CURSOR, never()),
    ("a cursor that goes around", CURSOR, around()),
    ("a link to itself", LINK, never()),
    ("an offset that is ignored", OFFSET, lambda seen: {"rows": [row(1), row(2), row(3)]}),
    ("a cursor that is no text", CURSOR, lambda seen: {"rows": [row(1)], "data": {"next": {"a": 1}}}),
    ("a flag that is none", FLAGGED, lambda seen: {"rows": [row(1)], "data": {"hasMore": "perhaps"}}),
    ("a count that is none", OFFSET + COUNTED, lambda seen: {"rows": [row(1)], "data": {"total": "viele"}}),
    (
        "a link to another host",
        LINK,
        lambda seen: {"rows": [row(1)], "links": {"next": "http://elsewhere.example/base/permits"}},
    ),
    (
        "a link to a host in disguise",
        LINK,
        lambda seen: {"rows": [row(1)], "links": {"next": "//elsewhere.example/base/x"}},
    ),
    (
        "a link to another port",
        LINK,
        lambda seen: {"rows": [row(1)], "links": {"next": "http://127.0.0.1:1/base/permits"}},
    ),
    (
        "a link with another host before the @",
        LINK,
        lambda seen: {"rows": [row(1)], "links": {"next": f"http://{seen.headers['host']}@elsewhere.example/base/x"}},
    ),
    (
        "a link by another protocol",
        LINK,
        lambda seen: {"rows": [row(1)], "links": {"next": f"https://{seen.headers['host']}/base/permits"}},
    ),
    ("a link out of the base", LINK, lambda seen: {"rows": [row(1)], "links": {"next": "/other/permits"}}),
    ("a link that climbs", LINK, lambda seen: {"rows": [row(1)], "links": {"next": "/base/%2e%2e/other"}}),
]


@pytest.mark.parametrize(("words", "reply"), [case[1:] for case in NOWHERE], ids=[case[0] for case in NOWHERE])
async def test_what_leads_nowhere_is_no_answer(words: str, reply: Callable[[Seen], Any]) -> None:
    """A platform that would be read for ever, twice, or at another place has broken its contract, after a few calls."""
    async with Server(telling(reply)) as server:
        with pytest.raises(ContractBroken):
            await read(server, words)
        assert len(server.seen) <= 4


WRONG = [
    ("page: {size: n, rows: 3}", "exactly one of"),
    ("page: {number: p, offset: o, size: n}", "exactly one of"),
    ("page: {number: p}", "`size` is missing"),
    ("page: {cursor: c, size: n}", "`next` is where"),
    ("page: {link: next, next: x}", "`next` is where"),
    ("page: {offset: o, size: n, first: 1}", "`first` is the `number`"),
    ("page: {link: next, rows: 3}", "`rows` is sent as `size`"),
    ("page: {link: 'a[', }", "not a JMESPath expression"),
    ("page: {number: p, size: n, more: 'a['}", "not a JMESPath expression"),
]


@pytest.mark.parametrize(("words", "reason"), WRONG)
def test_half_a_way_of_turning_pages_is_named(words: str, reason: str) -> None:
    """What does not belong together is found with its line before anything is asked."""
    with pytest.raises(DeclarationError, match=r"370100-invented\.yaml:\d+") as caught:
        registered(REST_SOURCE, f"{REST_TYPE}{words}\n")
    assert reason in str(caught.value)
