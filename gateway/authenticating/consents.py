"""Consents that travel with a question: verified here, matched to subjects and record types in `deciding`.

A consent is a JWS (`typ` credit-consent+jwt) of a consent issuer of the registry: `aud` the one client that it is
given to, `sub` a salted digest of the subject's key, `salt`, `purpose`, `types`, `nbf`, `exp`, `jti`, and where its
status stands. A bad consent is no error: it opens nothing, and its state says why. Whose it is, is never said. In
doubt, also when the service cannot be reached, it is not verified. Nothing of a consent outlives its request.
"""

from __future__ import annotations

import asyncio
import binascii
import logging
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gateway.authenticating.issuers import ConsentIssuer
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.reaching import IssuerUnreachable
from gateway.authenticating.signatures import SKEW, Misshapen, TokenRefused, instant, take_apart, text, verify
from gateway.authenticating.statuslists import StatusLists, StatusUnknown
from gateway.errors import GatewayError
from gateway.model import Consent, GivenConsent
from policies.model import Words

KIND = "credit-consent+jwt"
HEADER = "Credit-Consent"
MAX_CONSENT = 4096  # bytes
MAX_TYPES = 64
MIN_SALT, MAX_SALT = 16, 64  # bytes
_ID = re.compile(r"[\x21-\x7e]{1,128}")

_log = logging.getLogger("credit_gateway.authenticating")


@dataclass(frozen=True, slots=True)
class _Read:
    """A genuine consent with its well-formed claims; whether it holds now is not said yet."""

    consent: Consent
    issuer: ConsentIssuer
    grantee: str
    since: float
    list: str
    index: int


class Consents:
    """Knows the consent issuers. `most` consents are taken in one request; all that is asked of issuers for them
    takes at most `within` seconds. `clock` is Unix seconds."""

    def __init__(
        self,
        issuers: Mapping[str, ConsentIssuer],
        jwks: Jwks,
        lists: StatusLists,
        *,
        most: int,
        within: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuers = issuers
        self._jwks = jwks
        self._lists = lists
        self._most = most
        self._within = within
        self._clock = clock

    def use(self, issuers: Mapping[str, ConsentIssuer]) -> None:
        """From now on these are the consent issuers."""
        self._issuers = issuers

    def given(self, header: bytes | None, extensions: Mapping[str, Any]) -> list[bytes]:
        """The consents of a request, the header's first. Raises GatewayError MALFORMED_REQUEST, LIMIT_EXCEEDED."""
        listed = extensions.get("consents")
        if listed is None:
            listed = []
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            texts = Words("`extensions.consents` 应为文本的列表", "`extensions.consents` is a list of texts")
            raise GatewayError("MALFORMED_REQUEST", detail=texts)
        if len(listed) > self._most:
            many = Words(f"授权多于 {self._most} 份", f"more than {self._most} consents")
            raise GatewayError("LIMIT_EXCEEDED", detail=many)
        return [*([header] if header is not None else []), *(item.encode("utf-8", "replace") for item in listed)]

    async def check(self, given: Sequence[bytes], grantee: str) -> tuple[tuple[Consent, ...], tuple[GivenConsent, ...]]:
        """The verified consents to this client, by its id, and what became of each one in the order given. Raises
        nothing."""
        verified: dict[int, Consent] = {}
        states = [GivenConsent(None, "NOT_VERIFIED")] * len(given)
        reasons: set[str] = set()
        now, arrived = self._clock(), self._lists.arrival()

        async def check(place: int) -> None:
            states[place], consent = await self._check(given[place], grantee, now, arrived, reasons)
            if consent is not None:
                verified[place] = consent

        try:
            async with asyncio.timeout(self._within), asyncio.TaskGroup() as tasks:
                for place in range(len(given)):
                    tasks.create_task(check(place))
        except TimeoutError:
            reasons.add(f"not all within {self._within:.1f} s")
        if reasons:
            _log.info("consents of %s not verified: %s", grantee, "; ".join(sorted(reasons)))
        return tuple(verified[place] for place in sorted(verified)), tuple(states)

    async def _check(
        self, raw: bytes, grantee: str, now: float, arrived: float, reasons: set[str]
    ) -> tuple[GivenConsent, Consent | None]:
        try:
            read = await self._read(raw)
        except Misshapen as error:
            reasons.add(str(error))
            return GivenConsent(None, "MALFORMED"), None
        except (TokenRefused, IssuerUnreachable) as error:
            reasons.add(str(error))
            return GivenConsent(None, "NOT_VERIFIED"), None
        consent = read.consent
        state = "VALID"
        if read.grantee != grantee:
            state = "NOT_FOR_YOU"  # said before all else: how it stands with another's consent is not for this caller
        elif consent.until <= now:
            state = "EXPIRED"
        elif read.since > now + SKEW:
            state = "NOT_YET"
        else:
            try:
                if await self._lists.status(read.issuer, read.list, read.index, arrived) != 0:
                    state = "WITHDRAWN"
            except StatusUnknown as error:
                reasons.add(str(error))
                state = "NOT_VERIFIED"
        return GivenConsent(consent.id, state), consent if state == "VALID" else None

    async def _read(self, raw: bytes) -> _Read:
        """Raises TokenRefused, IssuerUnreachable."""
        opened = take_apart(raw, KIND, MAX_CONSENT)
        claims = opened.claims
        issuer = self._issuers.get(text(claims, "iss", 512))
        if issuer is None:
            raise TokenRefused("the consent issuer is not registered")
        await verify(opened, issuer, self._jwks)
        since, until = instant(claims, "nbf"), instant(claims, "exp")
        if not 0 < until - since <= issuer.max_lifetime:
            raise Misshapen(f"lives longer than the {issuer.max_lifetime:.0f} s of this issuer")
        identifier = text(claims, "jti", 128)
        if not _ID.fullmatch(identifier):
            raise Misshapen("`jti` is not printable ASCII")
        consent = Consent(
            id=identifier,
            issuer=issuer.issuer,
            purpose=text(claims, "purpose"),
            types=_types(claims),
            until=until,
            salt=_bytes(claims, "salt", MIN_SALT, MAX_SALT),
            digest=_bytes(claims, "sub", sha256().digest_size, sha256().digest_size),
            token=raw.decode("ascii"),
        )
        return _Read(consent, issuer, text(claims, "aud"), since, *_status(claims))


def _types(claims: Mapping[str, Any]) -> frozenset[str]:
    value = claims.get("types")
    if not isinstance(value, list) or not 0 < len(value) <= MAX_TYPES:
        raise Misshapen("`types` is missing or of the wrong type")
    if not all(isinstance(item, str) and 0 < len(item) <= 64 for item in value):
        raise Misshapen("`types` holds something else than names")
    return frozenset(value)


def _bytes(claims: Mapping[str, Any], name: str, shortest: int, longest: int) -> bytes:
    """A claim in base64url without padding (RFC 7515, 2). Raises Misshapen."""
    value = text(claims, name)
    try:
        found = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        raise Misshapen(f"`{name}` is not base64url") from None
    if not shortest <= len(found) <= longest:
        raise Misshapen(f"`{name}` has {len(found)} bytes, {shortest} to {longest} are expected")
    return found


def _status(claims: Mapping[str, Any]) -> tuple[str, int]:
    """Where the status stands: a list's address and an index in it (Token Status List, `status_list`)."""
    match claims.get("status"):
        case {"status_list": {"uri": str(address), "idx": int(index)}} if address and not isinstance(index, bool):
            return address, index
    raise Misshapen("`status` is missing or of the wrong shape")
