"""`perSecond` kept to the letter: a moving window over the starts of calls, first come, first served.

A bucket that refills would let almost twice its rate through in one second; a platform that counts refuses.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from gateway.fetching.slots import Slots, Until

MARGIN = 0.1  # seconds added to each window: calls that leave a whole second apart may arrive closer


class Pace:
    """At most `per_second` calls start in any second; below one, a call every `1 / per_second` seconds."""

    def __init__(self, per_second: float) -> None:
        self._window = max(1.0, 1.0 / per_second) + MARGIN
        self._starts: deque[float] = deque(maxlen=max(1, int(per_second)))
        self._first = Slots(1)  # who stands first in the queue, and alone looks at the clock

    def wait(self, now: float) -> float:
        """Seconds until the next call may start."""
        if len(self._starts) < (self._starts.maxlen or 0):
            return 0.0
        return max(0.0, self._starts[0] + self._window - now)

    def start(self, now: float) -> None:
        """A call starts; only where `wait` said 0 at this instant."""
        self._starts.append(now)

    def allows(self, now: float) -> bool:
        """Whether a call may start at this instant without overtaking anybody."""
        return self._first.free > 0 and not self.wait(now)

    async def turn(self, deadline: Until) -> None:
        """Returns when a call may start, and counts it. Raises TimeoutError when that is not before the deadline, at
        once if that is known already; who does not get his turn takes none."""
        await self._first.wait(deadline)
        try:
            while wait := self.wait(time.monotonic()):  # more than once: a timer may ring a little early
                if wait > deadline.left():
                    raise TimeoutError
                await asyncio.sleep(wait)
            self.start(time.monotonic())
        finally:
            self._first.give()
