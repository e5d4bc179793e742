"""Heads of requests are bounded: uvicorn's own protocol would wait for ever, and keep whatever comes.

A head that has not ended within its time, or grows beyond its size, is hung up on. Both bounds hold for the
first request of a connection and for every later one; what comes after the head is `endpoint`'s to bound.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536  # bytes


class BoundedHeads(HttpToolsProtocol):
    """`within` is in seconds; a subclass sets it."""

    within = 10.0
    _timer: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ended()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        # after parsing: a chunk may hold the end of the head and much of a body
        if self._timer is not None and self._received > MAX_HEAD:
            self._hang_up()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_ended()
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._timer is None:
            self._received = 0
            self._timer = self.loop.call_later(self.within, self._hang_up)

    def _head_ended(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self) -> None:
        self._head_ended()
        self.transport.abort()


def bounded_heads(seconds: float) -> type[BoundedHeads]:
    """The protocol with its time."""
    return type("TimedHeads", (BoundedHeads,), {"within": seconds})
