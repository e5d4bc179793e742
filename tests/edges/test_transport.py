"""The HTTP pool against real sockets that misbehave: what it accepts, what it cuts, what it never does."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import ConnectorError, ContractBroken, Deadline, TimedOut, Unavailable
from connectors.transport.pool import Pool
from connectors.transport.port import Answer, Question
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw

CAP = 64 * 1024
ASK = Question("GET", "/things?x=1", {"X-App": "invented"})


@asynccontextmanager
async def reached(behaviour: Behaviour, connections: int = 4) -> AsyncIterator[tuple[Server, Pool]]:
    async with Server(behaviour) as server:
        pool = Pool(server.base, connections)
        try:
            yield server, pool
        finally:
            await pool.close()


async def send(pool: Pool, seconds: float = 5.0) -> Answer:
    return await pool.send(ASK, Deadline.within(seconds), CAP)


async def test_an_answer_comes_whole_and_the_question_is_plain() -> None:
    """Status, headers and bytes arrive as sent; the question asks for no compression and carries no cookie."""
    async with reached(always(raw(b'{"a": 1}', extra="Set-Cookie: s=1\r\nX-Thing: yes\r\n"))) as (server, pool):
        answer = await send(pool)
        await send(pool)
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, b'{"a": 1}', "yes")
    assert server.seen[1].headers["accept-encoding"] == "identity"
    assert "cookie" not in server.seen[1].headers
    assert server.seen[0].target == "/things?x=1"


async def test_an_honest_connection_is_used_again() -> None:
    """Questions one after another share one connection."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        for _ in range(3):
            await send(pool)
        assert server.connections == 1


