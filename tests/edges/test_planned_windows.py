"""What a platform wants of those who ask it: hours in which it is closed, calls of a day, pauses, few retries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import (
    Breaker,
    ConnectorError,
    Deadline,
    Limits,
    Maintenance,
    QuotaUsedUp,
    RateLimited,
    Retry,
    Source,
    TimedOut,
    Turn,
    Unavailable,
)
from connectors.registry import load
from connectors.spelling import DeclarationError
from connectors.windows import Cron, Window
from gateway.fetching.guard import Guard
from gateway.fetching.standing import Waiting
from tests.edges.invented import REST_SOURCE, REST_TYPE, SQL_SOURCE, SQL_TYPE, TERMS, declaration, registered

pytestmark = pytest.mark.leaping

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = "0 1 * * SUN"  # 2026-11-29 is a Sunday


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


OPEN: list[tuple[str, str, float, datetime, datetime | None]] = [
    ("a minute before it opens", NIGHT, 2, at(29, 0, 59), None),
    ("as it opens", NIGHT, 2, at(29, 1), at(29, 3)),
    ("in another zone's hours", NIGHT, 2, at(28, 18, zone=ZoneInfo("UTC")), at(29, 3)),
    ("as it closes", NIGHT, 2, at(29, 3), None),
    ("on another day", NIGHT, 2, at(28, 1, 30), None),
    ("one that lasts into the next day", "30 23 * * *", 2, at(25, 0, 10), at(25, 1, 30)),
    ("one that lasts for days", "0 0 27 11 *", 72, at(29, 23, 59), at(30, 0)),
    ("the later of two beginnings", "0 1,2 * * *", 1.5, at(25, 2, 10), at(25, 3, 30)),
    ("by a range of weekdays", "0 8 * * MON-FRI", 1, at(27, 8, 30), at(27, 9)),
    ("by a step", "*/15 * * * *", 0.1, at(25, 7, 46), at(25, 7, 51)),
    ("between two steps", "*/15 * * * *", 0.1, at(25, 7, 52), None),
    ("Sunday as seven", "0 1 * * 7", 2, at(29, 2), at(29, 3)),
    ("by the day or the weekday", "0 1 13 * SUN", 2, at(29, 2), at(29, 3)),
    ("by the day, on no Sunday", "0 1 13 * SUN", 2, at(13, 2), at(13, 3)),
    ("in a month by name", "0 1 * DEC *", 2, at(25, 2), None),
]


@pytest.mark.parametrize(("cron", "hours", "now", "until"), [case[1:] for case in OPEN], ids=[case[0] for case in OPEN])
def test_a_window_is_open_as_declared(cron: str, hours: float, now: datetime, until: datetime | None) -> None:
    """It opens at each beginning, in the hours of its zone, and closes when it has lasted."""
    window = Window(Cron.of(cron), timedelta(hours=hours), SHANGHAI)
    assert window.until(now.astimezone(UTC)) == until


WRONG = [
    ("maintenance: [{cron: '0 1 * *', lasts: 2h}]", "write five fields"),
    ("maintenance: [{cron: '0 25 * * *', lasts: 2h}]", "out of range"),
    ("maintenance: [{cron: '0 1 * * SON', lasts: 2h}]", "no name"),
    ("maintenance: [{cron: '@daily', lasts: 2h}]", "write five fields"),
    ("maintenance: [{cron: '0 1 * * *', lasts: 8d}]", "604800"),
    ("maintenance: [{cron: '0 1 * * *', lasts: 2h, zone: Asia/Qingdao}]", "unknown time zone"),
    ("retry: {errors: [Denied]}", "known: RateLimited, TimedOut, Unavailable"),
    ("limits: {perDay: 0}", "greater than or equal to 1"),
]


@pytest.mark.parametrize(("words", "reason"), WRONG)
def test_what_cannot_be_kept_is_named_with_its_line(words: str, reason: str) -> None:
    """A window, a retry or a quota that means nothing is a finding."""
    source = REST_SOURCE.replace("    limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}\n", "")
    with pytest.raises(DeclarationError, match=r"370100-invented\.yaml:\d+") as caught:
        registered(f"{source}    {words}\n", REST_TYPE)
    assert reason in str(caught.value)


WORDS = "    maintenance: [{cron: '0 1 * * SUN', lasts: 2h}]\n    retry: {attempts: 3, errors: [RateLimited]}\n"


@pytest.mark.parametrize(("source", "permit"), [(REST_SOURCE, REST_TYPE), (SQL_SOURCE, SQL_TYPE)])
def test_every_kind_of_source_has_these_words(source: str, permit: str) -> None:
    """They stand beside a source's other bounds, whatever its kind. Processes count the calls of a day together."""
    words = source.replace("limits: {", "limits: {perDay: 1000, ") + WORDS
    (platform,) = registered(words, permit).platforms.values()
    (made,) = platform.sources.values()
    assert made.windows == (Window(Cron.of("0 1 * * SUN"), timedelta(hours=2), SHANGHAI),)
    assert (made.limits.per_day, made.retry.errors) == (1000, frozenset({"RateLimited"}))
    (shared,) = load([declaration(words, permit)], TERMS, processes=4).platforms.values()
    assert shared.sources["main"].limits.per_day == 1000


