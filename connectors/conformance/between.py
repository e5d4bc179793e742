"""A proxy of ours between a connector and its HTTP platform: it passes questions on, keeps both sides, and can break.

It listens on loopback for one exam, reaches the platform by the same transport as the connector would, and holds what
it saw in memory until it is closed. What a fault does to an answer is written in `faulted`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import unquote_plus, urlsplit

from connectors.conformance.bench import PATIENCE, Bench
from connectors.conformance.connected import Altered
from connectors.contract import Connector, ConnectorError, Deadline
from connectors.kinds.credentials import transport
from connectors.sources import HttpSource
from connectors.transport.pool import Pool
from connectors.transport.port import Answer, Question

LARGEST = 256 << 20
_OURS = frozenset({"host", "connection", "content-length"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question as it came over the wire, and the platform's answer to it."""

    target: str
    body: bytes
    answer: bytes

    @property
    def asked(self) -> str:
        """The question in plain text, decoded as far as that goes."""
        return unquote_plus(self.target) + "\n" + unquote_plus(self.body.decode("utf-8", "replace"))


Fault = Callable[["Between", asyncio.StreamWriter], Awaitable[None]]


class Between:
    """`async with Between(base, ...) as between`; `between.address` stands for `base`."""

    def __init__(self, base: str, pool: Callable[[str], Pool]) -> None:
        parts = urlsplit(base)
        self._path = parts.path
        self._pool = pool(parts._replace(path="", query="").geturl())
        self.seen: list[Exchange] = []
        self.fault: Fault | None = None
        self.asked = asyncio.Event()  # set by the first question
        self.written = 0  # bytes of the answer that a fault makes
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}{self._path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        length = next((value for name, value in headers.items() if name.lower() == "content-length"), "0")
        body = await reader.readexactly(int(length))
        self.asked.set()
        if self.fault is not None:
            await _or_gone(self.fault(self, writer), reader)
            return
        passed = {name: value for name, value in headers.items() if name.lower() not in _OURS}
        try:
            answer = await self._pool.send(
                Question(method, target, passed, body), Deadline.within(10 * PATIENCE), LARGEST
            )
        except ConnectorError:
            raise ConnectionResetError from None
        self.seen.append(Exchange(target, body, answer.body))
        writer.write(answer_bytes(answer))
        await writer.drain()


def answer_bytes(answer: Answer) -> bytes:
    """An answer, framed anew."""
    kept = {name: value for name, value in answer.headers.items() if name not in {"transfer-encoding", *_OURS}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
    head = f"HTTP/1.1 {answer.status} .\r\n{lines}content-length: {len(answer.body)}\r\n\r\n"
    return head.encode("latin-1") + answer.body


async def _or_gone(work: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """A fault's work, given up when the other side has left. Raises ConnectionResetError then."""
    done = asyncio.ensure_future(work)
    left = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({done, left}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise ConnectionResetError
        done.result()
        if not left.done():
            left.cancel()
            raise ConnectionResetError  # a connection that a fault has used is not used again
    finally:
        for task in (done, left):
            task.cancel()
        await asyncio.gather(done, left, return_exceptions=True)


def address_of(bench: Bench, source: str) -> str | None:
    """The reference that stands for the address of an HTTP source; None for one of another sort."""
    declared = bench.declared()[1].sources[source]
    found = getattr(declared, "base", None) or getattr(declared, "endpoint", None)
    return found if isinstance(declared, HttpSource) and isinstance(found, str) else None


@asynccontextmanager
async def between(bench: Bench, source: str) -> AsyncIterator[tuple[Between, Connector]]:
    """A connector of an HTTP source that reaches its platform through the proxy. Raises ValueError when it cannot."""
    reference, environment = address_of(bench, source), bench.environment
    declared = bench.declared()[1].sources[source]
    if reference is None or environment is None or not isinstance(declared, HttpSource):
        raise ValueError("it is not reached over HTTP")
    proxy = Between(environment.resolve(reference), partial(transport, declared, environment))
    async with proxy:
        bench.ours.add(("127.0.0.1", proxy.port))
        connector = bench.another(source)
        await connector.open(Altered(environment, {reference: proxy.address}, egress=""))
        try:
            yield proxy, connector
        finally:
            await connector.close()