async def drip(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def reset(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half_a_body(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"rows": [')
    writer.close()


async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        await writer.drain()


BOMB = gzip.compress(b"0" * 10_000_000)
CROOKED: list[tuple[str, Behaviour, type[ConnectorError]]] = [
    ("a platform that drips is cut by the one deadline", drip, TimedOut),
    ("a platform that hangs is cut by the deadline", hang, TimedOut),
    ("a reset is Unavailable", reset, Unavailable),
    ("half a body is Unavailable", half_a_body, Unavailable),
    ("garbage is Unavailable", always(b"\x16\x03\x01 this is not HTTP\r\n\r\n"), Unavailable),
    ("an endless header is Unavailable", always(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000), Unavailable),
    (
        "two lengths are Unavailable",
        always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Unavailable,
    ),
    ("a switch of protocols is Unavailable", always(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Unavailable),
    ("a body above the cap is ContractBroken", always(raw(b"x" * (CAP + 1))), ContractBroken),
    ("an endless body is ContractBroken", endless, ContractBroken),
    ("a compression bomb is never unpacked", always(raw(BOMB, extra="Content-Encoding: gzip\r\n")), ContractBroken),
]


@pytest.mark.parametrize(("behaviour", "error"), [case[1:] for case in CROOKED], ids=[case[0] for case in CROOKED])
async def test_misbehaviour_is_one_error_of_the_contract(behaviour: Behaviour, error: type[ConnectorError]) -> None:
    """Whatever a platform does on the wire becomes one known error, in time, and costs it the connection."""
    async with reached(behaviour, connections=1) as (server, pool):
        began = time.monotonic()
        with pytest.raises(error) as caught:
            await send(pool, 0.5)
        assert time.monotonic() - began < 1.5
        assert type(caught.value) is error
        server.behaviour = always(raw(b"{}"))
        assert (await send(pool)).body == b"{}"
        assert server.connections == 2


async def test_nobody_listening_is_unavailable() -> None:
    """A refused connection is Unavailable."""
    async with Server(hang) as server:
        base = server.base
    pool = Pool(base, 1)
    with pytest.raises(Unavailable):
        await send(pool)
    await pool.close()


def surplus(smuggled: bytes) -> Behaviour:
    return always(raw(b'{"for": "the first"}') + smuggled)


@pytest.mark.parametrize("smuggled", [raw(b'{"for": "a stranger"}'), b"junk", b"\r\n\r\nHTTP/1.1 200 OK\r\n"])
async def test_surplus_bytes_never_answer_the_next_question(smuggled: bytes) -> None:
    """A second answer that was smuggled behind the first is thrown away together with its connection."""
    async with reached(surplus(smuggled), connections=1) as (server, pool):
        assert (await send(pool)).body == b'{"for": "the first"}'
        server.behaviour = always(raw(b'{"for": "the second"}'))
        assert (await send(pool)).body == b'{"for": "the second"}'
        assert server.connections == 2


async def test_bytes_that_come_between_questions_cost_the_connection() -> None:
    """What arrives on an idle connection is nobody's answer."""
    late = asyncio.Event()

    async def answer_then_more(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw(b"{}"))
        await writer.drain()
        await late.wait()
        writer.write(raw(b'{"for": "a stranger"}'))
        await writer.drain()
        late.clear()

    async with reached(answer_then_more, connections=1) as (server, pool):
        await send(pool)
        late.set()
        while late.is_set():
            await asyncio.sleep(0)
        server.behaviour = always(raw(b'{"for": "the second"}'))
        assert (await send(pool)).body == b'{"for": "the second"}'


async def test_a_redirect_is_not_followed() -> None:
    """A platform cannot send the gateway elsewhere: the redirect is the answer."""
    async with Server(always(raw(b"{}"))) as elsewhere:
        moved = raw(b"", "302 Found", extra=f"Location: {elsewhere.base}/\r\n")
        async with reached(always(moved)) as (_, pool):
            assert (await send(pool)).status == 302
        assert elsewhere.connections == 0


async def test_surroundings_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not used."""
    async with Server(hang) as proxy, Server(always(raw(b"{}"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base)
        pool = Pool(server.base, 1)
        assert (await send(pool)).status == 200
        assert proxy.connections == 0
        await pool.close()


async def test_a_cancelled_question_gives_its_connection_back() -> None:
    """After a cancellation the platform sees the connection closed, and a pool of one can be used again."""
    async with reached(hang, connections=1) as (server, pool):
        task = asyncio.ensure_future(send(pool))
        while not server.seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.behaviour = always(raw(b"{}"))
        assert (await send(pool)).status == 200


async def test_waiting_for_a_connection_counts() -> None:
    """The deadline covers the wait for a free connection too."""
    async with reached(hang, connections=1) as (server, pool):
        first = asyncio.ensure_future(send(pool, 3.0))
        while not server.seen:
            await asyncio.sleep(0)
        with pytest.raises(TimedOut):
            await send(pool, 0.1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_no_time_left_asks_nothing() -> None:
    """A question whose deadline has passed never reaches the platform."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        with pytest.raises(TimedOut):
            await send(pool, 0.0)
        assert server.connections == 0


@pytest.mark.parametrize(
    "base",
    [
        "ftp://platform.example",
        "platform.example",
        "http://platform.example",
        "https://somebody:hunter2@platform.example",
        "https://platform.example/?key=hunter2",
    ],
)
def test_a_base_that_is_unsafe_is_refused(base: str) -> None:
    """Only https, or plain http on loopback, without user or query; the refusal does not repeat the address."""
    with pytest.raises(ValueError, match=r"http") as caught:
        Pool(base, 1)
    assert "hunter2" not in str(caught.value)
    assert "platform.example" not in str(caught.value)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for `localhost`, and the file of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    return context, cert


async def test_an_untrusted_certificate_is_never_spoken_to(tmp_path: Path) -> None:
    """Without trust in the certificate no question is sent."""
    context, _ = certificate(tmp_path)
    async with Server(always(raw(b"{}")), tls=context) as server:
        pool = Pool(server.base, 1)
        with pytest.raises(Unavailable):
            await send(pool)
        assert server.seen == []
        await pool.close()


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file of certificates is refused when the pool is made, not at the first question."""
    with pytest.raises(ValueError, match="`ca`"):
        Pool("https://platform.example", 1, authority=str(tmp_path / "missing.pem"))


async def test_surplus_is_seen_under_tls_too(tmp_path: Path) -> None:
    """With the platform's own authority, an honest connection is kept and one with surplus bytes is dropped."""
    context, authority = certificate(tmp_path)
    async with Server(always(raw(b"{}")), tls=context) as server:
        pool = Pool(server.base, 1, authority=str(authority))
        await send(pool)
        server.behaviour = surplus(raw(b'{"for": "a stranger"}'))
        await send(pool)
        assert server.connections == 1
        server.behaviour = always(raw(b'{"for": "the third"}'))
        assert (await send(pool)).body == b'{"for": "the third"}'
        assert server.connections == 2
        await pool.close()
