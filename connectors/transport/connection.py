"""One connection to a platform: a question at a time is written, and its answer is read as it arrives.

What is refused is refused while it arrives: a compressed answer, a body above the cap, a head without end. After
anything but one whole answer, framed as HTTP/1.1 says, the connection is closed and never used again; bytes that
nobody asked for close it too, so they are never taken for the answer to the next question.
"""

from __future__ import annotations

import asyncio
import re
import select
import ssl
import time
from typing import cast

import httptools

from connectors.contract import AuthFailed, ConnectorError, ContractBroken, TimedOut, Unavailable
from connectors.transport.port import Answer

KEEP_ALIVE = 15.0  # seconds that an unused connection stays open
_LONGEST_HEAD = 64 * 1024  # bytes in a row that are no body: heads, 1xx answers, chunk extensions, trailers
_PIECE = 64 * 1024  # of a large question, written when the network takes more
_CODED = {b"content-encoding": (b"", b"identity"), b"transfer-encoding": (b"chunked",)}
# what a platform's TLS says of a certificate of ours (RFC 8446, 6.2), as OpenSSL words it
_REFUSED = re.compile(r"ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")


class Stale(Unavailable):
    """A connection that had served before was gone before any byte of this answer: it may be asked anew."""


class Connection(asyncio.Protocol):
    """Made by `loop.create_connection`; then `ask`, one question after another."""

    def __init__(self) -> None:
        self.alive = True  # whether there is a network below
        self._used = False
        self._answer: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = memoryview(b"")
        self._paused = self._ended = False

    # for the pool

    @property
    def idle(self) -> bool:
        """Whether the last answer was whole and the next question may follow."""
        return self.alive and self._answer is None

    def quiet(self) -> bool:
        """Whether nothing waits to be read, neither surplus bytes nor the end."""
        return self.alive and not self._poll.poll(0)

    def ask(self, question: bytes, bodiless: bool, most: int, due: float) -> asyncio.Future[Answer]:
        """The whole answer by `due`, on the monotonic clock; `bodiless` is the answer to HEAD."""
        self._answer = answer = self._loop.create_future()
        self._bodiless, self._most, self._size, self._framing = bodiless, most, 0, 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._begun = self._headed = self._whole = False
        self._wake_by(due)
        if len(question) <= _PIECE:
            self._transport.write(question)
        else:
            self._unsent = memoryview(question)
            self.resume_writing()
        return answer

    def abort(self) -> None:
        """Closes without waiting for the other side."""
        self.alive = False
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._due = self._wakes = float("inf")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        while self._unsent and not self._paused and self.alive:
            piece, self._unsent = self._unsent[:_PIECE], self._unsent[_PIECE:]
            self._transport.write(piece)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked
            self.abort()
            return
        self._begun = True
        self._framing += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            if not self._whole:
                reason = error.__context__
                self._fail(reason if isinstance(reason, ConnectorError) else Unavailable("the answer is not HTTP"))
                return
        if self._whole:
            self._give()
        elif self._framing > _LONGEST_HEAD:
            self._fail(Unavailable("the head of the answer has no end"))

    def eof_received(self) -> None:
        tls = self._transport.get_extra_info("ssl_object")
        try:
            self._ended = tls is None or tls.read(1) == b""  # TLS says when it ends; without that it was cut
        except (ssl.SSLError, OSError):
            self._ended = False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None:
            if exc is None and self._ended and self._headed and self._until_close:
                self._keep = False
                self._give()
            elif refuses_us(
                exc
            ):  # the handshake was over for us when the platform judged our certificate (RFC 8446, 2)
                self._fail(AuthFailed("the platform does not accept our certificate"))
            elif self._used and not self._begun:
                self._fail(Stale("no answer: the connection had been closed"))
            else:
                self._fail(Unavailable("no answer: the connection broke"))
        self.abort()

    # for the parser

    def on_message_begin(self) -> None:
        if self._whole:
            raise ContractBroken("bytes after the answer")  # the answer stands, its connection falls

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headed:  # a trailer
            return
        name = name.lower()
        if name in _CODED and value.strip().lower() not in _CODED[name]:  # a megabyte can unfold to a gigabyte
            raise ContractBroken("the answer is compressed although that was not asked for")
        self._headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:
            raise Unavailable("the platform switched protocols")
        if status >= 200:
            headers = self._headers
            self._status, self._headed, self._whole = status, True, self._bodiless
            self._keep = self._parser.should_keep_alive() and not self._bodiless
            self._until_close = "content-length" not in headers and "transfer-encoding" not in headers

    def on_body(self, body: bytes) -> None:
        if self._bodiless:
            raise ContractBroken("bytes after the answer")
        self._framing = 0
        self._size += len(body)
        if self._size > self._most:
            raise ContractBroken(f"the answer is larger than {self._most} bytes")
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._headed:
            self._whole = True
        else:  # 1xx goes before the answer
            self._headers = {}

    # how it ends

    def _give(self) -> None:
        answer, self._answer = self._answer, None
        self._used, self._due = True, time.monotonic() + KEEP_ALIVE
        if not self._keep or self._unsent:
            self.abort()
        if answer is not None and not answer.done():
            body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            answer.set_result(Answer(self._status, self._headers, body))

    def _fail(self, error: ConnectorError) -> None:
        answer, self._answer = self._answer, None
        self.abort()
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _wake_by(self, due: float) -> None:
        """One timer lives as long as the connection; it is set again only when it would come too late."""
        self._due = due
        if due < self._wakes:
            if self._timer is not None:
                self._timer.cancel()
            left = min(due - time.monotonic(), KEEP_ALIVE)
            self._wakes = time.monotonic() + left
            self._timer = self._loop.call_later(left, self._wake)

    def _wake(self) -> None:
        self._wakes = float("inf")
        if time.monotonic() < self._due:
            self._wake_by(self._due)
        elif self._answer is None:
            self.abort()
        else:
            self._fail(TimedOut("no whole answer by the deadline"))


def refuses_us(error: BaseException | None) -> bool:
    """Whether a connection failed because the platform would not have the certificate that we showed, or did not."""
    return isinstance(error, ssl.SSLError) and _REFUSED.search(error.reason or "") is not None
