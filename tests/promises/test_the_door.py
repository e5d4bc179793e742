"""Bytes on the wire before they are a request: what is refused unread is hung up on, and nothing leaves a trace."""

from __future__ import annotations

import json
import logging
import socket
from urllib.parse import urlsplit

import pytest

from gateway.endpoint import GRAPHQL_TYPE, JSON_TYPE
from tests.conftest import House

QUESTION = b'{"query": "{ __typename }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(QUESTION)
CHUNK = b"%x\r\n%s\r\n" % (len(QUESTION), QUESTION)


def exchange(house: House, *pieces: bytes) -> bytes:
    """Everything that comes back on one connection until the gateway hangs up; TimeoutError when it does not."""
    parts = urlsplit(house.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=5) as connection:
        found = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while received := connection.recv(65_536):
                found += received
        except ConnectionError:  # hung up on while it was still sending
            pass
        return found


UNREAD = {
    "a length beyond the bound": (HEAD + b"Content-Length: 1000000\r\n\r\n", 413, "TOO_LARGE"),
    "another method": (HEAD.replace(b"POST", b"PUT") + b"Content-Length: 9\r\n\r\n", 405, "METHOD_NOT_ALLOWED"),
    "another type": (HEAD.replace(b"/json", b"/xml") + b"Content-Length: 9\r\n\r\n", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "compressed": (HEAD + b"Content-Encoding: br\r\nContent-Length: 9\r\n\r\n", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "nothing acceptable": (HEAD + b"Accept: text/html\r\nContent-Length: 9\r\n\r\n", 406, "NOT_ACCEPTABLE"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_refused_by_its_head_is_not_read(house: House, name: str) -> None:
    """A request that its head condemns is answered before a byte of its body came, and the connection is closed."""
    head, status, code = UNREAD[name]
    answer = exchange(house, head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in answer.lower()
    assert code.encode() in answer


def test_a_question_that_is_refused_keeps_its_connection(house: House) -> None:
    """Who sends a whole body may go on asking on the same connection, also after a mistake."""
    mistake = HEAD + b"Content-Length: 2\r\n\r\n{}"
    answer = exchange(house, mistake, HEAD + b"Connection: close\r\n" + LENGTH + QUESTION)
    assert answer.count(b"HTTP/1.1 400 ") == 1
    assert answer.count(b"HTTP/1.1 200 ") == 1


# what two readers could take for different requests, and what is no HTTP
DOUBTFUL = {
    "two lengths": HEAD + b"Content-Length: 27\r\nContent-Length: 28\r\n\r\n" + QUESTION,
    "a length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n" + QUESTION,
    "a length in words": HEAD + b"Content-Length: many\r\n\r\n" + QUESTION,
    "a length of thirty digits": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "a chunk of no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + QUESTION,
    "a length too short": HEAD + b"Content-Length: 5\r\n\r\n" + QUESTION,
    "no length": HEAD + b"\r\n" + QUESTION,
    "NUL in a header": HEAD + b"Credit-Purpose: gov\x00licensing\r\n" + LENGTH + QUESTION,
    "a handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a method of its own": b"ASK /graphql HTTP/1.1\r\nHost: gateway\r\n\r\n",
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubtful_bytes_are_refused(house: House, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that are no HTTP, or HTTP that could be read in two ways, are 400, hung up on, and log no trace of code."""
    answer = exchange(house, DOUBTFUL[name])
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 200 ") == 0
    assert [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Authorization: Bearer \xff\xfe\r\n", 401),
        (b"Credit-Purpose: \xff\xfe\r\n", 400),
        (b"Credit-Purpose: gov.licensing\r\nCredit-Purpose: gov.bidding\r\n", 400),
        (b"Accept-Language: \xff;q=\xfe, ;;;, zh;q=9\r\n", 200),
        (b"Prefer: handling=;;strict, \xff\r\n", 200),
        (b"Accept: ;q=1, ,/,*/*;q=0.1\r\n", 200),
        (b"Content-Encoding: identity\r\n", 200),
        (b"Transfer-Encoding: chunked\r\n", 200),
    ],
)
def test_odd_headers(house: House, header: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Headers of any bytes are understood, ignored or refused; none is an internal error."""
    body = b"\r\n" + CHUNK + b"0\r\n\r\n" if b"chunked" in header else LENGTH + QUESTION
    answer = exchange(house, HEAD + b"Connection: close\r\n" + header + body)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert "internal error" not in caplog.text


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (f"{JSON_TYPE};q=0, */*", GRAPHQL_TYPE),
        (f"{GRAPHQL_TYPE};q=0, */*", JSON_TYPE),
        (f"{GRAPHQL_TYPE};q=0.5, */*", JSON_TYPE),
        (f"{GRAPHQL_TYPE}, */*", GRAPHQL_TYPE),
        (f"{JSON_TYPE}, {GRAPHQL_TYPE}", GRAPHQL_TYPE),
        (f"{JSON_TYPE};Q=0.9, {GRAPHQL_TYPE};q=0.8", JSON_TYPE),
        (f"{JSON_TYPE.upper()};charset=utf-8", JSON_TYPE),
        (f"application/*;q=0, */*, {JSON_TYPE};q=0.1", JSON_TYPE),
        (f"{JSON_TYPE};q=nan, {GRAPHQL_TYPE};q=0.001", GRAPHQL_TYPE),
        ("application/*;q=0, */*", None),
        (f"{JSON_TYPE};q=-1", None),
        ("*", None),
    ],
)
def test_qualities(house: House, accept: str, given: str | None) -> None:
    """The most specific range decides, a quality of 0 forbids, what is named goes before what a wildcard lets in."""
    answer = house.client.post("/graphql", content=QUESTION, headers={"Content-Type": JSON_TYPE, "Accept": accept})
    assert answer.status_code == (200 if given else 406)
    assert answer.headers["Content-Type"] == f"{given or GRAPHQL_TYPE}; charset=utf-8"


@pytest.mark.parametrize(
    ("wanted", "chinese"),
    [
        ("zh", True),
        ("zh-Hans-CN, en;q=0.9", True),
        ("en;q=0.5, zh-TW;q=0.8", True),
        ("en, zh", False),
        ("zh;q=0", False),
    ],
)
def test_refusals_of_the_door_are_told_in_the_language_asked_for(house: House, wanted: str, chinese: bool) -> None:
    """Errors before any parsing speak the caller's language too; the code is the same in both."""
    [error] = house.client.get("/graphql", headers={"Accept-Language": wanted}).json()["errors"]
    assert error["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert (error["message"] == "仅支持 POST") is chinese


def test_an_answer_to_head_has_no_body(house: House) -> None:
    """HEAD is refused like GET, by its head alone."""
    head, _, body = exchange(house, b"HEAD /graphql HTTP/1.1\r\nHost: gateway\r\n\r\n").partition(b"\r\n\r\n")
    assert b" 405 " in head
    assert body == b""


def test_a_key_given_twice_counts_once(house: House) -> None:
    """Of a member that stands twice in a body the last one counts, for every reader in the house alike."""
    twice = b'{"query": "{ nothing }", "query": "{ __typename }"}'
    answer = house.client.post("/graphql", content=twice, headers={"Content-Type": JSON_TYPE})
    assert answer.json()["data"] == {"__typename": "Query"}
    uscc = json.dumps(house.key("clean")["uscc"])
    query = json.dumps("query($id: SubjectKey!) { subject(id: $id) { id } }")
    body = f'{{"query": {query}, "variables": {{"id": {{"uscc": "x", "uscc": {uscc}}}}}}}'
    answer = house.client.post("/graphql", content=body, headers={"Content-Type": JSON_TYPE})
    assert json.dumps(answer.json()["data"]["subject"]["id"]) == uscc


def test_a_token_beyond_all_measure_is_no_token(house: House) -> None:
    """A token that is longer than any is refused as every bad one is, before anything else is done with it."""
    for size in (9_000, 30_000):
        answer = house.post({"query": "{ __typename }"}, {"Authorization": "Bearer " + "x" * size})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "INVALID_TOKEN")
