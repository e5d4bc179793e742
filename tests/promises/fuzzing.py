"""Requests that nobody should send, thousands of them, and what came back: `make fuzz`, and a slice in every test run.

Drawn from what the gateway takes: a good body, document, head or token, in which something is off. All is a function
of the seed. What is asked is a real gateway on a socket; a connection that it closes is opened anew.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from graphql import GraphQLSchema

from gateway.checking import read_policies
from gateway.schema import Face
from tests.promises.trial_documents import Writer, marred

QUESTION = (
    "query Q($id: SubjectKey!, $n: Int) { subject(id: $id) { kind administrativePenalties(first: $n) { complete } } }"
)
PURPOSE = "gov.licensing"
SLOWEST = 2.0  # seconds
TRACES = (b"Traceback", b'File "', b".py", b"site-packages", b"Exception")
MEDIA = (
    "application/json",
    "application/graphql-response+json",
    "*/*",
    "text/html",
    "application/*;q=0.1",
    ";;",
    "\xff",
)
HEADS = {
    "Accept": MEDIA,
    "Accept-Language": ("zh", "en;q=0.1, zh;q=2", "*", "zh-" + "x" * 200, ",,,;q=", "\xe4\xb8\xad"),
    "Authorization": ("Bearer", "bearer  ", "Basic eDp5", "DPoP x", "Bearer a b", "\xff"),
    "Content-Encoding": ("gzip", "", "x"),
    "Content-Type": (*MEDIA, "application/json; charset=utf-7", "application/json;" * 9),
    "Cookie": ("a=" + "b" * 2_000,),
    "Credit-Purpose": ("gov.licensing", "gov.*", "", "a" * 5_000, "gov.licensing, gov.procurement", "\xff", "court.x"),
    "Origin": ("null",),
    "Prefer": ("handling=strict", "handling=" * 99, '"', ";;"),
    "Sec-Fetch-Site": ("cross-site",),
    "Traceparent": ("00-0-0-0",),
    "X-" + "y" * 200: ("z" * 500,),
    "X-Forwarded-For": ("127.0.0.1",),
}
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e308, "", "\ud800", "\x00", "﻿", "é" * 300, [], {}, [[]], {"": {}}, [None] * 50,
)  # fmt: skip
JUNK = (b"\x00", b"\xff", b"{", b"}", b"[[", b'"', b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"//", b"\r\n", b"null")

Head = list[tuple[str, str]]
Sent = tuple[Head, bytes]


@dataclass(slots=True)
class Findings:
    """What came of the requests; `wrong` should stay empty, and `slow` where time is looked at."""

    statuses: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def judge(self, kind: str, status: int, body: bytes, took: float) -> None:
        self.statuses[f"{kind} {status}"] += 1
        self.slowest = max(self.slowest, took)
        incomplete = status == 503 and b'"INCOMPLETE"' in body  # what a strict question is told of a late platform
        if status >= 500 and not incomplete:
            self.wrong.append(f"{kind}: {status}")
        if took > SLOWEST and status >= 400 and not incomplete:  # an answer may take a platform's time
            self.slow.append(f"{kind}: {took:.1f} s for a {status}")
        if status >= 400 and any(trace in body for trace in TRACES):
            self.wrong.append(f"{kind}: a trace in a {status}")


@dataclass(slots=True)
class Drawing:
    """Draws requests. `tokens` are good ones, `keys` are subjects that can be asked."""

    schema: GraphQLSchema
    random: Random
    tokens: Sequence[str]
    keys: Sequence[dict[str, str]]
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = [name for name, kind in self.schema.type_map.items() if hasattr(kind, "fields")][:40]

    def draw(self) -> tuple[str, Sent]:
        """A kind and a request of it."""
        kind = self.random.choices(("body", "structure", "document", "head", "token"), (2, 1, 4, 2, 2))[0]
        makers: dict[str, Callable[[], Sent]] = {
            "body": self._body, "structure": self._structure, "document": self._document, "head": self._head,
            "token": self._token,
        }  # fmt: skip
        return kind, makers[kind]()

    def _good(self) -> dict[str, Any]:
        return {"query": QUESTION, "variables": {"id": self.random.choice(self.keys), "n": 3}, "operationName": "Q"}

    def _signed(self) -> Head:
        if self.random.random() < 0.3:
            return []
        signed = [("Authorization", f"Bearer {self.random.choice(self.tokens)}")]
        return [*signed, ("Credit-Purpose", PURPOSE)] if self.random.random() < 0.8 else signed

    def _body(self) -> Sent:
        raw = bytearray(json.dumps(self._good()).encode())
        for _ in range(self.random.randint(1, 6)):
            start = self.random.randrange(len(raw) + 1)
            end = start + self.random.randrange(12)
            dice = self.random.randrange(5)
            if dice == 0:
                raw[start:end] = b""
            elif dice == 1:
                raw[start:start] = raw[start:end] * self.random.choice((1, 2, 100))
            elif dice == 2:
                raw[start:start] = self.random.choice(JUNK) * self.random.choice((1, 1, 50))
            else:
                raw[start:end] = self.random.randbytes(end - start)
        return self._signed(), bytes(raw)

    def _structure(self) -> Sent:
        """Valid JSON, with something strange at some place of it."""
        asked: Any = self._good() | {"extensions": {"consents": ["x"], "evidence": {"operator": "甲"}}}
        asked["extensions"]["persistedQuery"] = {"version": 1, "sha256Hash": sha256(QUESTION.encode()).hexdigest()}
        place = asked
        while True:
            key = self.random.choice(list(place) if isinstance(place, dict) else range(len(place)))
            inner = place[key]
            if isinstance(inner, dict | list) and inner and self.random.random() < 0.7:
                place = inner
                continue
            place[key] = deepcopy(self.random.choice(STRANGE))
            return self._signed(), json.dumps(asked).encode()

    def _document(self) -> Sent:
        draft = Writer(self.schema, self.random, wrong=self.random.choice((0.0, 0.0, 0.02, 0.2))).draw()
        text = marred(draft.text, self.random, self.names) if self.random.random() < 0.4 else draft.text
        return self._signed(), json.dumps({"query": text, "variables": draft.variables}, default=str).encode()

    def _head(self) -> Sent:
        names = self.random.sample(sorted(HEADS), self.random.randint(1, 4))
        head = [(name, self.random.choice(HEADS[name])) for name in names]
        return [*self._signed(), *head], json.dumps(self._good()).encode()

    def _token(self) -> Sent:
        parts = self.random.choice(self.tokens).split(".")
        dice, random = self.random.randrange(6), self.random
        which = random.randrange(len(parts))
        if dice == 0:
            place = random.randrange(len(parts[which]))
            parts[which] = parts[which][:place] + random.choice("AQz_-=. \x7f") + parts[which][place + 1 :]
        elif dice == 1:
            del parts[which]
        elif dice == 2:
            parts.insert(which, random.choice(("", "e30", "x" * 9_000)))
        elif len(parts) == 3:
            which = random.randrange(2)
            claims = json.loads(base64.urlsafe_b64decode(parts[which] + "=="))
            claims[random.choice([*claims, "crit", "jwk", "jku", "cnf"])] = random.choice([*STRANGE, "none", "HS256"])
            parts[which] = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return [("Authorization", "Bearer " + ".".join(parts))], json.dumps(self._good()).encode()


def schema_of(home: Path) -> GraphQLSchema:
    return Face(read_policies(home / "policies").catalogue).graphql


async def send(host: str, port: int, requests: Sequence[tuple[str, Sent]], found: Findings) -> None:
    """Send these one after the other over one connection, opened anew whenever the gateway hangs up."""
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    for kind, (head, body) in requests:
        lines = ["POST /graphql HTTP/1.1", "Host: gateway", f"Content-Length: {len(body)}"]
        if not any(name == "Content-Type" for name, _ in head):
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in head]
        raw = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body
        start = time.monotonic()
        status, answer, goes_on = 0, b"", False
        for _ in range(2):  # a connection that was closed between two requests is no answer
            if reader is None or writer is None:
                reader, writer = await asyncio.open_connection(host, port)
            try:
                async with asyncio.timeout(30):
                    writer.write(raw)
                    await writer.drain()
                    status, answer, goes_on = await _answer(reader)
                break
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.close()
                reader = writer = None
        found.judge(kind, status, answer, time.monotonic() - start)
        if status == 0:
            found.wrong.append(f"{kind}: hung up on without a word")
        if not goes_on and writer is not None:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), None)
    body = await (reader.readexactly(length) if length is not None else reader.read())
    return int(head.split(" ", 2)[1]), body, length is not None and "connection: close" not in head
