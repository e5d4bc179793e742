"""A consent service on a real socket whose keys, lists and manners a test can change, and the door before it.

Beside it, consents as the profile wants them, to be changed by a word or two. Keys are made anew in every run.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc.jwk import ECKey

from connectors.contract import SubjectKey
from gateway.authenticating.clients import Client
from gateway.authenticating.consents import Consents
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.statuslists import StatusLists
from gateway.model import Consent, GivenConsent
from policies.model import Words
from tests.promises.issuing import signed

KEY = ECKey.generate_key("P-256", {"kid": "c1", "alg": "ES256", "use": "sig"})
FORGED = ECKey.generate_key("P-256", {"kid": "c1"})
SALT = b"sixteen bytes!!!"
FIRM = SubjectKey("uscc", "91370000INVENTED1A")
CLIENT = Client("bank", "https://id.example", "bank", "licensedFinancial", "370000", Words("银行", "Bank"),
                frozenset(), frozenset(), False)  # fmt: skip


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest(key: SubjectKey, salt: bytes = SALT) -> str:
    return base64url(hashlib.sha256(salt + f"{key.kind}:{key.value}".encode()).digest())


@dataclass
class Desk:
    """`/jwks.json` and every other path a status list. `withdrawn` are indexes; `body` says something else instead."""

    withdrawn: set[int] = field(default_factory=set)
    body: bytes | None = None
    status: str = "200 OK"
    size: int = 64  # consents in the list
    bits: int = 1
    changes: dict[str, Any] = field(default_factory=dict)  # claims of the list
    key: ECKey = field(default_factory=lambda: KEY)
    address: str = ""
    asked: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None  # lists are answered when it is set; what they say is settled before
    server: asyncio.Server | None = None

    async def open(self) -> None:
        port = int(self.address.rpartition(":")[2]) if self.address else 0
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        self.address = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        if self.hold is not None:
            self.hold.set()
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    @property
    def lists_asked(self) -> int:
        return len([path for path in self.asked if path.startswith("/status")])

    def status_list(self, path: str = "/status/1") -> bytes:
        per_byte = 8 // self.bits
        bits = bytearray(-(-self.size // per_byte))
        for index in self.withdrawn:
            bits[index // per_byte] |= 1 << index % per_byte * self.bits
        claims = {
            "sub": self.address + path,
            "iat": int(time.time()),
            "ttl": 300,
            "status_list": {"bits": self.bits, "lst": base64url(zlib.compress(bytes(bits)))},
            **self.changes,
        }
        return signed(claims, self.key, typ="statuslist+jwt", kid="c1").encode()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        self.asked.append(path)
        if path == "/jwks.json":
            body, status = orjson.dumps({"keys": [KEY.as_dict(private=False)]}), "200 OK"
        else:
            body = self.body if self.body is not None else self.status_list(path)
            status = self.status
            if self.hold is not None:
                await self.hold.wait()
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        writer.close()


class Gate:
    """The room that verifies consents, with clocks that can be moved; `service` is the one that it knows."""

    def __init__(self, service: Desk, issuers: Mapping[str, Any], within: float = 5.0) -> None:
        self.service = service
        self.now = time.time()
        self.monotonic: float | None = None  # the monotonic clock, when a test moves it
        self.jwks = Jwks()
        self.lists = StatusLists(self.jwks, clock=self._clock)
        self.consents = Consents(issuers, self.jwks, self.lists, most=200, within=within, clock=lambda: self.now)

    def _clock(self) -> float:
        return time.monotonic() if self.monotonic is None else self.monotonic

    def claims(self, **changes: Any) -> dict[str, Any]:
        """A good consent's claims, changed; None takes a claim away."""
        claims: dict[str, Any] = {
            "iss": self.service.address,
            "aud": CLIENT.id,
            "sub": digest(FIRM),
            "salt": base64url(SALT),
            "purpose": "finance.loan",
            "types": ["Summary"],
            "nbf": int(self.now) - 60,
            "exp": int(self.now) + 86_400,
            "jti": "c-1",
            "status": {"status_list": {"uri": f"{self.service.address}/status/1", "idx": 7}},
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Any = KEY, header: Mapping[str, Any] | None = None, **changes: Any) -> bytes:
        words = {"typ": "credit-consent+jwt", "kid": "c1", **(header or {})}
        return signed(self.claims(**changes), key, **words).encode()

    async def check(self, *tokens: bytes) -> tuple[tuple[Consent, ...], tuple[GivenConsent, ...]]:
        return await self.consents.check(tokens, CLIENT.id)

    async def state(self, token: bytes) -> str:
        """The state of one consent, after it was seen that only a valid one opens anything."""
        verified, [told] = await self.check(token)
        assert len(verified) == (told.state == "VALID")
        return told.state

    async def close(self) -> None:
        await self.lists.close()
        await self.jwks.close()
