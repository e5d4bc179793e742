"""Places for requests that are worked on at once, shared fairly: one partner's flood leaves places for the others.

One caller holds at most half of the places while anybody else asks, and three quarters when it is alone: whoever
comes finds one. Callers are told apart by the clients that their remembered tokens belong to; who is not known yet,
or has no token, shares a share of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

RECENT = 1.0  # seconds for which a caller counts as asking


class Places:
    """`most` places; `clock` is monotonic seconds."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._half, self._alone = max(1, most // 2), max(1, most - most // 4)
        self._held: dict[str, int] = {}
        self._total = 0
        self._last = self._other = ("", float("-inf"))  # who asked last and when, and the last who is another

    def take(self, who: str) -> bool:
        """A place for one more request of this caller, if it may have one."""
        now = self._clock()
        if self._last[0] != who:
            self._other = self._last
        self._last = (who, now)
        mine = self._held.get(who, 0)
        if self._total >= self._most or mine >= (self._half if self._others(mine, now) else self._alone):
            return False
        self._held[who] = mine + 1
        self._total += 1
        return True

    def leave(self, who: str) -> None:
        self._total -= 1
        if self._held[who] > 1:
            self._held[who] -= 1
        else:
            del self._held[who]

    def _others(self, mine: int, now: float) -> bool:
        return self._total > mine or now - self._other[1] < RECENT
