"""The guard around a source: its bounds hold under load, in a storm of failures and under cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import pytest

from connectors.contract import (
    AuthFailed,
    Breaker,
    Claim,
    ConnectorError,
    ContractBroken,
    Deadline,
    Denied,
    Environment,
    Fetch,
    Limits,
    Page,
    RateLimited,
    Retry,
    Source,
    TimedOut,
    Unavailable,
)
from gateway.fetching.guard import BreakerOpen, Busy, Guard


class Nobody:
    """A connector that is never asked: these tests bring their own asks."""

    def claims(self) -> Mapping[str, Claim]:
        return {}

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        raise NotImplementedError


def guard(
    concurrency: int = 4,
    per_second: float | None = None,
    attempts: int = 1,
    failures: int = 1_000_000,
    timeout: float = 5.0,
    within: float = 2.0,
) -> Guard:
    limits = Limits(concurrency, per_second, timeout, 100, 1 << 20)
    return Guard(Source("main", "none", Nobody(), limits, Breaker(failures, 30.0, 30.0), Retry(attempts, within)))


async def outcome(guarded: Guard, ask: object, seconds: float = 5.0) -> str:
    try:
        await guarded.call(ask, Deadline.within(seconds))  # type: ignore[arg-type]
    except ConnectorError as error:
        return type(error).__name__
    return "ok"


async def test_bulkhead() -> None:
    """Of a hundred asks at once never more than `concurrency` are at the platform."""
    now = most = 0

    async def ask(_: Deadline) -> None:
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

    async def hold(_: Deadline) -> None:
        await release.wait()

    async def quick(_: Deadline) -> None: ...

    guarded = guard(concurrency=1, failures=1)
    holding = asyncio.create_task(outcome(guarded, hold))
    await asyncio.sleep(0)
    assert await outcome(guarded, quick, seconds=0.05) == Busy.__name__
    release.set()
    assert await holding == "ok"
    assert await outcome(guarded, quick) == "ok"


async def test_rate() -> None:
    """`perSecond` is kept: who would have to wait beyond the deadline is told Busy."""

    async def ask(_: Deadline) -> None: ...

    guarded = guard(per_second=5)
    results = [await outcome(guarded, ask, seconds=0.05) for _ in range(8)]
    assert results[:5] == ["ok"] * 5
    assert results[5:] == [Busy.__name__] * 3


@pytest.mark.parametrize(
    ("error", "calls"),
    [(Unavailable("x"), 3), (TimedOut("x"), 3), (Denied("x"), 1), (AuthFailed("x"), 1), (ContractBroken("x"), 1)],
)
async def test_only_retryable_errors_are_retried(error: ConnectorError, calls: int) -> None:
    """A failure that another try may mend is tried again, up to `attempts`; any other is final."""
    made = 0

    async def ask(_: Deadline) -> None:
        nonlocal made
        made += 1
        raise error

    guarded = guard(attempts=3)
    for _ in range(10):  # earns the budget of a retry for each of the two that may follow
        await outcome(guarded, lambda _: asyncio.sleep(0))
    assert await outcome(guarded, ask) == type(error).__name__
    assert made == calls


async def test_a_storm_is_not_fed() -> None:
    """Of 500 calls that all fail, retries are at most one in ten beside the first."""
    made = 0

    async def ask(_: Deadline) -> None:
        nonlocal made
        made += 1
        raise Unavailable("x")

    guarded = guard(concurrency=50, attempts=3)
    await asyncio.gather(*(outcome(guarded, ask) for _ in range(500)))
    assert 500 < made <= 500 + 51


async def test_retry_after_is_honoured_if_it_fits() -> None:
    """`RateLimited(after)` is waited for when the deadline allows, and is final when it does not."""
    times: list[float] = []

    async def ask(_: Deadline) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RateLimited("x", after=0.2)

    assert await outcome(guard(attempts=2), ask) == "ok"
    assert times[1] - times[0] >= 0.2
    times.clear()
    assert await outcome(guard(attempts=2), ask, seconds=0.1) == RateLimited.__name__
    assert len(times) == 1


async def test_retries_stay_within() -> None:
    """No retry begins after `retry.within`."""
    made = 0

    async def ask(_: Deadline) -> None:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        raise Unavailable("x")

    await outcome(guard(attempts=5, within=0.01), ask)
    assert made == 1


async def test_deadline_and_timeout() -> None:
    """An ask that hangs is cut at the platform's time-out or the deadline, whichever comes first, and counts."""

    async def hang(_: Deadline) -> None:
        await asyncio.Event().wait()

    guarded = guard(timeout=0.05, failures=2)
    assert await outcome(guarded, hang) == TimedOut.__name__
    assert await outcome(guarded, hang, seconds=0.02) == TimedOut.__name__
    assert await outcome(guarded, hang) == BreakerOpen.__name__
    assert guarded.is_open


async def test_wrong_credentials_open_at_once() -> None:
    """AuthFailed opens the breaker at the first time: a locked account is worse than a missing answer."""

    async def ask(_: Deadline) -> None:
        raise AuthFailed("x")

    guarded = guard(failures=100)
    assert await outcome(guarded, ask) == AuthFailed.__name__
    assert await outcome(guarded, ask) == BreakerOpen.__name__


async def test_a_connector_s_own_fault_is_a_failure_of_its_platform() -> None:
    """An unforeseen exception becomes Unavailable, without its text."""

    async def ask(_: Deadline) -> None:
        raise KeyError("370203199001010013")

    with pytest.raises(Unavailable) as caught:
        await guard().call(ask, Deadline.within(1))
    assert "3702" not in str(caught.value)
    assert "KeyError" in str(caught.value)


async def test_cancellation_gives_the_slot_back() -> None:
    """A cancelled ask leaves no slot taken and no probe waiting."""

    async def hang(_: Deadline) -> None:
        await asyncio.Event().wait()

    guarded = guard(concurrency=1)
    for _ in range(3):
        task = asyncio.create_task(outcome(guarded, hang))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await outcome(guarded, lambda _: asyncio.sleep(0), seconds=0.5) == "ok"


async def test_a_connector_that_does_not_stop_is_not_waited_for() -> None:
    """Whoever ignores his cancellation holds nobody beyond the deadline, and keeps his slot until he really ends."""
    release = asyncio.Event()

    async def deaf(_: Deadline) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def quick(_: Deadline) -> None: ...

    guarded = guard(concurrency=1)
    assert await asyncio.wait_for(outcome(guarded, deaf, seconds=0.05), 2) == TimedOut.__name__
    assert await outcome(guarded, quick, seconds=0.05) == Busy.__name__
    release.set()
    assert await outcome(guarded, quick) == "ok"


async def test_less_than_one_call_a_second() -> None:
    """`perSecond: 0.5` is a call every two seconds, not an error."""

    async def quick(_: Deadline) -> None: ...

    guarded = guard(per_second=0.5)
    assert await outcome(guarded, quick, seconds=0.05) == "ok"
    assert await outcome(guarded, quick, seconds=0.05) == Busy.__name__
