"""Faults to be sown into a kind, each a promise of the contract that is broken: `sown(Late, Rest)` is such a kind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.contract import (
    Claim,
    ConnectorError,
    ContractBroken,
    Deadline,
    Fetch,
    Page,
    Row,
    TimedOut,
    Unavailable,
)
from connectors.ordering import in_order


class Sown:
    """A fault. It stands before the kind that it is sown into, whose verbs are those of `super()`."""

    if TYPE_CHECKING:

        def claims(self) -> Mapping[str, Claim]: ...
        def fetch(self, ask: Fetch) -> AsyncIterator[Page]: ...


def sown(fault: type[Sown], kind: type[Any]) -> type[Any]:
    return type(f"{fault.__name__}{kind.__name__}", (fault, kind), {})


class Generous(Sown):
    """Gives a field that nobody asked for."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(replace(ask, fields=ask.fields | {"number"})):
            yield page


class Greedy(Sown):
    """Asks its platform for everything, and hides that."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(replace(ask, fields=self.claims()[ask.type].fields)):
            rows = [
                replace(each, values={name: value for name, value in each.values.items() if name in ask.fields})
                for each in page.rows
            ]
            yield replace(page, rows=rows)


class Talkative(Sown):
    """Says in an error whom it was asked about."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        try:
            async for page in super().fetch(ask):
                yield page
        except ConnectorError as error:
            raise type(error)(f"{error}: {ask.subjects[0].value}") from None


class Writing(Sown):
    """Writes into the log what it found."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(ask):
            logging.getLogger("invented").info("found %s", [dict(each.values) for each in page.rows])
            yield page


class Cutting(Sown):
    """Cuts without a mark."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(ask):
            yield replace(page, truncated=False)


class Hushing(Sown):
    """Cuts without a mark where it orders."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(ask):
            yield replace(page, truncated=page.truncated and not ask.ordered)


class Sorting(Sown):
    """Orders what came when it has been cut."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        order = self.claims()[ask.type].order if ask.ordered else ()
        needed = ask.fields | {each.field for each in order}
        async for page in super().fetch(replace(ask, fields=needed, ordered=False)):
            rows = [
                replace(each, values={name: each.values[name] for name in ask.fields})
                for each in in_order(page.rows, order)
            ]
            yield replace(page, rows=rows)


class Mistaken(Sown):
    """Takes a breakdown for a broken contract."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        try:
            async for page in super().fetch(ask):
                yield page
        except Unavailable as error:
            raise ContractBroken(str(error)) from None


class Late(Sown):
    """Looks at the deadline only when it is over."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        try:
            async for page in super().fetch(ask):
                yield page
        except TimedOut:
            await asyncio.sleep(1.1)
            raise


class Clinging(Sown):
    """Keeps its slot when it is cancelled."""

    slots: asyncio.Semaphore | None = None

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self.slots = self.slots or asyncio.Semaphore(4)
        try:
            async with asyncio.timeout(0.3):
                await self.slots.acquire()
        except TimeoutError:
            raise Unavailable("no slot was free") from None
        async for page in super().fetch(ask):
            yield page
        self.slots.release()


class Calling(Sown):
    """Tells somebody else, too."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", 9)
            writer.close()
        async for page in super().fetch(ask):
            yield page


class Writable(Sown):
    """Could be written to."""

    async def refuses_writes(self, deadline: Deadline) -> bool:
        return False


class Raising(Sown):
    """Lets an error of its own out."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        raise KeyError(ask.subjects[0].value)
        yield Page(())


class Believing(Sown):
    """Takes what another gateway has masked for the value itself."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(ask):
            yield replace(page, rows=[_believed(row) for row in page.rows])


class Forgetting(Sown):
    """Gives the rows of another gateway, and nothing of what it says that they lack."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        async for page in super().fetch(ask):
            yield replace(page, told={})


def _believed(row: Row) -> Row:
    masked = {} if row.afar is None else {name: value for name, (_, value) in row.afar.masked.items()}
    return replace(row, values={**row.values, **masked})
