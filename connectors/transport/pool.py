"""The pool: keep-alive HTTP/1.1 connections to one platform, as many as it bears, handed over in order of asking.

One deadline stands around everything from the wait for a connection to the last byte. A question is put a second
time only when a connection that had served before turns out to have been closed before any byte of its answer.
"""

from __future__ import annotations

import asyncio
import math
import weakref
from collections import deque

from connectors.contract import AuthFailed, ConnectorError, Deadline, TimedOut, Unavailable
from connectors.transport.address import Address
from connectors.transport.connection import Connection, Stale, refuses_us
from connectors.transport.egress import Egress, Way
from connectors.transport.port import Answer, Question
from connectors.transport.wording import Wording


class Pool:
    """At most `connections` to `base`, an http or https URL with an optional path before every target.

    `authority` is a file of certificates, or what it holds; when given, it alone is trusted instead of the system's
    store. `certificate` is our own with its key. Raises ValueError for a base that is no such URL, is plain HTTP beyond
    loopback without `plaintext`, or lies where `egress` and `private` do not lead, and for certificates that cannot be
    read.
    """

    def __init__(
        self,
        base: str,
        connections: int,
        plaintext: bool = False,
        authority: str | None = None,
        certificate: tuple[str, str] | None = None,
        egress: Egress = Egress(),  # noqa: B008  # frozen
        private: bool = False,
    ) -> None:
        self._address = Address.of(base, plaintext, authority, certificate)
        self._way = Way(self._address.host, self._address.port, egress, private)
        self._wording = Wording(self._address)
        self._free = connections  # that may still be opened
        self._idle: list[Connection] = []
        self._known: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def send(self, question: Question, deadline: Deadline, max_bytes: int) -> Answer:
        """The whole answer, whatever its status. Raises what `port` names."""
        written = self._wording.write(question)
        if deadline.left() <= 0:
            raise TimedOut("no time was left to ask")
        bodiless = question.method == "HEAD"
        connection = self._at_hand() or await self._obtained(deadline)
        try:
            return await connection.ask(written, bodiless, max_bytes, deadline.at)
        except Stale:
            connection = await self._opened(deadline)
            return await connection.ask(written, bodiless, max_bytes, deadline.at)
        finally:
            self._give_back(connection)

    async def close(self) -> None:
        """Breaks off what is under way."""
        self.abort()
        await asyncio.sleep(0)  # the loop closes sockets in its next round

    def abort(self) -> None:
        """As `close`, without waiting for the sockets."""
        self._closed = True
        for connection in self._known:
            connection.abort()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(Unavailable("the source is closed"))

    def _at_hand(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.quiet():
                return connection
            connection.abort()
            self._free += 1
        return None

    async def _obtained(self, deadline: Deadline) -> Connection:
        """A connection that is opened, or handed over by the next question that is answered."""
        if self._free:
            self._free -= 1
        elif (connection := await self._handed_over(deadline)) is not None:
            if connection.quiet():
                return connection
            connection.abort()
        try:
            return await self._opened(deadline)
        except BaseException:
            self._pass_on(None)
            raise

    async def _handed_over(self, deadline: Deadline) -> Connection | None:
        """What another question gives back: its connection, or None for the right to open one."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(_seconds(deadline)):
                return await waiter
        except BaseException as error:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:  # handed over in vain
                self._pass_on(waiter.result())
            if isinstance(error, TimeoutError):
                raise TimedOut("no connection was free by the deadline") from None
            raise

    async def _opened(self, deadline: Deadline) -> Connection:
        if self._closed:
            raise Unavailable("the source is closed")
        try:
            async with asyncio.timeout(_seconds(deadline)):
                connection = await self._connected()
        except TimeoutError:
            raise TimedOut("no connection by the deadline") from None
        except OSError as error:  # ssl.SSLError is one
            raise _unreached(error) from None
        self._known.add(connection)
        if self._closed:
            connection.abort()
        return connection

    async def _connected(self) -> Connection:
        """A connection to the first address that takes one. Raises OSError, Unavailable."""
        to, loop = self._address, asyncio.get_running_loop()
        name = to.host if to.tls else None
        failure = OSError("no address")
        for address in await self._way.addresses():
            try:
                _, connection = await loop.create_connection(
                    Connection, address, to.port, ssl=to.tls, server_hostname=name
                )
                return connection
            except OSError as error:
                failure = error
        raise failure

    def _give_back(self, connection: Connection) -> None:
        if connection.idle:
            self._pass_on(connection)
        else:
            connection.abort()
            self._pass_on(None)

    def _pass_on(self, connection: Connection | None) -> None:
        """To whoever has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)
        else:
            self._free += 1


def _seconds(deadline: Deadline) -> float | None:
    left = deadline.left()
    return left if math.isfinite(left) else None


def _unreached(error: OSError) -> ConnectorError:
    if refuses_us(error):
        return AuthFailed("the platform does not accept our certificate")
    return Unavailable(f"no connection: {type(error).__name__}")
