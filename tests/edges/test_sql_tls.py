"""A database with `ca` is asked over TLS or not at all: MariaDB itself, PostgreSQL behind what ends TLS before it."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from connectors.contract import Deadline, Unavailable
from connectors.kinds.sql.database import Database
from connectors.transport.address import trusting
from connectors.transport.egress import Egress
from tests.benchmarks.processes import free_port
from tests.edges.crooked import Authority
from tests.edges.databases import PASSWORD, Counterpart, Mariadb, served

ASKS_FOR_TLS = struct.pack("!ii", 8, 80877103)  # PostgreSQL's SSLRequest


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module", params=["with", "without"])
def listening(request: pytest.FixtureRequest, authority: Authority) -> Iterator[tuple[bool, int]]:
    """A MariaDB on a port of loopback, with TLS and without."""
    port, encrypted = free_port(), request.param == "with"

    def kind(folder: Path) -> Counterpart:
        server = Mariadb(folder)
        server.network = (f"--port={port}", "--bind-address=127.0.0.1")
        if encrypted:
            file = authority.certificate("localhost")
            server.network += (f"--ssl-cert={file}", f"--ssl-key={file}")
        return server

    with served(kind):
        yield encrypted, port


@asynccontextmanager
async def before(server: Counterpart, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """What stands before a PostgreSQL and ends TLS for it, or says that there is none."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == ASKS_FOR_TLS, "something was said before TLS"
        writer.write(b"N" if tls is None else b"S")
        await writer.drain()
        if tls is None:
            assert await reader.read() == b"", "something was said without TLS"
            return
        with suppress(OSError):
            await writer.start_tls(tls)
            inner = await asyncio.open_unix_connection(str(server.folder / "data" / ".s.PGSQL.5432"))
            await asyncio.gather(pump(reader, inner[1]), pump(inner[0], writer))

    found = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield found.sockets[0].getsockname()[1]
    finally:
        found.close()


async def ping(url: str, tls: ssl.SSLContext) -> None:
    database = Database(url, 1, 5.0, Egress(), tls)
    try:
        await database.ping(Deadline.within(5))
    finally:
        await database.close()


def url(driver: str, host: str, port: int, name: str) -> str:
    return f"{driver}://gateway:{quote(PASSWORD, safe='')}@{host}:{port}/{name}"


async def test_mariadb(listening: tuple[bool, int], authority: Authority, other: Authority) -> None:
    """The declared authority alone is believed, for the host's own name; a server without TLS is told nothing more."""
    encrypted, port = listening
    place = url("mysql+aiomysql", "localhost", port, "credit")
    if encrypted:
        await ping(place, trusting(str(authority.file)))
        with pytest.raises(Unavailable):
            await ping(place, trusting(str(other.file)))
        with pytest.raises(Unavailable):
            await ping(place.replace("localhost", "127.0.0.1"), trusting(str(authority.file)))
    else:
        with pytest.raises(Unavailable, match="offers no TLS"):
            await ping(place, trusting(str(authority.file)))


async def test_postgresql(postgresql: Counterpart, authority: Authority, other: Authority) -> None:
    """The declared authority alone is believed, for the host's own name; without TLS not even the user is named."""
    async with before(postgresql, authority.server("localhost")) as port:
        place = url("postgresql+asyncpg", "localhost", port, "postgres")
        await ping(place, trusting(authority.file.read_text()))
        with pytest.raises(Unavailable):
            await ping(place, trusting(str(other.file)))
        with pytest.raises(Unavailable):
            await ping(place.replace("localhost", "127.0.0.1"), trusting(str(authority.file)))
    async with before(postgresql, None) as port:
        with pytest.raises(Unavailable):
            await ping(url("postgresql+asyncpg", "localhost", port, "postgres"), trusting(str(authority.file)))


def test_a_database_without_such_a_word(authority: Authority) -> None:
    """Where `ca` means nothing to a driver it is refused, not left aside."""
    with pytest.raises(ValueError, match="`ca` means nothing"):
        Database("sqlite+aiosqlite:////data/city.db", 1, 1.0, Egress(), trusting(str(authority.file)))
