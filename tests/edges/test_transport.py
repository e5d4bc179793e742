"""The HTTP pool against real sockets that misbehave: what it accepts, what it cuts, what it never does."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import BadRequest, ConnectorError, ContractBroken, Deadline, TimedOut, Unavailable
from connectors.transport import connection
from connectors.transport.pool import Pool
from connectors.transport.port import Answer, Question, Transport
from tests.edges.crooked import (
    CHUNKED,
    HEAD,
    Authority,
    Behaviour,
    Seen,
    Server,
    always,
    dripping,
    endlessly,
    hang,
    nobody,
    raw,
    reset,
    then_close,
)

CAP = 64 * 1024
PATIENCE = 30.0  # seconds for what comes at once, also on a machine that has other things to do
ASK = Question("GET", "/things?x=1", {"X-App": "invented"})


@asynccontextmanager
async def reached(behaviour: Behaviour, connections: int = 1, **more: Any) -> AsyncIterator[tuple[Server, Transport]]:
    async with Server(behaviour, **more) as server:
        pool = Pool(server.base, connections)
        try:
            yield server, pool
        finally:
            await pool.close()


async def send(pool: Transport, seconds: float = PATIENCE, question: Question = ASK) -> Answer:
    return await pool.send(question, Deadline.within(seconds), CAP)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


async def test_an_answer_comes_whole_and_the_question_is_plain() -> None:
    """Status, headers and bytes arrive as sent; the question asks for no compression and carries no cookie."""
    async with reached(always(raw(b'{"a": 1}', extra="Set-Cookie: s=1\r\nX-Thing: yes\r\n"))) as (server, pool):
        answer = await send(pool)
        await send(pool)
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, b'{"a": 1}', "yes")
    assert server.seen[1].headers["accept-encoding"] == "identity"
    assert server.seen[0].headers["x-app"] == "invented"
    assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert "cookie" not in server.seen[1].headers
    assert server.seen[0].target == "/things?x=1"


async def test_an_honest_connection_is_used_again() -> None:
    """Questions one after another share one connection."""
    async with reached(always(raw(b"{}")), 4) as (server, pool):
        for _ in range(3):
            await send(pool)
        assert server.connections == 1


HONEST: list[tuple[str, bytes, str, int, bytes]] = [
    ("1xx go before the answer", b"HTTP/1.1 103 Early\r\nX: 1\r\n\r\n" * 3 + raw(b"{}"), "GET", 200, b"{}"),
    (
        "chunks are joined, extensions and trailers left aside",
        HEAD + b"Transfer-Encoding: chunked\r\nX: head\r\n\r\n2;a=b\r\n[1\r\n1\r\n]\r\n0\r\nX: trail\r\n\r\n",
        "GET",
        200,
        b"[1]",
    ),
    ("an empty body is one", raw(b""), "GET", 200, b""),
    ("204 has no body", b"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, b""),
    ("304 has a length but no body", b"HTTP/1.1 304 Same\r\nContent-Length: 10\r\n\r\n", "GET", 304, b""),
    ("a question may have a body", raw(b"{}"), "POST", 200, b"{}"),
]


@pytest.mark.parametrize(
    ("answer", "method", "status", "body"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST]
)
async def test_honest_answers_are_read_and_keep_the_connection(
    answer: bytes, method: str, status: int, body: bytes
) -> None:
    """Every framing of HTTP/1.1 is read to its end and not further, whole or byte by byte."""

    async def slowly(seen: Seen, writer: asyncio.StreamWriter) -> None:
        for place in range(len(answer)):
            writer.write(answer[place : place + 1])
            await asyncio.sleep(0)

    async with reached(always(answer)) as (server, pool):
        question = Question(method, "/", {}, b"[]" if method == "POST" else b"")
        for behaviour in (always(answer), slowly, always(answer)):
            server.behaviour = behaviour
            got = await send(pool, question=question)
            assert (got.status, got.body, got.headers.get("x", "head")) == (status, body, "head")
        assert server.connections == 1
        assert server.seen[0].headers.get("content-length") == ("2" if method == "POST" else None)


ENDED: list[tuple[str, Behaviour, str, bytes]] = [
    ("a body may end with the connection", then_close(b"HTTP/1.1 200 OK\r\n\r\n{}"), "GET", b"{}"),
    ("HTTP 1.0 is spoken too", then_close(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "GET", b"{}"),
    ("a platform may say that it will close", always(raw(b"{}", extra="Connection: close\r\n")), "GET", b"{}"),
    ("the answer to HEAD has a length but no body", always(raw(b"{}")[:-2]), "HEAD", b""),
]


@pytest.mark.parametrize(("behaviour", "method", "body"), [case[1:] for case in ENDED], ids=[case[0] for case in ENDED])
async def test_an_answer_may_end_the_connection(behaviour: Behaviour, method: str, body: bytes) -> None:
    """Such an answer is whole, and the next question gets an answer of its own."""
    async with reached(behaviour) as (_, pool):
        for _ in range(2):
            assert (await send(pool, question=Question(method, "/", {}))).body == body


async def test_of_a_repeated_header_the_last_counts() -> None:
    """Names are in lower case, and a repeated one has its last value."""
    async with reached(always(raw(b"", extra="RETRY-after: 1\r\nretry-AFTER: 2\r\n"))) as (_, pool):
        assert (await send(pool)).headers["retry-after"] == "2"


async def reset_amid(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.05)  # the client reads this before the reset takes it away
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as below:
        below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


BOMB = gzip.compress(b"0" * 10_000_000)
CROOKED: list[tuple[str, Behaviour, type[ConnectorError]]] = [
    (
        "a platform that drips is cut by the one deadline",
        dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        TimedOut,
    ),
    ("a platform that hangs is cut by the deadline", hang, TimedOut),
    ("a reset is Unavailable", reset, Unavailable),
    ("a reset amid a body that ends with the connection is Unavailable", reset_amid, Unavailable),
    ("an end without a word is Unavailable", then_close(b""), Unavailable),
    ("an end amid the head is Unavailable", then_close(HEAD + b"Content-"), Unavailable),
    ("half a body is Unavailable", then_close(HEAD + b'Content-Length: 100\r\n\r\n{"rows": ['), Unavailable),
    ("half a chunk is Unavailable", then_close(CHUNKED + b"5\r\nab"), Unavailable),
    ("chunks without the last one are Unavailable", then_close(CHUNKED + b"2\r\nab\r\n"), Unavailable),
    ("an end after 1xx is Unavailable", then_close(b"HTTP/1.1 100 Continue\r\n\r\n"), Unavailable),
    ("garbage is Unavailable", always(b"\x16\x03\x01 this is not HTTP\r\n\r\n"), Unavailable),
    ("a body without a head is Unavailable", then_close(b'{"rows": []}'), Unavailable),
    ("a status of letters is Unavailable", always(b"HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n"), Unavailable),
    ("another protocol's version is Unavailable", always(b"HTTP/3.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Unavailable),
    ("an endless header is Unavailable", endlessly(HEAD + b"X: ", b"y" * 8192), Unavailable),
    ("endless headers are Unavailable", endlessly(HEAD, b"X: y\r\n" * 999), Unavailable),
    ("endless 1xx are Unavailable", endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), Unavailable),
    ("an endless chunk extension is Unavailable", endlessly(CHUNKED + b"1;", b"y" * 8192), Unavailable),
    ("endless trailers are Unavailable", endlessly(CHUNKED + b"0\r\nX: ", b"y" * 8192), Unavailable),
    ("a NUL in a header is Unavailable", always(HEAD + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"), Unavailable),
    ("a space before a colon is Unavailable", always(HEAD + b"Content-Length : 0\r\n\r\n"), Unavailable),
    ("two lengths are Unavailable", always(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), Unavailable),
    ("a negative length is Unavailable", always(HEAD + b"Content-Length: -1\r\n\r\n"), Unavailable),
    ("a length of letters is Unavailable", always(HEAD + b"Content-Length: 0x2\r\n\r\nab"), Unavailable),
    (
        "an overflowing length is Unavailable",
        always(HEAD + b"Content-Length: 18446744073709551618\r\n\r\nab"),
        Unavailable,
    ),
    (
        "a length beside chunks is Unavailable",
        always(HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
        Unavailable,
    ),
    ("a chunk size of letters is Unavailable", always(CHUNKED + b"xyz\r\nab\r\n0\r\n\r\n"), Unavailable),
    ("a chunk longer than it says is Unavailable", always(CHUNKED + b"1\r\nabcd\r\n0\r\n\r\n"), Unavailable),
    ("a switch of protocols is Unavailable", always(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Unavailable),
    (
        "a switch that the connection confirms is Unavailable",
        always(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        Unavailable,
    ),
    ("a body above the cap is ContractBroken", always(raw(b"x" * (CAP + 1))), ContractBroken),
    ("endless chunks are ContractBroken", endlessly(CHUNKED, b"1000\r\n" + b"x" * 0x1000 + b"\r\n"), ContractBroken),
    ("an endless body is ContractBroken", endlessly(HEAD + b"\r\n", b"x" * 0x1000), ContractBroken),
    ("a compression bomb is never unpacked", always(raw(BOMB, extra="Content-Encoding: gzip\r\n")), ContractBroken),
    (
        "a coding is not hidden by a second header",
        always(raw(BOMB, extra="Content-Encoding: gzip\r\nContent-Encoding: identity\r\n")),
        ContractBroken,
    ),
    (
        "a coding below the chunks is ContractBroken",
        always(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ContractBroken,
    ),
]


@pytest.mark.parametrize(("behaviour", "error"), [case[1:] for case in CROOKED], ids=[case[0] for case in CROOKED])
async def test_misbehaviour_is_one_error_of_the_contract(behaviour: Behaviour, error: type[ConnectorError]) -> None:
    """Whatever a platform does on the wire becomes one known error, in time, and costs it the connection."""
    async with reached(behaviour) as (server, pool), asyncio.timeout(PATIENCE):
        with pytest.raises(ConnectorError) as caught:
            await send(pool, 0.3 if error is TimedOut else PATIENCE)
        assert isinstance(caught.value, error)
        server.behaviour = always(raw(b"{}"))
        assert (await send(pool)).body == b"{}"
        assert server.connections == 2
        assert len(server.seen) == 2  # nothing was asked again behind our back


async def test_nobody_listening_is_unavailable() -> None:
    """A refused connection is Unavailable, and costs no place in the pool."""
    with nobody() as port:
        pool = Pool(f"http://127.0.0.1:{port}", 1)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await send(pool)
        await pool.close()


async def test_an_unknown_host_is_unavailable() -> None:
    """A name that DNS does not know is Unavailable."""
    pool = Pool("http://platform.invalid", 1, True)
    with pytest.raises((Unavailable, TimedOut)):
        await send(pool, 2.0)
    await pool.close()


def surplus(smuggled: bytes) -> Behaviour:
    return always(raw(b'{"for": "the first"}') + smuggled)


@pytest.mark.parametrize("smuggled", [raw(b'{"for": "a stranger"}'), b"junk", b"\r\n\r\nHTTP/1.1 200 OK\r\n"])
async def test_surplus_bytes_never_answer_the_next_question(smuggled: bytes) -> None:
    """A second answer that was smuggled behind the first is thrown away together with its connection."""
    async with reached(surplus(smuggled)) as (server, pool):
        assert (await send(pool)).body == b'{"for": "the first"}'
        server.behaviour = always(raw(b'{"for": "the second"}'))
        assert (await send(pool)).body == b'{"for": "the second"}'
        assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "bodiless"),
    [("GET", "204 No Content"), ("GET", "304 Not Modified"), ("HEAD", "200 OK")],
)
async def test_a_body_where_none_may_be_never_answers_the_next_question(method: str, bodiless: str) -> None:
    """Bytes behind an answer that has no body are surplus, whatever length it claims."""
    stranger = raw(b'{"for": "a stranger"}')
    async with reached(always(raw(stranger, bodiless))) as (server, pool):
        assert (await send(pool, question=Question(method, "/", {}))).body == b""
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

    async with reached(answer_then_more) as (server, pool):
        await send(pool)
        late.set()
        await until(lambda: not late.is_set())
        server.behaviour = always(raw(b'{"for": "the second"}'))
        assert (await send(pool)).body == b'{"for": "the second"}'


async def test_a_stale_connection_is_asked_once_more_on_a_new_one() -> None:
    """An idle connection that ends just as the question comes costs nothing, and the question is put once more."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        await send(pool)

        async def leave(seen: Seen, writer: asyncio.StreamWriter) -> None:
            server.behaviour = always(raw(b"[]"))
            writer.close()
            raise ConnectionResetError

        server.behaviour = leave
        assert (await send(pool)).body == b"[]"
        assert (server.connections, len(server.seen)) == (2, 3)


