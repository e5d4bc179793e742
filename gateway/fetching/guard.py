"""Around every source: bulkhead, rate limiter, breaker, retry budget, deadline. Connectors have none of these.

Retries are for retryable errors only, jittered, inside the deadline and the platform's own `retry.within`,
and at most one call in ten (with a floor of one), so that a failing platform is not stormed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

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
        self._limiter = AsyncLimiter(source.limits.per_second, 1.0) if source.limits.per_second else None
        self._breaker = CircuitBreaker(source.breaker)
        self._budget = RETRY_FLOOR

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
        try:
            async with asyncio.timeout(deadline.left()):
                await self._slots.acquire()
        except TimeoutError:
            raise Busy("no free slot before the deadline") from None
        try:
            return await self._through_breaker(ask, deadline)
        finally:
            self._slots.release()

    async def _through_breaker(self, ask: Callable[[Deadline], Awaitable[T]], deadline: Deadline) -> T:
        if not self._breaker.allows(time.monotonic()):
            raise BreakerOpen("the breaker is open")
        own = Deadline(min(deadline.at, time.monotonic() + self._source.limits.timeout))
        settled = False
        try:
            async with asyncio.timeout(own.left()):
                if self._limiter:
                    await self._limiter.acquire()
                result = await ask(own)
            self._breaker.succeeded()
            settled = True
            return result
        except TimeoutError:
            self._breaker.failed(time.monotonic())
            settled = True
            raise TimedOut("no answer by the deadline") from None
        except ConnectorError as error:
            if isinstance(error, AuthFailed):
                self._breaker.trip(time.monotonic())
            elif error.counts:
                self._breaker.failed(time.monotonic())
            else:
                self._breaker.succeeded()  # the platform answered, if only to refuse
            settled = True
            raise
        except OSError as error:
            self._breaker.failed(time.monotonic())
            settled = True
            raise Unavailable(type(error).__name__) from None
        finally:
            if not settled:
                self._breaker.abandoned()
