"""The guard around a source: its bounds hold under load, in a storm of failures and under cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import pytest

from connectors.contract import (
    AuthFailed,
    ContractBroken,
    Deadline,
    TimedOut,
    Turn,
    Unavailable,
)
from gateway.fetching.guard import Ask, Busy
from gateway.fetching.standing import BreakerOpen, TypeBroken
from tests.edges.guarded import guard, outcome

pytestmark = pytest.mark.leaping


async def test_bulkhead() -> None:
    """Of a hundred asks at once never more than `concurrency` are at the platform."""
    now = most = 0

    async def ask(*_: object) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    guarded = guard(concurrency=4)
    results = await asyncio.gather(*(outcome(guarded, ask) for _ in range(100)))
    assert set(results) == {"ok"}
    assert most == 4


async def test_no_slot_is_busy() -> None:
    """Who gets no slot by the deadline is told Busy; that says nothing against the platform's breaker."""
    release = asyncio.Event()

    async def hold(*_: object) -> None:
        await release.wait()

    async def quick(*_: object) -> None: ...

    guarded = guard(concurrency=1, failures=1)
    holding = asyncio.create_task(outcome(guarded, hold))
    await asyncio.sleep(0)
    assert await outcome(guarded, quick, seconds=0.05) == Busy.__name__
    release.set()
    assert await holding == "ok"
    assert await outcome(guarded, quick) == "ok"


async def test_who_queued_too_long_says_nothing_of_the_platform() -> None:
    """A call that was cut because it had waited in our own queue does not count against a healthy platform."""

    async def steady(*_: object) -> None:
        await asyncio.sleep(0.3)

    guarded = guard(concurrency=1, failures=1)
    results = await asyncio.gather(*(outcome(guarded, steady, seconds=0.5) for _ in range(5)))
    assert results.count("ok") == 1
    assert set(results) <= {"ok", TimedOut.__name__, Busy.__name__}
    assert not guarded.is_open
    assert await outcome(guarded, steady) == "ok"


async def test_who_comes_with_little_time_says_nothing_of_the_platform() -> None:
    """A call that was cut because most of its time had gone by before it came does not count against a platform, the
    first of an ask as little as one that was waited for."""
    guarded = guard(concurrency=1, failures=1, usual=60.0)
    hanging = [outcome(guarded, paged(0, asyncio.Event().wait), seconds=0.1) for _ in range(2)]
    assert set(await asyncio.gather(*hanging)) <= {TimedOut.__name__, Busy.__name__}
    assert not guarded.is_open


async def test_who_queued_and_then_got_no_answer_says_so() -> None:
    """However long a call has waited for its slot, a platform that then lets its whole time-out pass has failed."""
    guarded = guard(concurrency=1, timeout=0.2, failures=3)
    assert set(await asyncio.gather(*(outcome(guarded, paged(0, asyncio.Event().wait)) for _ in range(3)))) == {
        TimedOut.__name__
    }
    assert guarded.is_open


async def test_rate() -> None:
    """`perSecond` is kept: who would have to wait beyond the deadline is told Busy."""

    async def ask(*_: object) -> None: ...

    guarded = guard(per_second=5)
    results = [await outcome(guarded, ask, seconds=0.05) for _ in range(8)]
    assert results[:5] == ["ok"] * 5
    assert results[5:] == [Busy.__name__] * 3


async def test_less_than_one_call_a_second() -> None:
    """`perSecond: 0.5` is a call every two seconds, not an error; who cannot have his turn in time is told at once."""

    async def quick(*_: object) -> None: ...

    guarded = guard(per_second=0.5)
    assert await outcome(guarded, quick) == "ok"
    begin = time.monotonic()
    assert await outcome(guarded, quick, seconds=1.2) == Busy.__name__
    assert time.monotonic() - begin < 0.5


def paged(calls: int, last: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)) -> Ask[object]:
    """An ask that is several calls, one after another."""

    async def ask(until: Deadline, turn: Turn) -> object:
        for _ in range(calls):
            await turn()
        return await last()

    return ask


async def test_each_call_of_an_ask_takes_one_turn() -> None:
    """An ask that is three calls costs three turns: as many pass at once, and one more finds no turn in time."""
    assert await outcome(guard(per_second=3), paged(3), seconds=0.2) == "ok"
    guarded = guard(per_second=3, failures=1)
    assert await outcome(guarded, paged(4), seconds=0.2) == Busy.__name__
    assert not guarded.is_open


async def test_an_ask_that_was_cut_while_it_paced_itself_says_nothing() -> None:
    """A call that was cut because the ones before it had waited for their turns does not count against its platform."""
    guarded = guard(per_second=1, failures=1)
    assert await outcome(guarded, paged(2, asyncio.Event().wait), seconds=1.5) == TimedOut.__name__
    assert not guarded.is_open


async def test_who_leaves_the_queue_leaves_his_slot() -> None:
    """A caller who is cancelled while waiting for the pace gives back the slot that he held."""

    async def ask(*_: object) -> None: ...

    guarded = guard(per_second=1, concurrency=1)
    assert await outcome(guarded, ask) == "ok"
    for _ in range(3):
        leaving = asyncio.create_task(outcome(guarded, ask))
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    assert await outcome(guarded, ask, seconds=2) == "ok"