async def test_a_question_is_put_at_most_twice() -> None:
    """If the new connection ends as well the platform is Unavailable."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        await send(pool)
        server.behaviour = then_close(b"")
        with pytest.raises(Unavailable):
            await send(pool)
        assert (server.connections, len(server.seen)) == (2, 3)


async def test_a_question_that_an_answer_had_begun_to_is_not_put_again() -> None:
    """One byte of an answer is enough: the platform may have done what it was asked."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        await send(pool)
        server.behaviour = then_close(b"H")
        with pytest.raises(Unavailable):
            await send(pool)
        assert (server.connections, len(server.seen)) == (1, 2)


async def test_a_connection_that_the_platform_closed_is_not_used() -> None:
    """A platform may close what is idle."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        for _ in range(3):
            server.behaviour = then_close(raw(b"{}"))
            assert (await send(pool)).body == b"{}"
            await server.closed.wait()
            server.closed.clear()
        assert server.connections == 3


async def test_an_idle_connection_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody uses is given back to the platform."""
    monkeypatch.setattr(connection, "KEEP_ALIVE", 0.05)
    async with reached(always(raw(b"{}"))) as (server, pool):
        await send(pool)
        async with asyncio.timeout(PATIENCE):
            await server.closed.wait()
        assert (await send(pool)).body == b"{}"


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
    async with reached(hang) as (server, pool):
        task = asyncio.ensure_future(send(pool))
        await until(lambda: server.seen)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.behaviour = always(raw(b"{}"))
        assert (await send(pool)).status == 200
        await until(server.closed.is_set)


