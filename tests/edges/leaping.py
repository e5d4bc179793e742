"""A loop whose clock leaps: whoever waits for a moment has it at once, and a machine that stands still takes none away.

Its time is `time.monotonic` for all while it runs, and passes only when everybody waits. Tests of deadlines, paces and
time-outs are exact on it, however slow or loaded the machine; it is for tests that ask nobody over a socket.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from unittest.mock import patch


class Leaping(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now = time.monotonic()
        super().__init__(Selector(self))

    def time(self) -> float:
        return self.now

    def run_forever(self) -> None:
        with patch.object(time, "monotonic", self.time):
            super().run_forever()


class Selector(selectors.DefaultSelector):
    def __init__(self, loop: Leaping) -> None:
        super().__init__()
        self._leaping = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:  # only another thread can wake it, or somebody can go on
            found: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
            return found
        self._leaping.now += timeout
        return self.select(0)
