"""One attempt at a source, let in already: its connector's task, its turns, its one timer, and how it ended.

The outcome is told once, by the deadline, whether the connector stops when it is told to or not; the slot is
given back when it really ends. What the attempt says of the platform is reckoned here, and before the slot is free:
who waits for it must find the breaker as this attempt leaves it. Errors carry no text of a connector's own fault.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from connectors.contract import ConnectorError, Deadline, QuotaUsedUp, TimedOut, Turn, Unavailable
from gateway.fetching.daily import Daily
from gateway.fetching.pace import Pace
from gateway.fetching.slots import Slots, Until
from gateway.fetching.standing import Passage

T = TypeVar("T")
Ask = Callable[[Deadline, Turn], Awaitable[T]]
Told = Callable[[T | ConnectorError], None]  # a result, or why there is none

EARLY = 0.001  # seconds by which a loop's timer may ring before its time

_running: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly


class Busy(ConnectorError):
    """Our own bounds left no room until the deadline; says nothing of the platform."""

    status = "BUSY"


class Attempt(Generic[T]):
    """Begins at once, with a slot and a turn that were taken for it. `told` is called once, unless the caller leaves.

    `came` is when its caller began to wait, for the slot or before, `began` now, `timeout` the platform's own; in
    seconds.
    """

    __slots__ = (
        "_came", "_daily", "_deadline", "_first", "_limit", "_open", "_pace", "_passage", "_slots", "_started", "_task",
        "_timeout", "_timer", "_told", "_waited",
    )  # fmt: skip

    def __init__(
        self, ask: Ask[T], slots: Slots, pace: Pace | None, daily: Daily | None, passage: Passage, deadline: Until,
        timeout: float, came: float, began: float, told: Told[T],
    ) -> None:  # fmt: skip
        self._slots, self._pace, self._daily, self._passage, self._told = slots, pace, daily, passage, told
        self._deadline, self._limit, self._timeout = deadline, began + timeout, timeout
        self._came, self._waited = came, began - came
        self._first = self._open = True
        self._started = False
        until = self.at
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, until - began), self._ring)
        self._task = loop.create_task(self._run(ask, Deadline(until)))
        _running.add(self._task)

    @property
    def at(self) -> float:
        """When the outcome is told at the latest: by the caller's deadline and the platform's own time."""
        return min(self._limit, self._deadline.at)

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())

    def leave(self, late: bool = False) -> None:
        """Nobody waits any more: nothing is told, and the connector is told to stop. Who left because it was `late`
        says that the platform gave no answer in its time; who hung up says nothing of it."""
        if self._open:
            if late:
                self._fail(TimedOut("no answer by the deadline"))
            else:
                self._close()
                self._passage.abandoned()
            self._stop()

    async def turn(self) -> None:
        """Waits for a turn before each further call; the first was taken when the attempt was let in."""
        if self._first:
            self._first = False
            return
        if self._daily is not None:
            self._daily.take()
        if self._pace is None:
            return
        begin = time.monotonic()
        try:
            await self._pace.turn(self)
        except TimeoutError:
            raise Busy("no further turn before the deadline") from None
        finally:
            self._waited += time.monotonic() - begin

    async def _run(self, ask: Ask[T], until: Deadline) -> None:
        self._started = True
        outcome: T | ConnectorError
        try:
            outcome = await ask(until, self.turn)
        except asyncio.CancelledError:  # while somebody waits it came from within: that is no caller who left
            outcome = Unavailable("the connector gave up")
        except Exception as error:  # noqa: BLE001  # a fault of one connector must not take the other answers away
            outcome = _failure(error)
        told = self._open
        if told and isinstance(outcome, ConnectorError):
            self._fail(outcome)
        elif told:
            self._close()
            self._passage.succeeded()
        self._give()
        if told:
            self._told(outcome)

    def _ring(self) -> None:
        """The timer: a deadline that was moved is waited for again."""
        if (left := self.left()) > EARLY:
            self._timer = asyncio.get_running_loop().call_later(left, self._ring)
            return
        self._fail(failure := TimedOut("no answer by the deadline"))
        self._stop()
        self._told(failure)

    def _fail(self, failure: ConnectorError) -> None:
        self._close()
        now = time.monotonic()
        had = now - self._came - self._waited  # seconds that the platform had for itself
        cut_short = isinstance(failure, TimedOut) and had < min(self._waited, 0.9 * self._timeout)
        if cut_short or isinstance(failure, Busy | QuotaUsedUp):
            self._passage.abandoned()  # most of the time went by in our own queues, or before
        else:
            self._passage.failed(failure, now)

    def _close(self) -> None:
        self._open = False
        self._timer.cancel()

    def _stop(self) -> None:
        self._task.cancel()
        if not self._started:  # then it never will
            self._give()

    def _give(self) -> None:
        _running.discard(self._task)
        self._slots.give()


def _failure(error: Exception) -> ConnectorError:
    """Any failure of an ask as an error of the contract, without the text that it came with."""
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut("no answer by the deadline")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return Unavailable(f"{type(error).__name__}{where}")