async def test_waiting_for_a_connection_counts() -> None:
    """The deadline covers the wait for a free connection too."""
    async with reached(hang) as (server, pool):
        first = asyncio.ensure_future(send(pool))
        await until(lambda: server.seen)
        with pytest.raises(TimedOut):
            await send(pool, 0.1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_platform_is_never_asked_more_at_a_time_than_it_bears() -> None:
    """Questions beyond the bound wait, and are put in the order in which they came."""
    now, most = 0, 0

    async def counted(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await until(lambda: most == 3)
        await asyncio.sleep(0.01)
        now -= 1
        writer.write(raw(b"{}"))

    async with reached(counted, 3) as (server, pool):
        await asyncio.gather(*(send(pool, question=Question("GET", f"/{number}", {})) for number in range(20)))
        assert (most, server.connections) == (3, 3)
        asked = [int(seen.path[1:]) for seen in server.seen]
        assert all(abs(place - number) < 3 for place, number in enumerate(asked))


async def test_a_place_is_not_lost_when_those_who_wait_leave() -> None:
    """Those who are cancelled while they wait, or as their turn comes, pass their turn on."""
    async with reached(hang) as (server, pool):
        first = asyncio.ensure_future(send(pool))
        await until(lambda: server.seen)
        waiting = [asyncio.ensure_future(send(pool)) for _ in range(4)]
        await asyncio.sleep(0.01)
        server.behaviour = always(raw(b"{}"))
        waiting[0].cancel()
        first.cancel()
        await asyncio.sleep(0)  # the turn goes to the second who waits, who leaves at that moment
        waiting[1].cancel()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(end).__name__ for end in ends[2:]] == ["Answer", "Answer"]
        assert (await send(pool)).status == 200


async def test_a_broken_connection_hands_its_place_on() -> None:
    """Those who wait for a connection that breaks get one of their own, one after another."""
    async with reached(reset) as (server, pool):
        ends = await asyncio.gather(*(send(pool) for _ in range(3)), return_exceptions=True)
        assert [type(end) for end in ends] == [Unavailable] * 3
        assert server.connections == 3


async def test_no_time_left_asks_nothing() -> None:
    """A question whose deadline has passed never reaches the platform."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        with pytest.raises(TimedOut):
            await send(pool, 0.0)
        assert server.connections == 0


async def test_a_deadline_may_be_far() -> None:
    """A question without a deadline is answered."""
    async with reached(always(raw(b"{}"))) as (_, pool):
        assert (await pool.send(ASK, Deadline(float("inf")), CAP)).status == 200


async def test_closing_ends_what_is_under_way() -> None:
    """Whoever is asking or waiting when the source is closed is told so at once, and nobody asks afterwards."""
    async with reached(hang) as (server, pool):
        tasks = [asyncio.ensure_future(send(pool)) for _ in range(2)]
        await until(lambda: server.seen)
        await pool.close()
        for task in tasks:
            with pytest.raises(Unavailable):
                await task
        with pytest.raises(Unavailable):
            await send(pool)
        assert len(server.seen) == 1


@pytest.mark.parametrize("bad", ["\r\nX-Evil: 1", "\n", "\r", "\0", "\u4e2d"])
@pytest.mark.parametrize("place", ["method", "target", "name", "value"])
async def test_a_question_never_becomes_two(place: str, bad: str) -> None:
    """What would break out of its place in the head is refused before anything is sent."""
    parts = {"method": "GET", "target": "/x", "name": "X-App", "value": "y"}
    parts[place] += bad
    async with reached(always(raw(b"{}"))) as (server, pool):
        with pytest.raises(BadRequest):
            await send(pool, question=Question(parts["method"], parts["target"], {parts["name"]: parts["value"]}))
        assert server.connections == 0


@pytest.mark.parametrize("headers", [{"transfer-Encoding": "chunked"}, {"Connection": "close"}, {"a": "1", "A": "2"}])
async def test_a_question_does_not_frame_itself(headers: dict[str, str]) -> None:
    """How a question ends is the transport's to say."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        with pytest.raises(BadRequest):
            await send(pool, question=Question("GET", "/", headers))
        assert server.connections == 0


async def test_what_the_transport_says_replaces_what_a_question_says() -> None:
    """Neither a length nor a wish for compression is taken over, however it is spelled."""
    async with reached(always(raw(b"{}"))) as (server, pool):
        await send(pool, question=Question("POST", "/", {"content-length": "99", "accept-encoding": "gzip"}, b"[1]"))
        seen = server.seen[0]
        assert (seen.headers["content-length"], seen.headers["accept-encoding"]) == ("3", "identity")
        assert seen.body == b"[1]"


async def test_a_large_question_is_written_whole() -> None:
    """Eight megabytes reach a platform that reads slowly; the connection is then as good as any."""
    body = os.urandom(1 << 20) * 8
    async with reached(always(raw(b"{}"))) as (server, pool):
        for _ in range(2):
            await send(pool, question=Question("POST", "/", {}, body))
        assert [seen.body == body for seen in server.seen] == [True, True]
        assert server.connections == 1


async def test_an_answer_before_the_question_was_written_ends_the_connection() -> None:
    """A platform that answers without reading is heard, and what was not written is never sent."""
    connections = 0
    heard = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw(b"", "413 Too Large"))
        await heard.wait()
        writer.transport.abort()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        pool = Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 1)
        for _ in range(2):
            assert (await send(pool, question=Question("POST", "/", {}, b"x" * (16 << 20)))).status == 413
        heard.set()
        assert connections == 2
        await pool.close()


