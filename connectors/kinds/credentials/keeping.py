"""Something that a platform lends us for a while, such as a token: fetched once, however many want it at a time.

It is fetched anew a little before it ends, while the old one still serves, and at once when the platform refuses it.
Who stops waiting takes nothing away from those who wait too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.contract import ConnectorError, Deadline, TimedOut, Turn, Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
REST = 1.0  # seconds between two tries while the old one serves
EARLY = 30.0  # seconds before its end in which it is renewed, or a fifth of its life where that is less
Fetching = Callable[[Deadline], Awaitable["Lent[T]"]]


@dataclass(frozen=True, slots=True)
class Lent(Generic[T]):
    """`until` is its end on the monotonic clock; it is renewed from `early` on."""

    value: T
    early: float
    until: float

    @classmethod
    def lasting(cls, value: T, seconds: float) -> Lent[T]:
        until = time.monotonic() + seconds
        return cls(value, until - min(EARLY, seconds / 5), until)


class Keeper(Generic[T]):
    """`fetch` asks the platform, within `timeout` seconds, and raises ConnectorErrors."""

    def __init__(self, fetch: Fetching[T], timeout: float) -> None:
        self._fetch, self._timeout = fetch, timeout
        self._lent: Lent[T] | None = None
        self._flight: asyncio.Task[Lent[T]] | None = None
        self._rests = 0.0  # until when a renewal that failed is not tried again, while the old one serves

    async def get(self, deadline: Deadline, turn: Turn) -> T:
        """What serves now. Raises what `fetch` does, and TimedOut."""
        lent, now = self._lent, time.monotonic()
        if lent is None or now >= lent.until:
            return await self._fetched(deadline, turn)
        if now >= max(lent.early, self._rests) and self._flight is None:
            await turn()
            self._begin()
        return lent.value

    async def renewed(self, refused: T, deadline: Deadline, turn: Turn) -> None:
        """Another one than the one that was refused is at hand afterwards. Raises as `get` does."""
        if self._lent is not None and self._lent.value == refused:
            self._lent = None
        await self.get(deadline, turn)

    def close(self) -> None:
        if self._flight is not None:
            self._flight.cancel()

    async def _fetched(self, deadline: Deadline, turn: Turn) -> T:
        if self._flight is None:
            await turn()
        flight = self._begin()
        done, _ = await asyncio.wait({flight}, timeout=min(deadline.left(), self._timeout))
        if not done:
            raise TimedOut("no credential by the deadline")
        if flight.cancelled():
            raise Unavailable("the source is closed")
        return flight.result().value

    def _begin(self) -> asyncio.Task[Lent[T]]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(Deadline.within(self._timeout)))  # type: ignore[arg-type]
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[Lent[T]]) -> None:
        self._flight = None
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._lent = flight.result()
        else:  # whoever waits for it is told as well
            self._rests = time.monotonic() + REST
            log.warning("a credential was not renewed: %s", error if isinstance(error, ConnectorError) else type(error))
