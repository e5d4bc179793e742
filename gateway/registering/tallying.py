"""Counts for operators: rows that did not map, and what came of shadow questions. Never a value.

A process counts in memory and hands on to the store now and then, in a thread; counts that cannot be handed on wait,
up to a bound. Of a rejected row its identity at the platform is kept as a keyed digest, a few of each kind a day: who
knows the identity can find it, nobody can read it back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b

from connectors.contract import Rejected
from gateway.store import Store, StoreError

EVERY = 2.0  # seconds between two hand-overs
ROWS = 20  # digests of one platform, type, reason and day, by each process
MOST = 20_000  # different counts that wait
REJECTED = "rejected rows"  # the use of the key
SHANGHAI = 8 * 3600  # seconds ahead of UTC, all year

_log = logging.getLogger("credit_gateway.registering")

Key = tuple[str, ...]


def row_key(key: bytes, platform: str, row: str) -> str:
    """The digest by which a row is told: 16 hex digits, another for each home and platform."""
    return blake2b(f"{platform}\n{row}".encode("utf-8", "replace"), key=key, digest_size=8).hexdigest()


def day_of(seconds: float) -> str:
    """The calendar day in Asia/Shanghai."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds + SHANGHAI))


class Tallies:
    """The counts of one process, noted by the loop's thread. `key` makes digests; `wall` is Unix seconds."""

    def __init__(self, key: bytes = b"", wall: Callable[[], float] = time.time) -> None:
        self._key, self._wall = key, wall
        self._rejections: Counter[Key] = Counter()
        self._shadows: Counter[Key] = Counter()
        self._told: dict[Key, set[str]] = {}
        self._day, self._waits = "", False
        self.questions: Counter[tuple[str, str]] = Counter()  # to shadows, by platform and outcome, since the start

    def rejected(self, platform: str, type_name: str, reason: str) -> None:
        day = self._today()
        place = (platform, type_name, str(reason)[:255], day)
        row = reason.row if isinstance(reason, Rejected) else ""
        told = self._told.setdefault(place, set())
        digest = row_key(self._key, platform, row) if row else ""
        if digest and digest not in told:
            if len(told) < ROWS:
                told.add(digest)
            else:
                digest = ""
        self._count(self._rejections, (*place, digest))

    def shadowed(self, platform: str, type_name: str, outcome: str) -> None:
        self.questions[platform, outcome] += 1
        self._count(self._shadows, (platform, type_name, outcome, self._today()))

    async def run(self, store: Store) -> None:
        """Hand on until it is cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                await self.hand_on(store)
        finally:
            await asyncio.shield(self.hand_on(store))

    async def hand_on(self, store: Store) -> None:
        """What waits goes to the store; it waits on where the store does not take it."""
        for counts, add in ((self._rejections, store.add_rejections), (self._shadows, store.add_shadows)):
            if not counts:
                continue
            taken = Counter(counts)
            counts.clear()
            try:
                await asyncio.to_thread(add, taken)
                self._waits = False
            except StoreError as error:
                if not self._waits:
                    _log.warning("counts wait until the store takes them: %s", error)
                self._waits = True
                counts.update(taken)

    def _today(self) -> str:
        day = day_of(self._wall())
        if day != self._day:
            self._told.clear()
            self._day = day
        return day

    def _count(self, counts: Counter[Key], key: Key) -> None:
        if key in counts or len(counts) < MOST:
            counts[key] += 1
