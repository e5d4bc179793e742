"""`perDay` is a promise to the platform: kept by all processes of a home together, over restarts, kills and changes."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Breaker, Claim, Deadline, Fetch, Limits, Page, QuotaUsedUp, Retry, Source, Turn
from connectors.registry import Registry
from gateway.fetching import Calls, Fetcher, daily
from gateway.fetching.daily import MOST, PLACE, SHARE, Daily
from gateway.fetching.guard import Guard
from gateway.model import Branch, Part, Plan, Subject, Verdict, Window
from tests.edges.guarded import Nobody
from tests.promises.drawing import NOON, ZONE, drawn, side_by_side
from tests.promises.penalties import AT, CALLER, CITY, HOLDING, KEY, PENALTY, platform, row, ruling


def at_noon() -> datetime:
    return NOON


def day_of(home: Path, per_day: int, now: Callable[[], datetime] = at_noon, place: str = "a") -> Daily:
    return Daily(per_day, ZONE, now, Calls(home), place)


def test_processes_draw_on_one_day(tmp_path: Path) -> None:
    """However many processes ask at once, exactly `perDay` calls go out together, and none after a restart; other
    sources have days of their own."""
    assert sum(each or 0 for each in side_by_side(tmp_path, 5000, 3)) == 5000
    assert drawn(day_of(tmp_path, 5000)) == 0
    assert drawn(day_of(tmp_path, 10, place="b")) == 10


def test_a_killed_process_never_lets_more_out(tmp_path: Path) -> None:
    """What it held is lost to that day, which is one block at most; all that went out is within `perDay`."""
    per_day = SHARE * MOST
    assert side_by_side(tmp_path, per_day, 2, killed=True) == [None, None]
    others = drawn(day_of(tmp_path, per_day))
    assert per_day - 2 * MOST <= others <= per_day - 2


def test_what_is_not_used_is_given_back(tmp_path: Path) -> None:
    """A process that ends in order, and rooms that are replaced, cost the day nothing."""
    for _ in range(20):
        first, second = day_of(tmp_path, 5000), day_of(tmp_path, 5000)
        assert (drawn(first, 3), drawn(second, 2)) == (3, 2)
        first.give_back()
        second.give_back()
        second.give_back()
    assert drawn(day_of(tmp_path, 5000)) == 5000 - 20 * 5


def test_what_another_gives_back_is_found_again(tmp_path: Path) -> None:
    """Who was told that the day is used up looks again a moment later."""
    now = [NOON]
    mine, other = (day_of(tmp_path, SHARE * 2, lambda: now[0]) for _ in range(2))
    other.take()
    used = drawn(mine)
    other.give_back()
    assert (used, drawn(mine)) == (SHARE * 2 - 2, 0)
    now[0] += daily.LOOKS
    assert drawn(mine) == 1


def test_the_day_is_one_of_the_platforms_zone(tmp_path: Path) -> None:
    """At midnight in Shanghai, which is four in the afternoon of UTC, all is there again, for those too who held a part
    of the day before; days that are over are forgotten."""
    now = [datetime(2026, 11, 24, 15, 59, tzinfo=UTC)]
    mine, other = (day_of(tmp_path, 640, lambda: now[0]) for _ in range(2))
    other.take()
    assert 0 < drawn(mine) < 640
    now[0] = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert drawn(mine) + drawn(other) == 640
    now[0] = datetime(2026, 11, 29, tzinfo=UTC)
    assert drawn(mine) == 640
    with closing(sqlite3.connect(tmp_path / PLACE)) as file:
        assert file.execute("SELECT day FROM taken").fetchall() == [("2026-11-29",)]


def test_few_calls_cost_a_write() -> None:
    """A day of ten thousand calls is drawn in some hundreds of blocks, the last ones call by call."""
    blocks: list[int] = []

    class Counted(Calls):
        def take(self, place: str, day: date, per_day: int) -> int:
            blocks.append(super().take(place, day, per_day))
            return blocks[-1]

    assert drawn(Daily(10_000, ZONE, at_noon, Counted(), "a")) == 10_000
    assert len(blocks) < 1000
    assert (blocks[0], blocks[-2:]) == (MOST, [1, 0])


def test_a_changed_limit_counts_on(tmp_path: Path) -> None:
    """What was used under another declaration of the same source is used of this one's day too."""
    assert drawn(day_of(tmp_path, 100), 50) == 50
    assert drawn(day_of(tmp_path, 40)) == 0
    assert drawn(day_of(tmp_path, 60)) == 10


