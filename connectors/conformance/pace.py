"""The pace of an exam: at most so many questions a second, one after the other, as a platform's `perSecond` has it."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """`turn` returns when one more question may go out."""

    def __init__(self, per_second: float) -> None:
        self._every, self._next = 1 / per_second, 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + self._every
        await asyncio.sleep(at - now)
