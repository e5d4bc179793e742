"""What platforms over HTTP may do to those who ask them: faults of the wire, and faults inside an answer, by kind.

A kind is one line of KINDS: how it is declared, and how it writes an answer with rows. A fault of the wire is the same
for all of them; one of the content is written in the words of the kind. Each says what has to become of it: the name of
an error of the contract, or what is kept of the rows.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from connectors.registry import Registry
from tests.edges import another_gateway
from tests.edges.crooked import (
    CHUNKED,
    HEAD,
    Behaviour,
    Seen,
    always,
    dripping,
    endlessly,
    hang,
    raw,
    reset,
    then_close,
)
from tests.edges.described import SOAP_SOURCE, SOAP_TYPE, described, enveloped, found
from tests.edges.invented import FIRM, OTHER, REST_SOURCE, REST_TYPE, registered

SAID = "upstream-words"  # what a crooked platform says and nobody may repeat
MOST = 8 << 20  # `maxBytes` of the declarations
Written = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """How platforms of one kind are declared and speak. `settings` are those of one at an address; `rows` are written
    as texts by name, and `deep` is an honest answer with so many levels in a place that nobody reads. `beside` lets a
    server do what the kind needs beside its answers."""

    registry: Callable[[], Registry]
    settings: Callable[[str], Mapping[str, str]]
    media: str
    rows: Callable[[Sequence[Written]], str]
    deep: Callable[[int], str]
    error: str  # an error inside a 200
    other: str  # rows that are no rows
    beside: Callable[[Behaviour], Behaviour] = lambda behaviour: behaviour


HOLDER = "  holder: {path: holder}\n"
_LIMITS = "limits: {timeout: 5s, maxRows: 100, maxBytes: 8MiB}"


def _rest() -> Registry:
    success = '    success: {path: code, is: ["200"]}\n'
    source = REST_SOURCE.replace("limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}", _LIMITS)
    return registered(source + success, REST_TYPE + HOLDER)


def _soap() -> Registry:
    source = SOAP_SOURCE.replace("limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}", _LIMITS)
    return described(source, SOAP_TYPE + HOLDER)


def _graphql() -> Registry:
    source = REST_SOURCE.replace("kind: rest", "kind: graphql").replace("base:", "endpoint:")
    source = source.replace("maxBytes: 64KiB", "maxBytes: 8MiB")
    asked = 'question: {field: permits, arguments: {codes: {type: "[String!]!", value: "{subjects}"}}}\nrows: nodes\n'
    return registered(source, asked + REST_TYPE[REST_TYPE.index("key:") :] + HOLDER)


def _peer() -> Registry:
    return registered(another_gateway.SOURCE.replace("maxBytes: 64KiB", "maxBytes: 8MiB"), another_gateway.TYPE)


def _told(nodes: Any, **more: Any) -> str:
    return json.dumps({**another_gateway.answer(another_gateway.records()), **more}).replace(
        '"nodes": []', f'"nodes": {json.dumps(nodes)}'
    )


def _node(row: Written) -> dict[str, Any]:
    """As another gateway writes it: whose it is, the place in the answer says."""
    words = {name: {"1": "ACTIVE"}.get(value, value) for name, value in row.items() if name != "code"}
    return another_gateway.NODE | words if "state" in row else {"id": "r1", **words}


def _data(nodes: Any, **more: Any) -> str:
    return json.dumps({"data": {"permits": {"nodes": nodes}}, **more})


def _json(**more: Any) -> str:
    return json.dumps({"code": "200", "rows": [], **more})


def _elements(row: Written) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in row.items())


KINDS = {
    "rest": Kind(
        _rest,
        lambda base: {"env:INVENTED_BASE": base},
        "application/json",
        lambda rows: _json(rows=rows),
        lambda depth: _json().replace('"rows"', f'"x": {"[" * depth}{"]" * depth}, "rows"'),
        _json(code="E5", msg=SAID),
        _json(rows=SAID),
    ),
    "graphql": Kind(
        _graphql,
        lambda base: {"env:INVENTED_BASE": base},
        "application/json",
        _data,
        lambda depth: _data([]).replace('"nodes"', f'"x": {"[" * depth}{"]" * depth}, "nodes"'),
        _data([], errors=[{"message": SAID, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]),
        _data(SAID),
    ),
    "soap": Kind(
        _soap,
        lambda base: {"env:ENDPOINT": base},
        "text/xml",
        lambda rows: found(*map(_elements, rows)),
        lambda depth: found(beside="<x>" * depth + "</x>" * depth),
        enveloped(f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{SAID}</faultstring></s:Fault>"),
        enveloped(f'<r:findResponse xmlns:r="urn:invented:permits">{SAID}</r:findResponse>'),
    ),
    "peer": Kind(
        _peer,
        another_gateway.settings,
        "application/json",
        lambda rows: _told([_node(each) for each in rows]),
        lambda depth: _told([]).replace('"nodes"', f'"x": {"[" * depth}{"]" * depth}, "nodes"'),
        _told([], data=None, errors=[{"message": SAID, "extensions": {"code": "INTERNAL"}}]),
        _told(SAID),
        another_gateway.with_tokens,
    ),
}


# -- faults of the wire: what is written, and the error that it is


async def slowly(whole: bytes, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """An honest answer, after the caller's patience."""
    await asyncio.sleep(2)
    writer.write(whole)


