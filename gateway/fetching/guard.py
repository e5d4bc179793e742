"""Around every source: bulkhead, pace, breaker, retry budget, deadline. Connectors have none of these.

Retries are for retryable errors only, jittered, inside the deadline and the platform's own `retry.within`,
and at most one call in ten (with a floor of one), so that a failing platform is not stormed. Nobody waits
for a connector beyond the deadline: one that does not stop when told keeps its slot until it does.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from connectors.contract import ConnectorError, Deadline, RateLimited, Source, TimedOut, Turn, Unavailable
from gateway.fetching.pace import Pace
from gateway.fetching.standing import BreakerOpen, Standing

T = TypeVar("T")
Ask = Callable[[Deadline, Turn], Awaitable[T]]

RETRY_SHARE = 0.1
RETRY_FLOOR = 1.0
RETRY_CAP = 10.0
_jitter = wait_random_exponential(multiplier=0.02, max=0.2)


class Busy(ConnectorError):
    """Our own bounds left no room until the deadline; says nothing of the platform."""

    status = "BUSY"


class Guard:
    """One source's guard. `call` runs one ask through it and raises only ConnectorErrors."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._slots = asyncio.Semaphore(source.limits.concurrency)
        self._pace = Pace(source.limits.per_second) if source.limits.per_second else None
        self._standing = Standing(source.breaker)
        self._budget = RETRY_FLOOR
        self._running: set[asyncio.Future[Any]] = set()  # the loop itself holds tasks only weakly

    @property
    def is_open(self) -> bool:
        return self._standing.is_open(time.monotonic())

    async def call(self, ask: Ask[T], type_name: str, deadline: Deadline) -> T:
        """The ask's result; where a retry found no way to the platform, what the platform said before."""
        self._budget = min(RETRY_CAP, self._budget + RETRY_SHARE)
        said: BaseException | None = None

        def spend(state: RetryCallState) -> None:
            nonlocal said
            self._budget -= 1.0
            said = state.outcome.exception() if state.outcome else None

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._source.retry.attempts)
            | stop_before_delay(min(self._source.retry.within, deadline.left())),
            retry=retry_if_exception(self._may_be_mended),
            wait=_pause,
            before_sleep=spend,
            reraise=True,
        )
        try:
            return await retrying(self._once, ask, type_name, deadline)
        except (Busy, BreakerOpen) as ours:
            raise said or ours from None

    def _may_be_mended(self, error: BaseException) -> bool:
        return isinstance(error, ConnectorError) and error.retryable and self._budget >= 1.0

    async def _once(self, ask: Ask[T], type_name: str, deadline: Deadline) -> T:
        """One attempt, refused before any waiting where the breaker is open."""
        came = time.monotonic()
        self._standing.check(type_name, came)
        await self._admitted(deadline)
        began = time.monotonic()
        try:
            passage = self._standing.enter(type_name, began)
        except BreakerOpen:
            self._slots.release()
            raise
        own = Deadline(min(deadline.at, began + self._source.limits.timeout))
        turns = _Turns(self._pace, own, waited=began - came)
        task = asyncio.ensure_future(ask(own, turns.take))
        self._running.add(task)
        try:
            result = await _outcome(task, own)
        except asyncio.CancelledError:
            passage.abandoned()
            raise
        except Exception as error:  # noqa: BLE001  # a fault of one connector must not take the other answers away
            failure = _failure(error)
            had = time.monotonic() - came - turns.waited  # seconds that the platform had for itself
            cut_short = isinstance(failure, TimedOut) and had < min(turns.waited, 0.9 * self._source.limits.timeout)
            if cut_short or isinstance(failure, Busy):
                passage.abandoned()  # most of the time went by in our own queues
            else:
                passage.failed(failure, time.monotonic())
            raise failure from None
        else:
            passage.succeeded()
            return result
        finally:  # not before: who waits for the slot must find the breaker as this call leaves it
            task.add_done_callback(self._ended)

    async def _admitted(self, deadline: Deadline) -> None:
        """Takes a slot and a turn. Raises Busy, with no slot taken."""
        try:
            async with asyncio.timeout(deadline.left()):
                await self._slots.acquire()
            try:
                if self._pace is not None:
                    await self._pace.turn(deadline)
            except BaseException:
                self._slots.release()
                raise
        except TimeoutError:
            raise Busy("no free slot and turn before the deadline") from None

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()  # told already, or too late to be told


class _Turns:
    """The turns of one attempt: the first was taken when it was let in, its connector takes each further one."""

    def __init__(self, pace: Pace | None, deadline: Deadline, waited: float) -> None:
        self.waited = waited
        self._pace, self._deadline = pace, deadline
        self._first = True

    async def take(self) -> None:
        if self._pace is None or self._first:
            self._first = False
            return
        begin = time.monotonic()
        try:
            await self._pace.turn(self._deadline)
        except TimeoutError:
            raise Busy("no further turn before the deadline") from None
        finally:
            self.waited += time.monotonic() - begin


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, RateLimited) else None
    return _jitter(state) if asked is None else asked


async def _outcome(task: asyncio.Future[T], deadline: Deadline) -> T:
    """The task's result by the deadline; then, or when the caller leaves, it is told to stop and not waited for."""
    try:
        await asyncio.wait({task}, timeout=deadline.left())
        if not task.done():
            raise TimedOut("no answer by the deadline")
        if task.cancelled():  # from within: that is no caller who left
            raise Unavailable("the connector gave up")
        return task.result()
    finally:
        task.cancel()


def _failure(error: Exception) -> ConnectorError:
    """Any failure of an ask as an error of the contract, without the text that it came with."""
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut("no answer by the deadline")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return Unavailable(f"{type(error).__name__}{where}")
