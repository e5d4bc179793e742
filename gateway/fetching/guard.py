"""Around every source: bulkhead, pace, breaker, retry budget, deadline, planned windows. Connectors have none of these.

Retries are for retryable errors only, jittered, inside the deadline and the platform's own `retry.within`,
and at most one call in ten (with a floor of one), so that a failing platform is not stormed. Nobody waits
for a connector beyond the deadline: one that does not stop when told keeps its slot until it does.

The straight way is short: where a slot and a turn are free the attempt begins at once, as the only task of its ask.
Only who must wait, or failed in a way that another try may mend, gets a task that waits and asks the retry library.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from connectors.contract import ConnectorError, Maintenance, QuotaUsedUp, Source
from connectors.windows import closed_until
from gateway.fetching.attempt import Ask, Attempt, Busy, Told
from gateway.fetching.daily import Calls, Daily
from gateway.fetching.pace import Pace
from gateway.fetching.slots import Slots, Until
from gateway.fetching.standing import BreakerOpen, Passage, Standing, Waiting

__all__ = ["Ask", "Busy", "Call", "Guard"]

T = TypeVar("T")

RETRY_SHARE = 0.1
RETRY_FLOOR = 1.0
RETRY_CAP = 10.0
_jitter = wait_random_exponential(multiplier=0.02, max=0.2)


class Call(Generic[T]):
    """One ask on its way through a guard: what to do, until when, and who is to be told."""

    __slots__ = ("ask", "attempt", "came", "deadline", "lost", "patience", "told", "type_name")

    def __init__(self, ask: Ask[T], type_name: str, deadline: Until, told: Told[T], came: float, lost: float) -> None:
        """`lost` are the seconds of its time that had gone by elsewhere when it `came`."""
        self.ask, self.type_name, self.deadline, self.told, self.came = ask, type_name, deadline, told, came
        self.lost = lost
        self.attempt: Attempt[T] | None = None
        self.patience: asyncio.Task[None] | None = None  # waits, and tries again

    def leave(self, late: bool = False) -> None:
        """Nobody waits any more: nobody is told, and what was held is given back. `late`: as of `Attempt.leave`."""
        if self.attempt is not None:
            self.attempt.leave(late)
        if self.patience is not None:
            self.patience.cancel()


class Guard:
    """One source's guard. `call` runs one ask through it and raises only ConnectorErrors. The calls of a day are drawn
    from `calls` under the name `place`. `usual` are the seconds that a question has: who comes with fewer has lost the
    rest elsewhere, and says no more of the platform than who waited for it here."""

    def __init__(
        self,
        source: Source,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        calls: Calls | None = None,
        place: str = "",
        usual: float = 0.0,
    ) -> None:
        self._source, self._now, self._usual = source, now, usual
        limits = source.limits
        self._slots = Slots(limits.concurrency)
        self._pace = Pace(limits.per_second) if limits.per_second else None
        daily = limits.per_day
        self._daily = Daily(daily, limits.day_zone, now, calls or Calls(), place or source.name) if daily else None
        self._standing = Standing(source.breaker)
        self._budget = RETRY_FLOOR

    def goes_on(self, before: Guard) -> None:
        """In place of another guard of the same source: where its bounds are the same, both keep to them together. The
        calls of a day are counted on in any case: both draw on them."""
        if self._source.limits == before._source.limits:
            self.shares(before)

    def shares(self, other: Guard) -> None:
        """Keep to another guard's bounds together with it, and still judge the source by oneself."""
        self._slots, self._pace, self._daily = other._slots, other._pace or self._pace, other._daily or self._daily

    def leave(self) -> None:
        """Nobody asks any more: what is held of the day's calls is given back."""
        if self._daily is not None:
            self._daily.give_back()

    @property
    def is_open(self) -> bool:
        return self._standing.is_open(time.monotonic())

    @property
    def closed_until(self) -> datetime | None:
        """When the planned window of maintenance ends that is open now."""
        return closed_until(self._source.windows, self._now()) if self._source.windows else None

    async def call(self, ask: Ask[T], type_name: str, deadline: Until) -> T:
        """The ask's result; where a retry found no way to the platform, what the platform said before."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = self.begin(ask, type_name, deadline, partial(_deliver, outcome))
        try:
            return await outcome
        except asyncio.CancelledError:
            call.leave()
            raise

    def begin(self, ask: Ask[T], type_name: str, deadline: Until, told: Told[T]) -> Call[T]:
        """As `call`, from wherever the loop runs: `told` gets the result or the ConnectorError, once, by the deadline,
        perhaps before this returns."""
        self._budget = min(RETRY_CAP, self._budget + RETRY_SHARE)
        now = time.monotonic()
        call = Call(ask, type_name, deadline, told, now, max(0.0, self._usual - (deadline.at - now)))
        if (until := self.closed_until) is not None:
            told(Maintenance("a planned window of maintenance is open", until))
            return call
        try:
            passage = self._at_once(type_name, now)
        except (BreakerOpen, Waiting, QuotaUsedUp) as refused:
            told(refused)
            return call
        if passage is None:
            self._patiently(call, None)
        else:
            call.attempt = self._attempt(call, passage, now, now, partial(self._first, call))
        return call

    def _at_once(self, type_name: str, now: float) -> Passage | None:
        """Takes a slot and a turn where both are free; None where one must wait. Raises what `Standing.check` does in
        any case, and QuotaUsedUp."""
        if not self._slots.free or (self._pace is not None and not self._pace.allows(now)):
            self._standing.check(type_name, now)
            return None
        self._standing.check(type_name, now)
        if self._daily is not None:
            self._daily.take()
        passage = self._standing.enter(type_name, now)
        self._slots.take()
        if self._pace is not None:
            self._pace.start(now)
        return passage

    def _attempt(self, call: Call[T], passage: Passage, came: float, began: float, told: Told[T]) -> Attempt[T]:
        timeout, came = self._source.limits.timeout, came - call.lost
        return Attempt(
            call.ask, self._slots, self._pace, self._daily, passage, call.deadline, timeout, came, began, told
        )

    def _first(self, call: Call[T], outcome: T | ConnectorError) -> None:
        call.attempt = None
        if isinstance(outcome, ConnectorError) and self._retries(outcome) and self._source.retry.attempts > 1:
            self._patiently(call, outcome)
        else:
            call.told(outcome)

    def _patiently(self, call: Call[T], failure: ConnectorError | None) -> None:
        call.patience = asyncio.get_running_loop().create_task(self._try(call, failure))

    async def _try(self, call: Call[T], failure: ConnectorError | None) -> None:
        """Attempts until one is final. A `failure` is that of the first, which is over."""
        said: ConnectorError | None = None
        first = failure
        outcome: T | ConnectorError

        def spend(state: RetryCallState) -> None:
            nonlocal said
            self._budget -= 1.0
            said = _error(state)

        async def once() -> T:
            nonlocal first
            if first is None:
                return await self._once(call)
            over, first = first, None
            raise over

        gone = time.monotonic() - call.came if failure is not None else 0.0
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._source.retry.attempts)
            | stop_before_delay(min(self._source.retry.within - gone, call.deadline.left())),
            retry=retry_if_exception(self._may_be_mended),
            wait=_pause,
            before_sleep=spend,
            reraise=True,
        )
        try:
            outcome = await retrying(once)
        except (Busy, BreakerOpen, Waiting, QuotaUsedUp) as ours:
            outcome = said or ours
        except ConnectorError as error:
            outcome = error
        call.told(outcome)

    def _retries(self, error: ConnectorError) -> bool:
        """Whether this kind of error is one that another try may mend, and the platform wants one."""
        return error.retryable and bool({each.__name__ for each in type(error).__mro__} & self._source.retry.errors)

    def _may_be_mended(self, error: BaseException) -> bool:
        return isinstance(error, ConnectorError) and self._retries(error) and self._budget >= 1.0

    async def _once(self, call: Call[T]) -> T:
        """One attempt, refused before any waiting where the breaker is open."""
        came = time.monotonic()
        self._standing.check(call.type_name, came)
        await self._admitted(call.deadline)
        began = time.monotonic()
        try:
            self._standing.check(call.type_name, began)
            if self._daily is not None:
                self._daily.take()
            passage = self._standing.enter(call.type_name, began)
        except ConnectorError:
            self._slots.give()
            raise
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call.attempt = self._attempt(call, passage, came, began, partial(_deliver, outcome))
        try:
            return await outcome
        finally:
            call.attempt.leave()  # says nothing where the attempt is over
            call.attempt = None

    async def _admitted(self, deadline: Until) -> None:
        """Takes a slot and a turn. Raises Busy, with no slot taken."""
        try:
            await self._slots.wait(deadline)
            try:
                if self._pace is not None:
                    await self._pace.turn(deadline)
            except BaseException:
                self._slots.give()
                raise
        except TimeoutError:
            raise Busy("no free slot and turn before the deadline") from None


def _deliver(waiting: asyncio.Future[T], outcome: T | ConnectorError) -> None:
    if waiting.done():  # its caller was cancelled at this very moment
        return
    if isinstance(outcome, ConnectorError):
        waiting.set_exception(outcome)
    else:
        waiting.set_result(outcome)


def _error(state: RetryCallState) -> ConnectorError | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, ConnectorError) else None


def _pause(state: RetryCallState) -> float:
    error = _error(state)
    asked = error.after if error is not None else None
    return _jitter(state) if asked is None else asked