def test_a_file_that_is_locked_keeps_us_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While nobody can count nothing goes out; the log says so once for a while, and afterwards the day goes on."""
    day = day_of(tmp_path, 100)
    day.take()
    with closing(sqlite3.connect(tmp_path / PLACE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.ERROR):
            for _ in range(3):
                with pytest.raises(QuotaUsedUp, match="cannot be counted"):
                    day.take()
        assert len(caplog.records) == 1
        assert "calls.sqlite3: database is locked" in caplog.text
    monkeypatch.setattr(daily, "PAUSE", 0.0)
    fresh = day_of(tmp_path, 100)
    assert drawn(fresh) == 99


async def test_a_file_that_is_broken_keeps_us_away(tmp_path: Path) -> None:
    """A file that is no database is never taken for a day of which nothing is used: the platform hears nothing."""
    (tmp_path / PLACE).parent.mkdir()
    (tmp_path / PLACE).write_bytes(b"no database" * 100)
    asked: list[str] = []
    guard, ask = guarded(tmp_path, 100, asked)
    with pytest.raises(QuotaUsedUp) as caught:
        await guard.call(ask, "Permit", Deadline.within(5))
    assert (asked, caught.value.status, guard.is_open) == ([], "BUSY", False)


def guarded(home: Path, per_day: int, asked: list[str]) -> tuple[Guard, Any]:
    """A guard over the calls of a home, and an ask of two calls."""
    limits = Limits(8, None, 5.0, 100, 1 << 20, per_day)
    source = Source("main", "none", Nobody(), limits, Breaker(5, 30.0, 5.0), Retry(1, 0.8))

    async def ask(deadline: Deadline, turn: Turn) -> None:
        for _ in range(2):
            await turn()
            asked.append("call")

    return Guard(source, at_noon, Calls(home), "370200-x main"), ask


async def test_two_gateways_keep_to_it_page_by_page(tmp_path: Path) -> None:
    """Two guards over one home let out as many calls as the platform bears, further pages among them."""
    asked: list[str] = []
    guards, answered = [guarded(tmp_path, 7, asked) for _ in range(2)], 0
    for _ in range(4):
        for guard, ask in guards:
            try:
                await guard.call(ask, "Permit", Deadline.within(5))
                answered += 1
            except QuotaUsedUp:
                continue
    assert (len(asked), answered) == (7, 3)


class Answering(Nobody):
    """Answers with one row, and counts how often it was asked."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    def claims(self) -> Mapping[str, Claim]:
        return HOLDING.claims()  # type: ignore[no-any-return]

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self.asked.append("call")
        yield Page([row("1")])


async def test_rooms_that_are_wired_anew_count_on(tmp_path: Path) -> None:
    """A changed limit, a restart, and a home that is wired twice: rooms that nobody uses any more give the day's calls
    back, and those who come after them find all but what went out."""
    asked: list[str] = []
    part = ruling(CITY, {"documentNo": "allow"})
    branch = Branch(("s", "p"), ("s",), Subject(KEY, "Enterprise", False, None), PENALTY.name, part.asked, Window())
    verdict = Verdict(Plan((), (branch,)), "d", CALLER, AT, (Part(0, part, ()),), frozenset(), (), frozenset())

    def wired(per_day: int, before: Fetcher | None = None) -> Fetcher:
        city = platform(CITY, connector=Answering(asked))
        source = replace(city.sources["main"], limits=Limits(4, None, 1.0, 100, 1 << 20, per_day))
        calls = before.calls if before else Calls(tmp_path)
        return Fetcher(Registry({CITY: replace(city, sources={"main": source})}), before=before, calls=calls)

    async def answered(fetcher: Fetcher, times: int) -> list[str]:
        return [(await fetcher.fetch(verdict, Deadline.within(5), "r")).by_part[0].status for _ in range(times)]

    first, beside = wired(1000), wired(1000)
    assert await answered(first, 10) + await answered(beside, 10) == ["ANSWERED"] * 20
    second = wired(30, first)
    first.leave()
    beside.leave()
    assert await answered(second, 12) == ["ANSWERED"] * 10 + ["BUSY"] * 2
    second.leave()
    assert await answered(wired(40), 12) == ["ANSWERED"] * 10 + ["BUSY"] * 2
    assert len(asked) == 40
