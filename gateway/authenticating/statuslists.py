"""Whether a consent was withdrawn: the consent service's status lists, asked for, verified and read.

A list is a signed JWT of the shape of IETF OAuth's Token Status List (`typ` statuslist+jwt; `bits`, and `lst`
compressed with zlib, in base64url). It comes only from an address that the registry knows for that issuer.
Requests that need a list at the same time share one fetch, but only one that began after each of them came: a
withdrawal is known to the very next request. A list is believed again without asking for as long as the
registry and its own `ttl` both allow. What cannot be had, read or verified is no answer, never "not withdrawn".
"""

from __future__ import annotations

import asyncio
import binascii
import logging
import re
import ssl
import time
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from cachetools import LRUCache

from gateway.authenticating.issuers import ConsentIssuer
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.reaching import IssuerUnreachable, fetch, new_client
from gateway.authenticating.signatures import SKEW, TokenRefused, instant, take_apart, text, verify

KIND = "statuslist+jwt"
TIMEOUT = 1.0  # seconds for a whole fetch
MAX_BYTES = 128_000  # of the signed list
MAX_UNPACKED = 1 << 20  # of its bits: eight million consents at one bit each
MAX_LISTS = 64  # remembered
BITS = (1, 2, 4, 8)
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,64}")

_log = logging.getLogger("credit_gateway.authenticating")


class StatusUnknown(Exception):
    """Nobody can say whether the consent was withdrawn. The text is for the operator's log."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """A verified list; `good_for` is seconds from its fetch."""

    packed: bytes
    bits: int
    good_for: float

    def at(self, index: int) -> int:
        """0 is valid, all else is not. Raises StatusUnknown for an index beyond the list."""
        per_byte = 8 // self.bits
        if not 0 <= index < len(self.packed) * per_byte:
            raise StatusUnknown("an index beyond the list")
        return self.packed[index // per_byte] >> (index % per_byte * self.bits) & ((1 << self.bits) - 1)


@dataclass(slots=True)
class _Known:
    began: float = float("-inf")
    found: StatusList | None = None  # None: the fetch that began then failed
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class StatusLists:
    """Lists by address. `clock` is monotonic seconds, `wall` Unix seconds."""

    def __init__(
        self,
        jwks: Jwks,
        *,
        verify: ssl.SSLContext | bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._jwks = jwks
        self._client = new_client(f"application/{KIND}", TIMEOUT, verify)
        self._clock = clock
        self._wall = wall
        self._known: LRUCache[str, _Known] = LRUCache(MAX_LISTS)

    def arrival(self) -> float:
        """The instant to give to `status`: no list that was fetched before it is used, unless it may be kept."""
        return self._clock()

    async def status(self, issuer: ConsentIssuer, address: str, index: int, arrived: float) -> int:
        """0 is valid. Raises StatusUnknown."""
        if not registered(issuer, address):
            raise StatusUnknown("a status list at an address that is not registered")
        known = self._known.setdefault(address, _Known())
        if not _serves(known, issuer, arrived):
            async with known.lock:
                if not _serves(known, issuer, arrived):  # another request may have fetched meanwhile
                    await self._refresh(issuer, address, known)
        if known.found is None:
            raise StatusUnknown("the status list cannot be had")
        return known.found.at(index)

    async def close(self) -> None:
        await self._client.aclose()

    async def _refresh(self, issuer: ConsentIssuer, address: str, known: _Known) -> None:
        """`began` is set at the end only: who comes during a fetch waits for it, and a cancelled fetch was none."""
        began = self._clock()
        found = None
        try:
            async with asyncio.timeout(TIMEOUT):
                raw = await fetch(self._client, address, MAX_BYTES, "status list")
                found = await self._read(raw, issuer, address)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, IssuerUnreachable, TokenRefused) as error:
            _log.warning("status list of %s cannot be had: %s", issuer.issuer, str(error) or type(error).__name__)
        known.began, known.found = began, found

    async def _read(self, raw: bytes, issuer: ConsentIssuer, address: str) -> StatusList:
        opened = take_apart(raw.strip(), KIND, MAX_BYTES)
        await verify(opened, issuer, self._jwks)
        claims, now = opened.claims, self._wall()
        if text(claims, "sub", 512) != address or claims.get("iss", issuer.issuer) != issuer.issuer:
            raise TokenRefused("the list is another one than was asked for")
        issued, ttl = instant(claims, "iat"), instant(claims, "ttl")
        ends = min(issued + ttl, instant(claims, "exp")) if "exp" in claims else issued + ttl
        if issued > now + SKEW or not ends > now - SKEW:
            raise TokenRefused("the list is of another time; are the clocks right?")
        return StatusList(*_unpacked(claims.get("status_list")), good_for=max(ends - now, 0.0))


def registered(issuer: ConsentIssuer, address: str) -> bool:
    """Whether the address is the registered one, or one plain word below the registered folder."""
    if not issuer.status_lists.endswith("/"):
        return address == issuer.status_lists
    below = address.removeprefix(issuer.status_lists)
    return below != address and _SEGMENT.fullmatch(below) is not None


def _serves(known: _Known, issuer: ConsentIssuer, arrived: float) -> bool:
    if known.began >= arrived:
        return True
    return known.found is not None and arrived - known.began < min(issuer.keep_status, known.found.good_for)


def _unpacked(words: Any) -> tuple[bytes, int]:
    bits = words.get("bits") if isinstance(words, Mapping) else None
    packed = words.get("lst") if isinstance(words, Mapping) else None
    if isinstance(bits, bool) or bits not in BITS or not isinstance(packed, str):
        raise TokenRefused("`status_list` is missing or of the wrong shape")
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), MAX_UNPACKED)
    except (binascii.Error, ValueError, zlib.error):
        raise TokenRefused("`lst` cannot be unpacked") from None
    if not inflater.eof:
        raise TokenRefused(f"`lst` is cut short, or larger than {MAX_UNPACKED} bytes")
    return raw, bits
