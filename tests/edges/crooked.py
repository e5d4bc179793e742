"""A real HTTP/1.1 server on a socket of its own, as honest or as crooked as a test wants it.

A test gives a coroutine that writes raw bytes, so the server can drip, hang, reset or lie about its framing.
It keeps what it was asked and counts connections, opened and closed. Its certificates come from an authority that
the test makes, and are as wrong as the test wants them.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    reader: asyncio.StreamReader

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass
class Server:
    """`async with Server(behaviour) as server`; `server.base` is its URL. `greeting` is written before any question."""

    behaviour: Behaviour
    tls: ssl.SSLContext | None = None
    greeting: bytes = b""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Server:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        self.base = f"{scheme}://{host}:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(self.greeting)
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                method, target, _ = first.split(" ")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                seen = Seen(method, target, headers, body, reader)
                self.seen.append(seen)
                await self.behaviour(seen, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.closed.set()
        finally:
            writer.close()


def raw(body: bytes, status: str = "200 OK", content_type: str = "application/json", extra: str = "") -> bytes:
    """The bytes of an honest answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode("latin-1") + body


def always(answer: bytes) -> Behaviour:
    """The same bytes for every request."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return behave


def telling(reply: Callable[[Seen], Any]) -> Behaviour:
    """JSON made from the request."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw(json.dumps(reply(seen), ensure_ascii=False).encode()))

    return behave


def then_close(answer: bytes) -> Behaviour:
    """The same bytes for every request, and then the end of the connection."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()
        raise ConnectionResetError

    return behave


def endlessly(start: bytes, again: bytes) -> Behaviour:
    """An answer that goes on until the other side leaves."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()

    return behave


def dripping(start: bytes, again: bytes) -> Behaviour:
    """As `endlessly`, a little at a time."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(0.02)

    return behave


async def reset(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The connection is broken off."""
    writer.transport.abort()


async def hang(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Never an answer; ends when the other side leaves."""
    await seen.reader.read()
    raise ConnectionResetError


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens: it is held, so that nobody can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class Authority:
    """An authority of certificates with its files in a folder; `file` is what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"invented {folder.name}")])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._signed(self._name, self._key, timedelta(days=1), None))

    def certificate(self, host: str, left: timedelta = timedelta(hours=1)) -> Path:
        """A file with a certificate for `host` that is valid so much longer, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        file = self._folder / f"{host}.pem"
        file.write_bytes(self._signed(name, key, left, host) + private)
        return file

    def server(self, host: str = "localhost", left: timedelta = timedelta(hours=1)) -> ssl.SSLContext:
        """The TLS of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(host, left))
        return context

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, left: timedelta, host: str | None) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + left)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
