"""The public keys of the issuers, fetched from the address in the registry and kept for a bounded time.

Keys are fresh for five minutes. When an issuer is down, its last keys serve for up to an hour after they
were fetched, then nobody of that issuer is believed. An unknown key id is looked for again at most once in
30 seconds, so that made-up ids cannot turn the gateway against an issuer. Requests that need the same
fetch wait for one. A fetch follows no redirect, reads no proxy settings, and stops at a size and a time.
Symmetric, private, encryption and weak RSA keys are never taken from a key set.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from gateway.authenticating.issuers import Issuer
from gateway.authenticating.reaching import IssuerUnreachable, fetch, new_client

FRESH = 300.0  # seconds
STALE = 3600.0
RETRY = 30.0  # between fetches for unknown ids, or after a fetch that failed
FIRST_RETRY = 5.0  # the same, while there was no key set yet: gateway and issuer may start together
TIMEOUT = 3.0  # for a whole fetch
MAX_BYTES = 1 << 16
MAX_KEYS = 64
MIN_RSA_BITS = 2048

PublicKey = ECKey | OKPKey | RSAKey

_log = logging.getLogger("credit_gateway.authenticating")


@dataclass(slots=True)
class _Known:
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    fetched: float | None = None
    tried: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Jwks:
    """Key sets by address. `verify` is the trust for TLS as httpx2 takes it; `clock` is monotonic seconds."""

    def __init__(self, *, verify: ssl.SSLContext | bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = new_client("application/jwk-set+json, application/json", TIMEOUT, verify)
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def key(self, issuer: Issuer, kid: str) -> PublicKey | None:
        """The issuer's key of that id, None when it has none. Raises IssuerUnreachable."""
        known = self._known.setdefault(issuer.jwks, _Known())
        if self._due(known, kid):
            async with known.lock:
                if self._due(known, kid):  # another request may have fetched meanwhile
                    await self._refresh(issuer, known)
        if known.fetched is None or self._clock() - known.fetched > STALE:
            raise IssuerUnreachable("no key set for more than the bounded time")
        return known.keys.get(kid)

    async def close(self) -> None:
        await self._client.aclose()

    def _due(self, known: _Known, kid: str) -> bool:
        now = self._clock()
        fresh = known.fetched is not None and now - known.fetched <= FRESH
        if fresh and kid in known.keys:
            return False
        wait = RETRY if known.fetched is not None else FIRST_RETRY
        return known.tried is None or now - known.tried >= wait

    async def _refresh(self, issuer: Issuer, known: _Known) -> None:
        """`tried` is set at the end only: who comes during a fetch waits for it, and a cancelled fetch was none."""
        began = self._clock()
        try:
            async with asyncio.timeout(TIMEOUT):
                keys = _read(await fetch(self._client, issuer.jwks, MAX_BYTES, "key set"))
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, IssuerUnreachable) as error:
            _log.warning("keys of issuer %s not fetched: %s", issuer.issuer, str(error) or type(error).__name__)
        else:
            known.keys, known.fetched = keys, began
        known.tried = began


def _read(raw: bytes) -> dict[str, PublicKey]:
    """Signing keys by id; entries of other kinds are passed over (RFC 7517, 5). Raises IssuerUnreachable."""
    try:
        entries = orjson.loads(raw)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        entries = None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise IssuerUnreachable("not a key set (RFC 7517)")
    keys: dict[str, PublicKey] = {}
    for entry in entries:
        key = _public_key(entry)
        if key is not None and key.kid:
            keys.setdefault(key.kid, key)
    if not keys:
        raise IssuerUnreachable("the key set has no usable signing key")
    return keys


def _public_key(entry: Any) -> PublicKey | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(entry)
        if key.is_private or not isinstance(key, ECKey | OKPKey | RSAKey):
            return None  # a private key that was published is anybody's key
        if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key
