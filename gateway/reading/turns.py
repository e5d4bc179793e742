"""Whose new document is read next: reading costs milliseconds, recognising costs microseconds.

A flood of new documents must not be felt by callers who ask what they always ask. While any other caller is being
answered from known documents, a caller gets a bounded share of the time for new ones, after a first handful at once;
beyond that its requests wait, and above a bounded wait they are refused. Nobody else's are. A caller who is alone
with the gateway is not slowed, and yet reads one document at a time, between the requests of whoever comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from types import coroutine

from cachetools import LRUCache

from gateway.errors import GatewayError

SHARE = 0.1  # of the time, for the new documents of one caller
BURST = 0.1  # seconds of that share which may be used at once: a few documents, so that nobody sees them go by
LONGEST = 1.0  # seconds that a new document waits; more is refused
HELD = 64  # of one caller's requests that wait to be refused
RECENT = 1.0  # seconds for which a caller counts as being answered
REMEMBERED = 2_000  # callers
FIRST_GUESS = 0.002  # seconds for one document, before any was measured


class Turns:
    """`clock` is monotonic seconds, `sleep` waits for some."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
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

    def spent(self, seconds: float) -> None:
        """Reading one new document took so long."""
        self._cost += (seconds - self._cost) / 16

    async def take(self, caller: str) -> None:
        """Returns when a new document of this caller may be read. Raises GatewayError TOO_MANY_NEW_DOCUMENTS."""
        await self._round()
        now = self._clock()
        if not self._others(caller, now):
            return
        due = max(self._due.get(caller, float("-inf")), now - BURST)
        if due - now > LONGEST:
            await self._hold(caller)
            raise GatewayError("TOO_MANY_NEW_DOCUMENTS", headers={"Retry-After": "2"})
        self._due[caller] = due + self._cost / SHARE
        if due > now:
            await self._sleep(due - now)
            await self._round()

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


@coroutine
def _next_round() -> Generator[None, None, None]:
    yield
