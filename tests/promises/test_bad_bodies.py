"""What somebody sends that is no question: refused by kind, with 4xx, never 500, and nothing is asked of anybody."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.conftest import House, gateway_beside

QUESTION = {"query": "{ platforms { id } }"}
PLAIN = json.dumps(QUESTION).encode()
JSON = {"Content-Type": "application/json"}

BODIES = {
    "nothing": b"",
    "a number": b"1",
    "null": b"null",
    "a list": b"[]",
    "a batch": b"[" + PLAIN + b"]",
    "text": b'"x"',
    "cut short": PLAIN[:-3],
    "two objects": PLAIN + PLAIN,
    "not a number": b'{"query": NaN}',
    "a huge integer": b'{"query": ' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"query": "\\ud800"}',
    "bad UTF-8": b'{"query": "\xff\xfe"}',
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "deep lists": b'{"query": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep variables": b'{"query": "{ platforms { id } }", "variables": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
    "NUL bytes": b"\x00" * 64,
    "HTML": b"<html></html>",
    "no query": b"{}",
    "an empty query": b'{"query": ""}',
    "query: null": b'{"query": null}',
    "query: a list": b'{"query": []}',
    "variables: a list": b'{"query": "{ platforms { id } }", "variables": []}',
    "variables: text": b'{"query": "{ platforms { id } }", "variables": "x"}',
    "operationName: a number": b'{"query": "{ platforms { id } }", "operationName": 1}',
    "extensions: a flag": b'{"query": "{ platforms { id } }", "extensions": true}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request_is_malformed(house: House, name: str) -> None:
    """A body that is no JSON object with a query is MALFORMED_REQUEST, 400, under either media type."""
    for accept in ("application/graphql-response+json", "application/json"):
        answer = house.client.post("/graphql", content=BODIES[name], headers={**JSON, "Accept": accept})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "MALFORMED_REQUEST"
        assert "data" not in answer.json()


def test_media_types(house: House) -> None:
    """Content types other than JSON are 415, media types that cannot be given are 406, other methods are 405."""
    post = house.client.post
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", ""):
        refused = post("/graphql", content=PLAIN, headers={"Content-Type": content_type})
        assert refused.status_code == 415, content_type
    assert (
        post("/graphql", content=gzip.compress(PLAIN), headers={**JSON, "Content-Encoding": "gzip"}).status_code == 415
    )
    for accept in ("text/html", "application/xml, text/*", "application/json;q=0"):
        assert post("/graphql", content=PLAIN, headers={**JSON, "Accept": accept}).status_code == 406, accept
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        refused = house.client.request(method, "/graphql", params={"query": "{ platforms { id } }"})
        assert refused.status_code == 405, method
        assert refused.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, "application/graphql-response+json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.1, application/json", "application/json"),
        ("text/html, application/json", "application/json"),
    ],
)
def test_accept(house: House, accept: str | None, given: str) -> None:
    """The answer has the media type that the caller prefers, in UTF-8, and is never stored by a cache."""
    request = house.client.build_request("POST", "/graphql", content=PLAIN, headers=JSON)
    del request.headers["Accept"]
    if accept is not None:
        request.headers["Accept"] = accept
    answer = house.client.send(request)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{given}; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_status_by_media_type(house: House) -> None:
    """A question that GraphQL refuses is 400 for graphql-response+json and 200 for plain JSON, without data."""
    for accept, status in (("application/graphql-response+json", 400), ("application/json", 200)):
        answer = house.client.post("/graphql", json={"query": "{ x }"}, headers={"Accept": accept})
        assert answer.status_code == status
        assert "data" not in answer.json()


def test_too_large(house: House) -> None:
    """A body over the bound is 413, whatever length it claims, and before it has arrived in full."""
    large = json.dumps({**QUESTION, "variables": {"x": "y" * 300_000}}).encode()
    assert house.client.post("/graphql", content=large, headers=JSON).status_code == 413

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    assert house.client.post("/graphql", content=pieces(), headers=JSON).status_code == 413  # chunked: no length said
    with socket.create_connection(address(house.url)) as plain:
        plain.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        plain.sendall(b"Content-Length: 1000000000\r\n\r\n" + large)
        assert b" 413 " in plain.recv(200)


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


@pytest.fixture
def impatient(house: House, tmp_path: Path) -> Iterator[httpx2.Client]:
    """A gateway that waits half a second for a body and works on two requests at once."""
    with gateway_beside(house, tmp_path, body_timeout=0.5, max_inflight=2) as found:
        yield found.client


def test_slow_senders(impatient: httpx2.Client) -> None:
    """A body that does not arrive is given up; while slow senders take every place, others are shed at once."""
    host, port = address(str(impatient.base_url))
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"

    async def play() -> list[bytes]:
        slow = []
        while True:  # on a busy machine they may be given up before anybody else asks
            for _ in range(2):
                reader, writer = await asyncio.open_connection(host, port)
                slow.append((reader, writer))
                writer.write(head)
                await writer.drain()
            shed = await asyncio.to_thread(impatient.post, "/graphql", json=QUESTION)
            if shed.status_code == 503:
                break
        assert shed.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
        assert shed.headers["Retry-After"] == "1"
        given_up = [await reader.read() for reader, _ in slow]  # until the gateway closes
        for _, writer in slow:
            writer.close()
        return given_up

    answers = [answer for answer in asyncio.run(play()) if not answer.startswith(b"HTTP/1.1 503 ")]
    assert len(answers) >= 2
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"MALFORMED_REQUEST" in answer
    assert impatient.post("/graphql", json=QUESTION).status_code == 200


def test_heads_are_bounded(impatient: httpx2.Client) -> None:
    """A head that never ends is hung up on in time, one that never stops growing at its size, and both leave room."""
    place = address(str(impatient.base_url))
    with socket.create_connection(place, timeout=10) as silent, socket.create_connection(place, timeout=10) as slow:
        slow.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert ended(silent)
        assert ended(slow)
    with socket.create_connection(place, timeout=10) as flood:
        flood.sendall(b"POST /graphql HTTP/1.1\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                flood.sendall(b"X-More: " + b"y" * 10_000 + b"\r\n")
                sent += 10_010
        assert sent < 50_000_000
    body = json.dumps({**QUESTION, "variables": {"x": "y" * 200_000}}).encode()
    for _ in range(3):  # a large body right behind its head is no large head
        assert impatient.post("/graphql", content=body, headers=JSON).status_code == 200


def ended(connection: socket.socket) -> bool:
    """Whether the other side hangs up; waits for it as long as the socket does."""
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_random_bodies(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """None of 500 random and mangled bodies is answered with 5xx, and none leaves an internal error in the log."""
    rng = random.Random(1124)
    for _ in range(500):
        if rng.random() < 0.5:
            body = bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
        else:
            mangled = bytearray(PLAIN)
            for _ in range(rng.randint(1, 5)):
                mangled[rng.randrange(len(mangled))] = rng.randrange(256)
            body = bytes(mangled)
        assert house.client.post("/graphql", content=body, headers=JSON).status_code < 500, body
    assert "internal error" not in caplog.text
