"""`perSecond` is never exceeded: not at a window's edge, not by a paged answer, not by those who give up."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Deadline, Page, Turn
from gateway.fetching.guard import Guard
from gateway.fetching.pace import MARGIN, Pace
from tests.edges.crooked import Seen, Server, telling
from tests.edges.invented import FIRM, OTHER, REST_SOURCE, REST_TYPE, THIRD, Surroundings, ask, pages, registered


def busiest_second(starts: list[float]) -> int:
    """The most starts that lie within one second, wherever it begins."""
    return max(sum(first <= at < first + 1.0 for at in starts) for first in starts)


@given(
    per_second=st.floats(0.2, 30.0),
    arrivals=st.lists(st.floats(0.0, 1.5) | st.just(0.0), min_size=1, max_size=120),
)
def test_no_second_holds_more(per_second: float, arrivals: list[float]) -> None:
    """Whenever calls come, each starts as soon as `wait` says, and no second, wherever it begins, holds too many."""
    pace, now, starts = Pace(per_second), 0.0, list[float]()
    for later in arrivals:
        now += later
        while wait := pace.wait(now):
            now += wait
        pace.start(now)
        starts.append(now)
    assert busiest_second(starts) <= max(1.0, per_second)
    if per_second < 1:
        assert all(after - before >= 1 / per_second for before, after in itertools.pairwise(starts))


@given(st.integers(1, 30), st.integers(1, 100))
def test_no_turn_is_wasted(per_second: int, calls: int) -> None:
    """A crowd that comes at once is through in a tenth more than the time that its number needs."""
    pace, now = Pace(per_second), 0.0
    for _ in range(calls):
        while wait := pace.wait(now):
            now += wait
        pace.start(now)
    assert now <= 1.1 * ((calls - 1) // per_second) + 1e-6


@pytest.mark.leaping
async def test_first_come_first_served() -> None:
    """Who waited longest starts first, and a burst within the bound waits for nothing."""
    pace, begin = Pace(10), time.monotonic()
    order: list[int] = []
    starts: list[float] = []

    async def start(number: int) -> None:
        await pace.turn(Deadline.within(5))
        order.append(number)
        starts.append(time.monotonic())

    await asyncio.gather(*(start(number) for number in range(21)))
    assert order == list(range(21))
    assert busiest_second(starts) == 10
    assert starts[9] == begin


@pytest.mark.leaping
async def test_a_turn_that_comes_too_late_is_refused_at_once() -> None:
    """Nobody waits in vain, and who was refused or left takes no turn from the next."""
    pace = Pace(2)
    for _ in range(2):
        await pace.turn(Deadline.within(1))
    begin = time.monotonic()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await pace.turn(Deadline.within(0.5))
    assert time.monotonic() == begin
    leaving = [asyncio.create_task(pace.turn(Deadline.within(5))) for _ in range(4)]
    await asyncio.sleep(0)
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    await asyncio.gather(*(pace.turn(Deadline.within(2)) for _ in range(2)))
    assert time.monotonic() - begin < 2


PAGES = (
    'request: {method: GET, path: /permits, query: {code: "{subject}"}}\nrows: rows\ntotal: total\n'
    "page: {number: pageNo, size: pageSize, rows: 1}\n"
) + REST_TYPE.partition("rows: rows\n")[2]


async def test_what_the_platform_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """On its own socket and by its own clock a platform sees no second with more than `perSecond` requests, though
    one question is several pages."""
    starts: list[float] = []
    arrivals: list[float] = []
    plain = Pace.start

    def start(pace: Pace, now: float) -> None:
        starts.append(now)
        plain(pace, now)

    def page(seen: Seen) -> object:
        arrivals.append(time.monotonic())
        number = int(seen.query["pageNo"])
        return {"total": 4, "rows": [{"id": str(number), "code": seen.query["code"], "state": "1"}]}

    monkeypatch.setattr(Pace, "start", start)
    async with Server(telling(page)) as server:
        limits = REST_SOURCE.replace("{timeout: 5s", "{perSecond: 5, timeout: 60s")
        [platform] = registered(limits, PAGES).platforms.values()
        source = platform.source("Permit")
        await source.connector.open(Surroundings({"env:INVENTED_BASE": server.base}))
        guard = Guard(source)

        async def rows(code: str) -> int:
            async def once(until: Deadline, turn: Turn) -> list[Page]:
                return await pages(source.connector, replace(ask(subjects=(code,)), deadline=until, turn=turn))

            return sum(len(found.rows) for found in await guard.call(once, "Permit", Deadline.within(60)))

        assert await asyncio.gather(*(rows(code) for code in (FIRM, OTHER, THIRD))) == [4, 4, 4]
        await source.connector.close()
    assert len(arrivals) == len(starts) == 12
    way = max(came - left for left, came in zip(sorted(starts), sorted(arrivals), strict=True))
    span = min(1.0, 1.0 + MARGIN - way)  # a machine that stood still longer than the margin has held a crowd together
    assert all(later - first >= span for first, later in zip(arrivals, arrivals[5:], strict=False))
