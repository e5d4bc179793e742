"""Around every source: bulkhead, rate limiter, breaker, retry budget, deadline. Connectors have none of these.

Retries are for retryable errors only, jittered, inside the deadline and the platform's own `retry.within`,
and at most one call in ten (with a floor of one), so that a failing platform is not stormed.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from connectors.contract import AuthFailed, ConnectorError, Deadline, RateLimited, Source, TimedOut, Unavailable
from gateway.fetching.breaker import CircuitBreaker

T = TypeVar("T")

RETRY_SHARE = 0.1
RETRY_FLOOR = 1.0
RETRY_CAP = 10.0


class Busy(ConnectorError):
    """Our own bulkhead was full until the deadline."""

    status = "BUSY"


class BreakerOpen(ConnectorError):
    """The platform failed lately; it is left alone for a while."""


class Guard:
    """One source's guard. `call` runs one ask through it and raises only ConnectorErrors."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._slots = asyncio.Semaphore(source.limits.concurrency)
        rate = source.limits.per_second
        # below one call a second the period is stretched: the limiter takes whole calls
        self._limiter = AsyncLimiter(max(1.0, rate), max(1.0, 1.0 / rate)) if rate else None
        self._breaker = CircuitBreaker(source.breaker)
        self._budget = RETRY_FLOOR
        self._running: set[asyncio.Future[Any]] = set()  # the loop itself holds tasks only weakly

    @property
    def is_open(self) -> bool:
        return self._breaker.is_open(time.monotonic())

    async def call(self, ask: Callable[[Deadline], Awaitable[T]], deadline: Deadline) -> T:
        self._budget = min(RETRY_CAP, self._budget + RETRY_SHARE)
        give_up = time.monotonic() + self._source.retry.within

        def again(error: BaseException) -> bool:
            if not (isinstance(error, ConnectorError) and error.retryable) or isinstance(error, Busy):
                return False
            wait = error.after or 0.0 if isinstance(error, RateLimited) else 0.0
            if self._budget < 1.0 or time.monotonic() + wait > min(give_up, deadline.at):
                return False
            self._budget -= 1.0
            return True

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            after = error.after if isinstance(error, RateLimited) else None
            return min(after or jitter(state), deadline.left())

        jitter = wait_random_exponential(multiplier=0.02, max=0.2)
        retrying = AsyncRetrying(
            stop=stop_after_attempt(max(1, self._source.retry.attempts)),
            retry=retry_if_exception(again),
            wait=pause,
            reraise=True,
        )
        return await retrying(self._once, ask, deadline)

    async def _once(self, ask: Callable[[Deadline], Awaitable[T]], deadline: Deadline) -> T:
        """One attempt; waiting for our own bounds is `Busy` and says nothing of the platform."""
        try:
            async with asyncio.timeout(deadline.left()):
                await self._slots.acquire()
        except TimeoutError:
            raise Busy("no free slot before the deadline") from None
        try:
            if self._limiter:
                async with asyncio.timeout(deadline.left()):
                    await self._limiter.acquire()
            if not self._breaker.allows(time.monotonic()):
                raise BreakerOpen("the breaker is open")
        except BaseException as error:
            self._slots.release()
            if isinstance(error, TimeoutError):
                raise Busy("no turn before the deadline") from None
            raise
        own = Deadline(min(deadline.at, time.monotonic() + self._source.limits.timeout))
        task = asyncio.ensure_future(ask(own))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await self._outcome(task, own)

    async def _outcome(self, task: asyncio.Future[T], own: Deadline) -> T:
        """The task's result by the deadline. A connector that does not stop when told is not waited for: it keeps
        its slot until it ends, and the answer goes on without it."""
        try:
            done, _ = await asyncio.wait({task}, timeout=own.left())
            if not done:
                raise TimeoutError
            result = task.result()
        except asyncio.CancelledError:
            task.cancel()
            self._breaker.abandoned()
            raise
        except Exception as error:  # noqa: BLE001  # a fault of one connector must not take the other answers away
            task.cancel()
            failure = _failure(error)
            self._note(failure)
            raise failure from None
        self._breaker.succeeded()
        return result

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()  # told already, or too late to be told

    def _note(self, failure: ConnectorError) -> None:
        if isinstance(failure, AuthFailed):
            self._breaker.trip(time.monotonic())
        elif failure.counts:
            self._breaker.failed(time.monotonic())
        else:
            self._breaker.succeeded()  # the platform answered, if only to refuse


def _failure(error: Exception) -> ConnectorError:
    """Any failure of an ask as an error of the contract, without the text that it came with."""
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut("no answer by the deadline")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return Unavailable(f"{type(error).__name__}{where}")
