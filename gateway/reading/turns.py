"""Whose new document is read next: what is new costs milliseconds, recognising costs microseconds.

A flood of new documents must not be felt by callers who ask what they always ask. While any other caller is being
answered from known documents, a caller gets a bounded share of the time for new ones, after a first handful at once;
beyond that its requests wait, and those of many at once that would wait too long are refused. Nobody else's are. A
caller who is alone with the gateway is not slowed, and yet reads one document at a time, between the requests of
whoever comes. The share is of the processor's time that the whole request takes, not only its reading.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from types import coroutine

from cachetools import LRUCache

from gateway.errors import GatewayError

SHARE = 0.1  # of the time, for the new documents of one caller
BURST = 0.1  # seconds of that share which may be used at once: a few documents, so that nobody sees them go by
LONGEST = 0.8  # seconds that a new document waits; more is refused
HELD = 64  # of one caller's requests that wait to be refused
RECENT = 1.0  # seconds for which a caller counts as being answered
REMEMBERED = 2_000  # callers
FIRST_GUESS = 0.004  # seconds of work for one document, before any was measured

Work = AbstractContextManager[None]
KNOWN: Work = nullcontext()  # the work on what is known, which nobody reckons


class Turns:
    """`clock` is monotonic seconds, `sleep` waits for some, `busy` is the seconds that this thread has worked."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        busy: Callable[[], float] = time.thread_time,
    ) -> None:
        self._clock, self._sleep, self.busy = clock, sleep, busy
        self._cost = FIRST_GUESS
        self._due: LRUCache[str, float] = LRUCache(REMEMBERED)
        self._reading = asyncio.Lock()
        self._held: dict[str, int] = {}
        self._answered = ("", float("-inf"))  # the caller who was answered last, and when
        self._before = ("", float("-inf"))  # and the last other one

    def known(self, caller: str) -> None:
        """A caller asked what is known already."""
        last, _ = self._answered
        if last != caller:
            self._before = self._answered
        self._answered = (caller, self._clock())

    async def take(self, caller: str) -> Work:
        """Returns when a new document of this caller may be worked on: all that is then done for it without waiting is
        done inside what is given, in one block or several. Raises GatewayError TOO_MANY_NEW_DOCUMENTS."""
        await self._round()
        now = self._clock()
        if not self._others(caller, now):
            return _Turn(self, None)
        due = max(self._due.get(caller, float("-inf")), now - BURST)
        if due - now > LONGEST:
            await self._hold(caller)
            raise GatewayError("TOO_MANY_NEW_DOCUMENTS", headers={"Retry-After": "2"})
        reckoned = min(self._cost, SHARE * LONGEST)
        self._due[caller] = due + reckoned / SHARE
        turn = _Turn(self, caller, reckoned)
        if due > now:
            await self._sleep(due - now)
            await self._round()
        return turn

    def worked(self, caller: str | None, more: float, whole: float) -> None:
        """A caller's turn took so many seconds more than it was reckoned at, `whole` in all. However long it was, who
        sends one document after the other is slowed and not refused."""
        self._cost += (whole - self._cost) / 16
        due = None if caller is None else self._due.get(caller)
        if caller is not None and due is not None:
            late = due + more / SHARE
            self._due[caller] = late if more < 0 else max(due, min(late, self._clock() + LONGEST))

    async def _round(self) -> None:
        """One new document in each round of the loop: who comes while many wait is served between two of them."""
        async with self._reading:
            await _next_round()

    async def _hold(self, caller: str) -> None:
        """A refusal is not told at once: who asks again as soon as he is refused would keep the gateway refusing."""
        held = self._held.get(caller, 0)
        if held >= HELD:
            return
        self._held[caller] = held + 1
        try:
            await self._sleep(LONGEST)
        finally:
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]

    def _others(self, caller: str, now: float) -> bool:
        return any(who != caller and now - at < RECENT for who, at in (self._answered, self._before))


class _Turn:
    """The work on one new document, of which so many seconds are reckoned already; without a caller none ever are."""

    __slots__ = ("_began", "_caller", "_reckoned", "_turns", "_whole")

    def __init__(self, turns: Turns, caller: str | None, reckoned: float = 0.0) -> None:
        self._turns, self._caller, self._reckoned = turns, caller, reckoned
        self._whole = self._began = 0.0

    def __enter__(self) -> None:
        self._began = self._turns.busy()

    def __exit__(self, *_: object) -> None:
        seconds = self._turns.busy() - self._began
        self._whole += seconds
        self._turns.worked(self._caller, seconds - self._reckoned, self._whole)
        self._reckoned = 0.0


@coroutine
def _next_round() -> Generator[None, None, None]:
    yield