async def test_deadline_and_timeout() -> None:
    """An ask that hangs is cut at the platform's time-out or the deadline, whichever comes first, and counts."""

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    guarded = guard(timeout=0.05, failures=2)
    assert await outcome(guarded, hang) == TimedOut.__name__
    assert await outcome(guarded, hang, seconds=0.02) == TimedOut.__name__
    assert await outcome(guarded, hang) == BreakerOpen.__name__
    assert guarded.is_open


async def test_an_open_breaker_answers_at_once() -> None:
    """While the breaker is open nobody waits for a slot that a hanging call still holds."""
    release = asyncio.Event()

    async def stubborn(*_: object) -> None:
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    guarded = guard(concurrency=1, timeout=0.05, failures=1)
    try:
        assert await outcome(guarded, stubborn) == TimedOut.__name__
        assert await outcome(guarded, stubborn, seconds=0.5) == BreakerOpen.__name__  # not Busy: it did not wait
    finally:
        release.set()


async def test_who_waited_while_the_breaker_opened_is_refused() -> None:
    """A call that waits for a slot when the platform falls does not go out any more, and gives its slot back."""
    fall = asyncio.Event()
    asked = 0

    async def ask(*_: object) -> None:
        nonlocal asked
        asked += 1
        await fall.wait()
        raise Unavailable("x")

    guarded = guard(concurrency=1, failures=1, open_=0.2)
    calls = [asyncio.create_task(outcome(guarded, ask)) for _ in range(4)]
    await asyncio.sleep(0)
    fall.set()
    assert await asyncio.gather(*calls) == [Unavailable.__name__] + [BreakerOpen.__name__] * 3
    assert asked == 1
    while guarded.is_open:
        await asyncio.sleep(0.01)
    assert await outcome(guarded, lambda *_: asyncio.sleep(0), seconds=0.5) == "ok"


async def test_who_is_turned_away_leaves_his_slot() -> None:
    """A call for a record type that broke its contract is refused and takes no slot from the other types."""

    async def broken(*_: object) -> None:
        raise ContractBroken("x")

    guarded = guard(concurrency=1, failures=1)
    for expected in (ContractBroken, TypeBroken, TypeBroken, TypeBroken):
        assert await outcome(guarded, broken, type_name="A") == expected.__name__
    assert await outcome(guarded, lambda *_: asyncio.sleep(0), seconds=0.2, type_name="B") == "ok"


async def test_a_connector_that_does_not_stop_is_not_waited_for() -> None:
    """Whoever ignores his cancellation holds nobody beyond the deadline, and keeps his slot until he really ends."""
    release = asyncio.Event()

    async def deaf(*_: object) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def quick(*_: object) -> None: ...

    guarded = guard(concurrency=1)
    try:
        assert await asyncio.wait_for(outcome(guarded, deaf, seconds=0.05), 2) == TimedOut.__name__
        assert await outcome(guarded, quick, seconds=0.05) == Busy.__name__
    finally:
        release.set()
    assert await outcome(guarded, quick) == "ok"


async def test_a_connector_that_gives_up_is_no_caller_who_leaves() -> None:
    """A cancellation from within a connector is its platform's failure, not the request's end."""

    async def ask(*_: object) -> None:
        raise asyncio.CancelledError

    assert await outcome(guard(), ask) == Unavailable.__name__


async def test_a_connector_s_own_fault_is_a_failure_of_its_platform() -> None:
    """An unforeseen exception becomes Unavailable, without its text."""

    async def ask(*_: object) -> None:
        raise KeyError("370203199001010013")

    with pytest.raises(Unavailable) as caught:
        await guard().call(ask, "T", Deadline.within(1))
    assert "3702" not in str(caught.value)
    assert "KeyError" in str(caught.value)


async def test_cancellation_gives_the_slot_back() -> None:
    """A cancelled ask leaves no slot taken and no probe waiting."""

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    guarded = guard(concurrency=1)
    for _ in range(3):
        task = asyncio.create_task(outcome(guarded, hang))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await outcome(guarded, lambda *_: asyncio.sleep(0), seconds=0.5) == "ok"


async def test_a_probe_that_says_nothing_lets_another_try() -> None:
    """When the one call that may try a fallen platform is cancelled or ours to blame, the next one is the probe."""

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    async def refused(*_: object) -> None:
        raise AuthFailed("x")

    async def busy(*_: object) -> None:
        raise Busy("x")

    guarded = guard(open_=0.05)
    assert await outcome(guarded, refused) == AuthFailed.__name__
    while guarded.is_open:
        await asyncio.sleep(0.01)
    assert await outcome(guarded, busy) == Busy.__name__
    probe = asyncio.create_task(outcome(guarded, hang))
    await asyncio.sleep(0)
    assert await outcome(guarded, hang) == BreakerOpen.__name__
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert await outcome(guarded, lambda *_: asyncio.sleep(0)) == "ok"