@pytest.mark.parametrize(
    "base",
    [
        "ftp://platform.example",
        "platform.example",
        "http://platform.example",
        "https://somebody:hunter2@platform.example",
        "https://platform.example/?key=hunter2",
        "https://platform.example/hunter2\u4e2d",
        "https://platform.example:hunter2",
    ],
)
def test_a_base_that_is_unsafe_is_refused(base: str) -> None:
    """Only https, or plain http on loopback, without user or query; the refusal does not repeat the address."""
    with pytest.raises(ValueError, match=r"http") as caught:
        Pool(base, 1)
    assert "hunter2" not in str(caught.value)
    assert "platform.example" not in str(caught.value)


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file of certificates is refused when the pool is made, not at the first question."""
    with pytest.raises(ValueError, match="`ca`"):
        Pool("https://platform.example", 1, authority=str(tmp_path / "missing.pem"))


@asynccontextmanager
async def secured(
    authority: Authority, tls: ssl.SSLContext, behaviour: Behaviour, trusted: bool = True
) -> AsyncIterator[tuple[Server, Transport]]:
    async with Server(behaviour, tls) as server:
        pool = Pool(server.base, 1, authority=str(authority.file) if trusted else None)
        try:
            yield server, pool
        finally:
            await pool.close()


async def test_a_platform_with_the_declared_authority_is_spoken_to(tmp_path: Path) -> None:
    """It is asked by its name, so that it can choose its certificate, and its connection is kept."""
    authority, names = Authority(tmp_path), []
    tls = authority.server()
    tls.sni_callback = lambda _, name, __: names.append(name)
    async with secured(authority, tls, always(raw(b"{}"))) as (server, pool):
        for _ in range(3):
            assert (await send(pool)).body == b"{}"
        assert server.connections == 1
    assert names == ["localhost"]


@pytest.mark.parametrize("wrong", ["unknown", "another", "host", "expired"])
async def test_a_platform_that_cannot_prove_itself_is_never_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Without trust in authority, name and time of the certificate no question is sent; surroundings lend no trust."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    tls = authority.server(
        "elsewhere.example" if wrong == "host" else "localhost", timedelta(hours=-1 if wrong == "expired" else 1)
    )
    if wrong == "another":
        (tmp_path / "another").mkdir()
        authority = Authority(tmp_path / "another")
    async with secured(authority, tls, always(raw(b"{}")), wrong != "unknown") as (server, pool):
        with pytest.raises(Unavailable):
            await send(pool)
        assert server.seen == []


async def test_plain_http_on_a_secure_port_is_unavailable(tmp_path: Path) -> None:
    """An answer without TLS is no answer, and no question goes out in the clear."""
    async with Server(hang, greeting=raw(b"{}")) as server:
        pool = Pool(f"https://localhost:{server.port}", 1, authority=str(Authority(tmp_path).file))
        with pytest.raises(Unavailable):
            await send(pool)
        assert server.seen == []
        await pool.close()


async def test_a_handshake_that_hangs_is_cut_and_can_be_cancelled(tmp_path: Path) -> None:
    """The deadline and a cancellation reach into the handshake, and neither costs a place in the pool."""
    async with Server(hang) as server:
        pool = Pool(f"https://localhost:{server.port}", 1, authority=str(Authority(tmp_path).file))
        with pytest.raises(TimedOut):
            await send(pool, 0.2)
        task = asyncio.ensure_future(send(pool))
        await until(lambda: server.connections == 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(TimedOut):
            await send(pool, 0.2)
        await until(lambda: server.connections == 3)
        await pool.close()


def cut_without_notice(answer: bytes) -> Behaviour:
    """The connection ends below TLS, which is not told."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.05)
        with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as below:
            below.shutdown(socket.SHUT_WR)
        await seen.reader.read()
        raise ConnectionResetError

    return behave


