"""Kind `chaos`: another source of the same declaration, made slow and faulty on purpose, to see who bears it.

Only where a platform says `mode: sandbox`, so that it is never in the way of a real question. Which question fails, and
how, is a function of the seed and of how many there were since the source was opened. What fails is not asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from random import Random
from typing import ClassVar

from connectors.agreement import KindWords
from connectors.contract import Claim, Connector, Deadline, Environment, Fetch, Page
from connectors.sandboxes import ChaosSource, Fault
from connectors.transport.meaning import error


class Chaos:
    """A source around another. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: ChaosSource, inner: Connector) -> None:
        self._source, self._inner = source, inner
        self._numbers: Iterator[int] = count(1)
        for verb in ("record", "recorded"):  # samples of the other source are samples of this one
            if hasattr(inner, verb):
                setattr(self, verb, getattr(inner, verb))

    def claims(self) -> Mapping[str, Claim]:
        return self._inner.claims()

    async def open(self, environment: Environment) -> None:
        self._numbers = count(1)
        await self._inner.open(environment)

    async def close(self) -> None:
        await self._inner.close()

    async def health(self, deadline: Deadline) -> None:
        await self._inner.health(deadline)

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """The other source's pages, late; or a declared fault."""
        number = next(self._numbers)
        draw, latency = Random(f"{self._source.seed}:{number}"), self._source.latency  # noqa: S311  # no secret
        if latency is not None:
            await asyncio.sleep(draw.uniform(latency.least, latency.most))
        for fault in self._source.faults:
            if _strikes(fault, number, draw):
                raise error(fault.error, "a fault on purpose, as declared", {})
        async for page in self._inner.fetch(ask):
            yield page


def _strikes(fault: Fault, number: int, draw: Random) -> bool:
    if fault.share is not None:
        return draw.random() < fault.share
    return number % fault.every == 0 if fault.every is not None else number in fault.questions


# its types are said in the words of the source that it is around
Chaos.words = KindWords("path", frozenset(), frozenset(), lambda *_: None, lambda words: ())
