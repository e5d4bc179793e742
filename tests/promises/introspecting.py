"""An issuer that answers questions about its tokens, on a real socket: what it says, and how, can be changed.

`Door` with a registry of its own choice stands before it, as in `issuing`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.authenticating.asking import Introspector
from gateway.authenticating.clients import Clients, load_clients
from gateway.documents import load
from tests.promises import issuing
from tests.promises.issuing import CATALOGUE, Door, Issuer

OPAQUE = "opaque-token-of-some-length"
SECRET = "s3cret:with+signs %"

REGISTRY = """\
issuers:
  - issuer: "HOME"
    jwks: "HOME/jwks.json"
    introspection: {endpoint: "HOME/introspect", clientId: "gate way", auth: AUTH, secret: "secret:issuer"MORE}
  - {issuer: "OTHER", jwks: "OTHER/jwks.json", algorithms: [ES256]OTHERS}
"""


@dataclass
class Introspected(Issuer):
    """`active` are the claims of tokens by their text; all others are not active. `said` is answered instead."""

    active: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: bytes | None = None
    questions: list[dict[str, str]] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    connections: int = 0
    hold: asyncio.Event | None = None  # questions about tokens that are not active are answered when it is set

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        length = int(lines.get("content-length", 0))
        question = dict(parse_qsl((await reader.readexactly(length)).decode()))
        if head.startswith("GET"):
            self.asked += 1
            body = orjson.dumps({"keys": self.keys})
        else:
            self.questions.append(question)
            self.credentials.append(next((x[15:] for x in head.splitlines() if x.lower().startswith("authoriz")), ""))
            claims = self.active.get(question.get("token", ""))
            if self.hold is not None and claims is None:
                await self.hold.wait()
            if self.mute:
                await self.release.wait()
            known = {"active": False} if claims is None else {"active": True, **claims}
            body = self.said if self.said is not None else orjson.dumps(known)
        status = self.status if not head.startswith("GET") else "200 OK"
        told = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{self.headers}"
        writer.write(f"{told}\r\n".encode() + body)
        await writer.drain()
        writer.close()


class IntrospectingDoor(Door):
    """Asks `home` about tokens, as AUTH and MORE of its registry say."""

    home: Introspected

    def __init__(self, clients: Clients, home: Introspected, other: Introspected, secret: str = SECRET) -> None:
        self.secret = secret
        super().__init__(clients, home, other)

    def options(self) -> dict[str, Any]:
        introspector = Introspector(
            self.clients.issuers, self.resolve, clock=lambda: self.monotonic, wall=lambda: self.now
        )
        return {"introspector": introspector}

    def resolve(self, reference: str) -> str:
        if reference != "secret:issuer":
            raise ValueError(f"`{reference}` is not set")
        return self.secret

    def opaque(self, token: str = OPAQUE, **changes: Any) -> str:
        """A token that its issuer calls active; its claims are those of a good signed one, changed."""
        self.home.active[token] = self.claims(**changes)
        return token


def registry(folder: Path, home: Issuer, other: Issuer, auth: str, more: str = "", others: str = "") -> Clients:
    text = REGISTRY + "clients:" + issuing.REGISTRY.partition("clients:")[2]
    text = text.replace("AUTH", auth).replace("MORE", more).replace("OTHERS", others)
    path = folder / "clients.yaml"
    path.write_text(text.replace("HOME", home.address).replace("OTHER", other.address), encoding="utf-8")
    return load_clients(load(path), CATALOGUE)