async def test_a_cut_under_tls_is_no_end_of_a_body(tmp_path: Path) -> None:
    """A body that ends with the connection is whole only if TLS says that this is the end."""
    authority = Authority(tmp_path)
    async with secured(authority, authority.server(), then_close(HEAD + b"\r\n{}")) as (server, pool):
        assert (await send(pool)).body == b"{}"
        server.behaviour = cut_without_notice(HEAD + b"\r\n{}")
        with pytest.raises(Unavailable):
            await send(pool)
        server.behaviour = cut_without_notice(raw(b"[]"))  # a whole answer stays one
        assert (await send(pool)).body == b"[]"


async def test_surplus_is_seen_under_tls_too(tmp_path: Path) -> None:
    """An honest connection is kept and one with surplus bytes is dropped."""
    authority = Authority(tmp_path)
    async with secured(authority, authority.server(), always(raw(b"{}"))) as (server, pool):
        await send(pool)
        server.behaviour = surplus(raw(b'{"for": "a stranger"}'))
        await send(pool)
        assert server.connections == 1
        server.behaviour = always(raw(b'{"for": "the third"}'))
        assert (await send(pool)).body == b'{"for": "the third"}'
        assert server.connections == 2


TLS_CROOKED = [case for case in CROOKED if case[1] is not reset_amid]


@pytest.mark.parametrize(
    ("behaviour", "error"), [case[1:] for case in TLS_CROOKED], ids=[case[0] for case in TLS_CROOKED]
)
async def test_misbehaviour_under_tls_is_the_same_error(
    tmp_path: Path, behaviour: Behaviour, error: type[ConnectorError]
) -> None:
    """TLS changes nothing about what is refused."""
    authority = Authority(tmp_path)
    async with secured(authority, authority.server(), behaviour) as (server, pool):
        with pytest.raises(ConnectorError) as caught:
            await send(pool, 0.3 if error is TimedOut else PATIENCE)
        assert isinstance(caught.value, error)
        server.behaviour = always(raw(b"{}"))
        assert (await send(pool)).body == b"{}"
        assert server.connections == 2


async def test_a_large_question_goes_through_tls(tmp_path: Path) -> None:
    """Eight megabytes are written piece by piece under TLS too."""
    authority, body = Authority(tmp_path), os.urandom(1 << 20) * 8
    async with secured(authority, authority.server(), always(raw(b"{}"))) as (server, pool):
        await send(pool, question=Question("POST", "/", {}, body))
        assert server.seen[0].body == body
