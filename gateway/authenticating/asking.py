"""Asking an issuer about a token: introspection (RFC 7662), for tokens that cannot be read and for revocations.

A token goes to its own issuer and to nobody else, over a connection of its own: no other answer can be taken for
its answer. What is asked at the same time is asked once. An answer, good or bad, is believed for the seconds that
the registry names, five at most, counted from before the question left: so long does a revoked token still pass.
What cannot be had in time is no answer: nobody is believed by default. Unknown tokens wait in a line of their own,
so that a flood of them holds up no token that was good a moment ago.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import httpx2
import orjson
from cachetools import LRUCache
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from gateway.authenticating.issuers import Introspection, TokenIssuer, present_name
from gateway.authenticating.reaching import IssuerUnreachable, fetch, new_client
from gateway.authenticating.signatures import Algorithms

TIMEOUT = 2.0  # seconds for a whole question, waiting for a place in line included
AT_ONCE = 16  # questions to one issuer, in each of the two lines
MAX_BYTES = 1 << 16
REMEMBERED = 20_000  # answers
ASSERTED_FOR = 60  # seconds that a client assertion lives

_log = logging.getLogger("credit_gateway.authenticating")


class SecretError(ValueError):
    """A secret of the registry cannot be used; the message names its reference, never what it holds."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an issuer says of a token: its claims, None when it is not active; `until` is monotonic seconds."""

    claims: Mapping[str, Any] | None
    until: float


class Introspector:
    """Asks as the client that each issuer knows this gateway by. `resolve` turns a reference into its secret and is
    called here, once; raises SecretError. `clock` is monotonic seconds, `wall` Unix seconds."""

    def __init__(
        self,
        issuers: Mapping[str, TokenIssuer],
        resolve: Callable[[str], str],
        *,
        verify: ssl.SSLContext | bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._client = new_client("application/json", TIMEOUT, verify, reuse=False)
        self._clock = clock
        self._credentials = {
            name: _Credentials(name, issuer.introspection, _resolved(issuer.introspection, resolve), wall)
            for name, issuer in issuers.items()
            if issuer.introspection is not None
        }
        self._lines = {name: (asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)) for name in self._credentials}
        self._told: LRUCache[tuple[str, bytes], Told] = LRUCache(REMEMBERED)
        self._active: LRUCache[tuple[str, bytes], None] = LRUCache(REMEMBERED)  # who was good when last asked about
        self._asking: dict[tuple[str, bytes], asyncio.Task[Told]] = {}

    async def ask(self, issuer: TokenIssuer, token: bytes) -> Told:
        """Raises IssuerUnreachable."""
        key = issuer.issuer, sha256(token).digest()
        told = self._told.get(key)
        if told is not None and self._clock() < told.until:
            return told
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(issuer, token, key))
            task.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(task)  # who leaves does not take the answer away from who waits too

    async def close(self) -> None:
        for task in self._asking.values():
            task.cancel()
        await self._client.aclose()

    def _asked(self, key: tuple[str, bytes], task: asyncio.Task[Told]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # whoever waited has it; when nobody waited any more, it is no news

    async def _ask(self, issuer: TokenIssuer, token: bytes, key: tuple[str, bytes]) -> Told:
        point = issuer.introspection
        if point is None:
            raise IssuerUnreachable("no introspection is registered")
        try:
            async with asyncio.timeout(TIMEOUT), self._lines[issuer.issuer][key in self._active]:
                began = self._clock()
                form, headers = self._credentials[issuer.issuer].applied(token)
                raw = await fetch(
                    self._client, point.endpoint, MAX_BYTES, "introspection answer", form=form, headers=headers
                )
                told = Told(_claims(raw), began + point.keep)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, IssuerUnreachable) as error:
            reason = str(error) or type(error).__name__
            _log.warning("issuer %s says nothing about a token: %s", issuer.issuer, reason)
            raise IssuerUnreachable(f"introspection: {reason}") from None
        if told.claims is None:
            self._active.pop(key, None)
        else:
            self._active[key] = None
        self._told[key] = told
        return told


class _Credentials:
    """How this gateway shows an issuer who asks (RFC 7523; RFC 6749, 2.3.1)."""

    def __init__(self, issuer: str, point: Introspection, secret: str, wall: Callable[[], float]) -> None:
        self._issuer = issuer
        self._point = point
        self._wall = wall
        self._secret = secret
        self._key = _private_key(secret, point.secret) if point.auth == "private_key_jwt" else None

    def applied(self, token: bytes) -> tuple[dict[str, str], dict[str, str]]:
        """The form and the headers of one question."""
        form = {"token": token.decode("ascii"), "token_type_hint": "access_token"}
        if self._key is None:
            pair = f"{quote_plus(self._point.client_id)}:{quote_plus(self._secret)}"
            return form, {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        form["client_id"] = self._point.client_id
        form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form["client_assertion"] = self._assertion(*self._key)
        return form, {}

    def _assertion(self, key: Key, algorithm: str) -> str:
        now = int(self._wall())
        claims = {
            "iss": self._point.client_id,
            "sub": self._point.client_id,
            "aud": self._issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + ASSERTED_FOR,
        }
        header = {"typ": "JWT", "alg": algorithm, "kid": key.kid or key.thumbprint()}
        registry = Algorithms(algorithms=[algorithm, present_name(algorithm)])
        return jws.serialize_compact(header, orjson.dumps(claims), key, registry=registry)


def _resolved(point: Introspection, resolve: Callable[[str], str]) -> str:
    try:
        return resolve(point.secret)
    except ValueError as error:
        raise SecretError(f"clients.yaml: {error}") from None


def _private_key(secret: str, reference: str) -> tuple[Key, str]:
    """A private key as JWK or PEM, and the algorithm that it signs with. Raises SecretError."""
    for kind, algorithm in ((ECKey, "ES256"), (OKPKey, "EdDSA"), (RSAKey, "PS256")):
        try:
            key: Key = JWKRegistry.import_key(orjson.loads(secret)) if secret[:1] == "{" else kind.import_key(secret)
            if isinstance(key, kind) and key.is_private and getattr(key, "curve_name", "") in {"", "P-256", "Ed25519"}:
                return key, algorithm
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    raise SecretError(f"clients.yaml: `{reference}` holds no private key: P-256, Ed25519 or RSA, as JWK or PEM")


def _claims(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("active"), bool):
        raise IssuerUnreachable("the answer does not say whether the token is active (RFC 7662, 2.2)")
    return found if found["active"] else None
