"""A watch on the framing of HTTP connections: what follows the end of an answer poisons the connection.

A platform, or a proxy before it, that sends more bytes than its answer has would have them taken for the
answer to the next question. The pool below cannot see them, so every byte that it reads is shown to a second
parser; a connection with surplus or unreadable bytes says that it is finished, and the pool then drops it
instead of using it again. Nothing here changes what is read.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2
import httptools


class WatchedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections whose framing is watched."""

    def __init__(self) -> None:
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return _Watched(await self._network.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("platforms are reached over TCP")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class _Watched(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._parser = httptools.HttpResponseParser(self)
        self._complete = False
        self._spoiled = False

    # httptools calls these two; a message that begins after the end of the answer is surplus
    def on_message_begin(self) -> None:
        self._spoiled = self._spoiled or self._complete

    def on_message_complete(self) -> None:
        self._complete = self._parser.get_status_code() >= 200  # 1xx go before the answer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(max_bytes, timeout)
        if data and not self._spoiled:
            try:
                self._spoiled = self._complete
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                self._spoiled = True
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._complete:  # the next question
            self._parser, self._complete = httptools.HttpResponseParser(self), False
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        return _Watched(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """The pool asks an idle connection whether it is readable, and drops it if it is."""
        if info == "is_readable" and self._spoiled:
            return True
        return self._stream.get_extra_info(info)
