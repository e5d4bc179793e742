"""Retries mend what another try may mend, within their bounds, and never hide what the platform said."""

from __future__ import annotations

import asyncio
import time

import pytest

from connectors.contract import (
    AuthFailed,
    ConnectorError,
    ContractBroken,
    Deadline,
    Denied,
    RateLimited,
    TimedOut,
    Unavailable,
)
from tests.edges.guarded import guard, outcome

pytestmark = pytest.mark.leaping


async def test_a_breaker_that_a_failure_opened_does_not_hide_it() -> None:
    """When the platform's own failure opens its breaker, that failure is told, and there is no second call."""
    made = 0

    async def ask(*_: object) -> None:
        nonlocal made
        made += 1
        raise TimedOut("x")

    assert await outcome(guard(attempts=3, failures=1), ask) == TimedOut.__name__
    assert made == 1


async def test_no_slot_after_a_failure_tells_the_failure() -> None:
    """When the retry finds no slot, the caller is told what the platform said, not that we were busy."""
    holders: list[asyncio.Task[str]] = []

    async def hold(*_: object) -> None:
        await asyncio.Event().wait()

    async def fail(*_: object) -> None:
        holders.append(asyncio.create_task(outcome(guarded, hold)))  # takes the slot that this call gives back
        raise Unavailable("x")

    guarded = guard(concurrency=1, attempts=2)
    assert await outcome(guarded, fail, seconds=0.3) == Unavailable.__name__
    assert len(holders) == 1
    holders[0].cancel()


@pytest.mark.parametrize(
    ("error", "calls"),
    [(Unavailable("x"), 3), (TimedOut("x"), 3), (Denied("x"), 1), (AuthFailed("x"), 1), (ContractBroken("x"), 1)],
)
async def test_only_retryable_errors_are_retried(error: ConnectorError, calls: int) -> None:
    """A failure that another try may mend is tried again, up to `attempts`; any other is final."""
    made = 0

    async def ask(*_: object) -> None:
        nonlocal made
        made += 1
        raise error

    guarded = guard(attempts=3)
    for _ in range(10):  # earns the budget of a retry for each of the two that may follow
        await outcome(guarded, lambda *_: asyncio.sleep(0))
    assert await outcome(guarded, ask) == type(error).__name__
    assert made == calls


async def test_a_storm_is_not_fed() -> None:
    """Of 500 calls that all fail at once, retries are at most one in ten beside the first."""
    made = 0

    async def ask(*_: object) -> None:
        nonlocal made
        made += 1
        raise Unavailable("x")

    guarded = guard(concurrency=50, attempts=3)
    await asyncio.gather(*(outcome(guarded, ask) for _ in range(500)))
    assert 500 < made <= 500 + 51


async def test_only_a_retry_costs_of_the_budget() -> None:
    """Of a hundred calls that fail one after another ten are tried again: a last failure spends nothing."""
    made = 0

    async def ask(*_: object) -> None:
        nonlocal made
        made += 1
        raise Unavailable("x")

    guarded = guard(attempts=2)
    for _ in range(100):
        await outcome(guarded, ask)
    assert 100 + 10 <= made <= 100 + 11


async def test_retry_after_is_honoured_if_it_fits() -> None:
    """`RateLimited(after)` is waited for when the deadline allows, and is final when it does not."""
    times: list[float] = []

    async def ask(*_: object) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RateLimited("x", after=0.2)

    assert await outcome(guard(attempts=2), ask) == "ok"
    assert times[1] - times[0] == pytest.approx(0.2)
    times.clear()
    assert await outcome(guard(attempts=2), ask, seconds=0.1) == RateLimited.__name__
    assert len(times) == 1


async def test_retries_stay_within() -> None:
    """No retry begins after `retry.within`."""
    made = 0

    async def ask(*_: object) -> None:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        raise Unavailable("x")

    await outcome(guard(attempts=5, within=0.01), ask)
    assert made == 1


async def test_retries_end_with_the_deadline() -> None:
    """However often a platform may be tried, no attempt begins after the deadline."""
    begun: list[float] = []

    async def ask(*_: object) -> None:
        begun.append(time.monotonic())
        raise Unavailable("x")

    guarded = guard(attempts=1000, within=10.0)
    for _ in range(90):
        await outcome(guarded, lambda *_: asyncio.sleep(0))
    deadline = Deadline.within(0.1)
    with pytest.raises(Unavailable):
        await guarded.call(ask, "T", deadline)
    assert 1 < len(begun) <= 11  # the budget's cap
    assert max(begun) < deadline.at
