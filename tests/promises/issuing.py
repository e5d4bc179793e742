"""An issuer on a real socket, and the gateway's door before it: registry, key cache, authenticator, movable clocks.

Shared by the tests of who is believed. Keys are made anew in every run.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.authenticating import Authenticator
from gateway.authenticating.clients import Clients
from gateway.authenticating.jwks import Jwks
from gateway.errors import GatewayError
from gateway.model import Caller
from policies.model import Catalogue, Purpose, Words

RESOURCE = "https://gateway.example/graphql"
WORDS = Words("甲", "A")
CATALOGUE = Catalogue(
    version="test",
    kinds={},
    purposes={
        code: Purpose(code, WORDS, evidence)
        for code, evidence in {
            "gov.licensing": (),
            "gov.procurement": (),
            "court.execution": ("operator", "caseNo"),
            "subject.access": (),
        }.items()
    },
    client_classes=dict.fromkeys(("government", "court", "subject", "public"), WORDS),
    scopes=dict.fromkeys(("credit.gov", "credit.restricted", "credit.self"), WORDS),
    obligations={},
    types={},
    vocabularies={},
    ladders={},
    bands=(),
    provinces={"31": WORDS, "37": WORDS},
)
SIGNING = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
PSS = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "e1", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "k1"})
DEEP = base64.urlsafe_b64encode(b'{"alg":"ES256","typ":' + b"[" * 1400).rstrip(b"=") + b".e30.AAAA"  # a bottomless head


@dataclass
class Issuer:
    """A key set on a real socket; what it says and whether it says anything can be changed under way."""

    keys: list[dict[str, Any]]
    status: str = "200 OK"
    headers: str = ""
    body: bytes | None = None
    mute: bool = False
    asked: int = 0
    server: asyncio.Server | None = None
    address: str = ""
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.mute:
            await self.release.wait()
        body = self.body if self.body is not None else orjson.dumps({"keys": self.keys})
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\n{self.headers}connection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.release.set()
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()


class Door:
    """An authenticator with two issuers, the clients of `clients.yaml` below, and a clock that can be moved."""

    def __init__(self, clients: Clients, home: Issuer, other: Issuer) -> None:
        self.home, self.other = home, other
        self.now, self.monotonic = time.time(), 1000.0
        self.jwks = Jwks(clock=lambda: self.monotonic)
        self.clients = clients
        self.authenticator = self.new_authenticator()

    def new_authenticator(self) -> Authenticator:
        return Authenticator(
            self.clients,
            CATALOGUE,
            RESOURCE,
            self.jwks,
            clock=lambda: self.now,
            monotonic=lambda: self.monotonic,
            **self.options(),
        )

    def options(self) -> dict[str, Any]:
        """What else the authenticator is given."""
        return {}

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": self.home.address,
            "aud": RESOURCE,
            "exp": int(self.now) + 600,
            "iat": int(self.now),
            "sub": "officer-7",
            "client_id": "market-bureau",
            "jti": "t-1",
            "scope": "credit.gov purpose:gov.licensing",
        }
        claims |= changes
        return {name: value for name, value in claims.items() if value is not None}

    async def ask(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> Caller:
        return await self.authenticator.authenticate(
            [(b"authorization", b"Bearer " + token.encode()), *more], extensions
        )

    async def refusal(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> GatewayError:
        """The refusal, after it was seen to say nothing of why."""
        with pytest.raises(GatewayError) as caught:
            await self.ask(token, *more, **extensions)
        if caught.value.code == "INVALID_TOKEN":
            assert caught.value.words() == "the access token is not valid here"
            assert caught.value.cause
            assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]
        return caught.value

    async def code(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> str:
        return (await self.refusal(token, *more, **extensions)).code


REGISTRY = """\
issuers:
  - {issuer: "HOME", jwks: "HOME/jwks.json"}
  - {issuer: "OTHER", jwks: "OTHER/jwks.json", algorithms: [ES256], maxLifetime: 10m}
clients:
  market-bureau-31:
    issuer: "HOME"
    clientId: market-bureau
    class: government
    region: "310000"
    title: {zh: 市场监管局, en: Market bureau}
    scopes: [credit.gov]
    purposes: [gov.licensing, gov.procurement]
  court-37:
    issuer: "HOME"
    clientId: court
    class: court
    region: "370000"
    title: {zh: 法院, en: Court}
    scopes: [credit.restricted]
    purposes: [court.execution]
  citizens-app:
    issuer: "HOME"
    clientId: app
    class: subject
    title: {zh: 本人查询, en: Own record}
    scopes: [credit.self]
    purposes: [subject.access]
    subjectClaim: true
  other-bureau:
    issuer: "OTHER"
    clientId: other
    class: government
    region: "370000"
    title: {zh: 外省, en: Other}
"""


def signed(claims: Mapping[str, Any] | bytes, key: Any = SIGNING, alg: str = "ES256", **header: Any) -> str:
    words = {"alg": alg, "typ": "at+jwt", "kid": "k1", **header}
    payload = claims if isinstance(claims, bytes) else orjson.dumps(claims)
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact({k: v for k, v in words.items() if v is not None}, payload, key, registry=registry)


def raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def by_hand(header: dict[str, Any], door: Door, key: ECKey) -> str:
    """A genuine ES256 signature over a header that a library would not sign."""
    part = raw(header, door.claims()).rsplit(".", 1)[0]
    signature = jws.JWSRegistry.algorithms["ES256"].sign(part.encode(), key)
    return part + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