ONCE = Retry(1, 0.8)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def guard(clock: Clock, per_day: int | None = None, windows: tuple[Window, ...] = (), retry: Retry = ONCE) -> Guard:
    (platform,) = registered(REST_SOURCE, REST_TYPE).platforms.values()
    (source,) = platform.sources.values()
    limits = Limits(8, None, 5.0, 100, 1 << 20, per_day)
    return Guard(Source("main", "rest", source.connector, limits, Breaker(5, 30.0, 5.0), retry, windows=windows), clock)


def failing(error: ConnectorError | None = None, calls: int = 1) -> tuple[list[int], object]:
    """An ask that counts how often it went out."""
    out: list[int] = []

    async def ask(deadline: Deadline, turn: Turn) -> str:
        for _ in range(calls):
            await turn()
            out.append(1)
        if error is not None:
            raise error
        return "answer"

    return out, ask


async def test_while_a_window_is_open_nothing_is_asked() -> None:
    """The caller is told until when; the breaker hears nothing of it, and afterwards the platform is asked at once."""
    clock = Clock(at(29, 1, 30))
    mine = guard(clock, windows=(Window(Cron.of(NIGHT), timedelta(hours=2), SHANGHAI),))
    out, ask = failing()
    for _ in range(9):
        with pytest.raises(Maintenance) as caught:
            await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    assert (caught.value.until, mine.closed_until, mine.is_open, out) == (at(29, 3), at(29, 3), False, [])
    clock.now = at(29, 3)
    assert await mine.call(ask, "Permit", Deadline.within(5)) == "answer"  # type: ignore[arg-type]


async def test_calls_of_a_day_are_counted_to_the_last_page() -> None:
    """Each call counts, further pages too; when they are used up nothing goes out until the zone's midnight."""
    clock = Clock(at(24, 23, 59))
    mine = guard(clock, per_day=5)
    out, ask = failing(calls=2)
    for _ in range(2):
        assert await mine.call(ask, "Permit", Deadline.within(5)) == "answer"  # type: ignore[arg-type]
    with pytest.raises(QuotaUsedUp):
        await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    with pytest.raises(QuotaUsedUp) as caught:
        await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    assert (len(out), caught.value.status, mine.is_open) == (5, "BUSY", False)
    clock.now = at(25, 0, 0)
    assert await mine.call(ask, "Permit", Deadline.within(5)) == "answer"  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [RateLimited("busy", 30.0), Unavailable("503")])
async def test_who_asks_us_to_wait_is_left_alone_by_all(error: ConnectorError) -> None:
    """After `Retry-After` no question goes out before its time, not only the one that was told."""
    error.after = 30.0
    mine = guard(Clock(at(24, 12)), retry=Retry(2, 0.8))
    out, ask = failing(error)
    with pytest.raises(type(error)):
        await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(Waiting):
            await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    assert len(out) == 1


@pytest.mark.parametrize(
    ("error", "times"), [(Unavailable("x"), 1), (TimedOut("x"), 1), (RateLimited("x"), 2), (RateLimited("x", 0.05), 2)]
)
async def test_only_declared_errors_are_tried_again(error: ConnectorError, times: int) -> None:
    """`retry.errors` says after which errors the platform bears the same question once more."""
    mine = guard(Clock(at(24, 12)), retry=Retry(2, 0.8, frozenset({"RateLimited"})))
    out, ask = failing(error)
    with pytest.raises(type(error)):
        await mine.call(ask, "Permit", Deadline.within(5))  # type: ignore[arg-type]
    assert len(out) == times
