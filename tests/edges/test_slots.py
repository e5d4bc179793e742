"""Slots are handed on in the order of asking, by deadlines that may move, and none is lost on the way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest

from connectors.contract import Deadline
from gateway.fetching.slots import Slots

pytestmark = pytest.mark.leaping


@dataclass
class Moving:
    """A deadline that a test moves."""

    at: float

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())


def taken() -> Slots:
    slots = Slots(1)
    slots.take()
    return slots


async def test_first_come_first_served() -> None:
    """A slot goes to who has waited longest, and is free again only when nobody waits."""
    slots, order = taken(), list[int]()

    async def wait(number: int) -> None:
        await slots.wait(Deadline.within(5))
        order.append(number)
        slots.give()

    waiting = [asyncio.create_task(wait(number)) for number in range(5)]
    await asyncio.sleep(0)
    slots.give()
    assert slots.free < 1
    await asyncio.gather(*waiting)
    assert order == list(range(5))
    assert slots.free == 1


async def test_a_deadline_that_moves_is_kept() -> None:
    """Who waits while his deadline is put off waits until the new one, and no longer."""
    slots, deadline = taken(), Moving(time.monotonic() + 0.05)
    waiting = asyncio.create_task(slots.wait(deadline))
    await asyncio.sleep(0)
    deadline.at += 0.1
    with pytest.raises(TimeoutError):
        await waiting
    assert time.monotonic() >= deadline.at
    slots.give()
    assert slots.free == 1


async def test_a_slot_that_comes_at_the_moment_of_leaving_goes_on() -> None:
    """Whoever is cancelled when the slot was just handed to him leaves it to the next."""
    slots = taken()
    leaving, next_ = (asyncio.create_task(slots.wait(Deadline.within(5))) for _ in range(2))
    await asyncio.sleep(0)
    slots.give()
    leaving.cancel()
    await asyncio.wait_for(next_, 1)
    assert leaving.cancelled()
    slots.give()
    assert slots.free == 1