PIECE = b"0" * (64 << 10)
BOMB = gzip.compress(b"0" * (100 << 20), 9)
WIRE: dict[str, tuple[Behaviour, str]] = {
    "reset": (reset, "Unavailable"),
    "no answer": (hang, "TimedOut"),
    "drips in the head": (dripping(HEAD + b"X: ", b"y"), "TimedOut"),
    "drips in the body": (dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b" "), "TimedOut"),
    "slow": (partial(slowly, raw(b"{}")), "TimedOut"),
    "429 with Retry-After": (always(raw(SAID.encode(), "429 Busy", extra="Retry-After: 7\r\n")), "RateLimited"),
    "503 with Retry-After": (always(raw(SAID.encode(), "503 Busy", extra="Retry-After: 7\r\n")), "Unavailable"),
    "500 with a text": (always(raw(SAID.encode(), "500 Oh", "text/plain")), "Unavailable"),
    "502 of a proxy": (always(raw(f"<html>{SAID}</html>".encode(), "502 Bad Gateway", "text/html")), "Unavailable"),
    "401": (always(raw(SAID.encode(), "401 Who")), "AuthFailed"),
    "403": (always(raw(SAID.encode(), "403 No")), "Denied"),
    "an empty answer": (always(raw(b"")), "Unavailable"),
    "an empty connection": (then_close(b""), "Unavailable"),
    "half a body": (then_close(HEAD + b"Content-Length: 999\r\n\r\n" + SAID.encode()), "Unavailable"),
    "half a chunk": (then_close(CHUNKED + b"ff\r\n" + SAID.encode()), "Unavailable"),
    "a length that is too short": (always(HEAD + b"Content-Length: 3\r\n\r\n{}" + SAID.encode()), "Unavailable"),
    "two lengths": (always(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), "Unavailable"),
    "a length beside chunks": (
        always(HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        "Unavailable",
    ),
    "no HTTP": (always(SAID.encode() + b"\r\n\r\n"), "Unavailable"),
    "a redirect": (
        always(raw(b"", "302 Found", extra="Location: http://127.0.0.1:1/upstream-words\r\n")),
        "Unavailable",
    ),
    "a redirect to itself": (always(raw(b"", "307 Again", extra="Location: /\r\n")), "Unavailable"),
    "a page with 200": (always(raw(f"<html>{SAID}</html>".encode(), content_type="text/html")), "Unavailable"),
    "a page in disguise": (always(raw(f"\n<!DOCTYPE html><html>{SAID}</html>".encode())), "Unavailable"),
    "a head without end": (endlessly(HEAD + b"X: ", PIECE), "Unavailable"),
    "chunks without end": (endlessly(CHUNKED, b"10000\r\n" + PIECE + b"\r\n"), "ContractBroken"),
    "a hundred megabytes": (endlessly(HEAD + b"Content-Length: 104857600\r\n\r\n", PIECE), "ContractBroken"),
    "a gzip bomb": (always(raw(BOMB, extra="Content-Encoding: gzip\r\n")), "ContractBroken"),
    "a gzip bomb below chunks": (
        always(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
        "ContractBroken",
    ),
    "a switch of protocols": (always(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "Unavailable"),
}


# -- faults inside an answer


def row(number: int = 1, code: str = FIRM, **more: str) -> Written:
    return {"id": str(number), "code": code, "state": "1", "holder": "虚构公司", **more}


XXE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ENTITIES = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "{SAID}">{LAUGHS}]><a>&l9;</a>'
HONEST = "1 row: 虚构公司"
CANNOT = "cannot be said"  # in the words of a kind


def _without_state(kind: Kind) -> str:
    return kind.rows([{name: value for name, value in row().items() if name != "state"}])


# what is written, and what it is; by kind where one differs from all others ("")
CONTENT: dict[str, tuple[Callable[[Kind], str | bytes], str | dict[str, str]]] = {
    "an honest answer": (lambda kind: kind.rows([row()]), HONEST),
    "an error inside a 200": (lambda kind: kind.error, "Unavailable"),
    "rows that are no rows": (lambda kind: kind.other, {"peer": "Unavailable", "": "ContractBroken"}),
    "bytes that are no text": (
        lambda kind: kind.rows([row(holder="HOLDER")]).encode().replace(b"HOLDER", b"\xff\xfe\x80"),
        "Unavailable",
    ),
    "NaN": (lambda kind: kind.rows([row(fine="7")]).replace('"7"', "NaN"), {"soap": HONEST, "": "Unavailable"}),
    "forty levels": (
        lambda kind: kind.deep(40),
        {"peer": "0 rows", "": "ContractBroken"},
    ),  # it skips what it knows not
    "a hundred thousand levels": (lambda kind: kind.deep(100_000), "Unavailable"),
    "another type": (
        lambda kind: kind.rows([row(state="STATE")]).replace('"STATE"', '{"a": 1}').replace("STATE", "<a>1</a>"),
        "0 rows, 1 rejected",
    ),
    "a strange code": (lambda kind: kind.rows([row(state="9")]), "0 rows, 1 rejected"),
    "many strange codes": (lambda kind: kind.rows([row(n, state="9") for n in range(9)]), "ContractBroken"),
    "a field that is missing": (
        _without_state,
        {"graphql": "ContractBroken", "": "1 row: 虚构公司, state unknown"},
    ),
    "a field too many": (lambda kind: kind.rows([row(phone=SAID)]), HONEST),
    "another subject's row": (lambda kind: kind.rows([row(code=OTHER)]), {"peer": CANNOT, "": "0 rows, 1 dropped"}),
    "a row of nobody": (lambda kind: kind.rows([row(code=SAID)]), {"peer": CANNOT, "": "0 rows, 1 rejected"}),
    "the same row twice": (lambda kind: kind.rows([row(), row()]), "2 rows: 虚构公司, of 1 id"),
    "script and bidirectional signs": (
        lambda kind: kind.rows([row(holder="<script>x</script>\u202e\u2066甲")]),
        "1 row: <script>x</script>甲",
    ),
    "NUL in a text": (
        lambda kind: kind.rows([row(holder="甲NUL乙")]).replace("NUL", "\\u0000" if kind.media[-1] == "n" else "&#0;"),
        {"soap": "Unavailable", "": "1 row: 甲乙"},
    ),
    "NUL in the bytes": (lambda kind: kind.rows([row(holder="甲NUL乙")]).replace("NUL", "\0"), "Unavailable"),
    "more rows than allowed": (
        lambda kind: kind.rows([row(n) for n in range(120)]),
        "100 rows: 虚构公司, truncated",
    ),
    "an external entity": (lambda kind: XXE, {"soap": "ContractBroken", "": "Unavailable"}),
    "a bomb of entities": (lambda kind: ENTITIES, {"soap": "ContractBroken", "": "Unavailable"}),
    "a bomb of entities inside the message": (
        lambda kind: kind.rows([row(holder="HERE")]).replace("HERE", "&l9;"),
        {"soap": "Unavailable", "": "1 row: &l9;"},
    ),
}


def faults(kind: str) -> dict[str, tuple[Behaviour, str]]:
    """Every fault of a kind by name: how a server behaves, and what has to become of it."""
    words, found = KINDS[kind], dict(WIRE)
    first, second = (raw(words.rows([each]).encode(), content_type=words.media) for each in (row(), row(holder=SAID)))
    found["a second answer behind the first"] = always(first + second), HONEST
    for name, (write, expected) in CONTENT.items():
        becomes = expected if isinstance(expected, str) else expected.get(kind, expected[""])
        if becomes == CANNOT:
            continue
        answer = write(words)
        body = answer if isinstance(answer, bytes) else answer.encode()
        found[name] = always(raw(body, content_type=words.media)), becomes
    return {name: (words.beside(behaviour), becomes) for name, (behaviour, becomes) in found.items()}
