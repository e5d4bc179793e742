"""A bulkhead of so many slots, first come, first served. A free slot is taken without awaiting anything.

Who waits may have his deadline moved meanwhile: it is read again whenever it seems to be over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol


class Until(Protocol):
    """A deadline that may move: `connectors.contract.Deadline`, or the latest of several."""

    @property
    def at(self) -> float: ...
    def left(self) -> float: ...


class Slots:
    def __init__(self, number: int) -> None:
        self.free = number  # nobody waits while one is free
        self._queue: deque[asyncio.Future[None]] = deque()

    def take(self) -> None:
        """Only where one is `free`."""
        self.free -= 1

    async def wait(self, deadline: Until) -> None:
        """Returns with a slot taken. Raises TimeoutError when none comes free before the deadline."""
        if self.free:
            self.take()
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            while not turn.done():
                if not (left := deadline.left()):
                    raise TimeoutError
                await asyncio.wait((turn,), timeout=left)
        except BaseException:
            if turn.done():  # handed over at the very moment of leaving
                self.give()
            else:
                self._queue.remove(turn)
            raise

    def give(self) -> None:
        """A holder ends; the slot goes straight to who has waited longest."""
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self.free += 1
