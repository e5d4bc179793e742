"""JWT access tokens (RFC 9068), checked to this gateway's profile; nothing of a token is believed before.

How a signature is checked stands in `signatures`; here is what an access token must say: every claim with
its type, this gateway as audience, a bounded life, a registered client. A token bound to a key (`cnf`,
RFC 9449 and RFC 8705) is refused as a plain Bearer token. The caller of a bad token learns nothing but
INVALID_TOKEN; why stays in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.authenticating.clients import Client, Clients, Issuer
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.signatures import SKEW, TokenRefused, instant, take_apart, text, verify

KIND = "at+jwt"
MAX_TOKEN = 8192  # bytes
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749, 3.3


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token: its registered client and the claims that the profile reads. Times are Unix seconds."""

    client: Client
    id: str
    subject: str
    expires: float
    scopes: frozenset[str]
    claims: Mapping[str, Any]


async def check(raw: bytes, clients: Clients, jwks: Jwks, audience: str, now: float) -> Token:
    """Verify one access token. `audience` is this gateway's resource identifier; raises TokenRefused."""
    opened = take_apart(raw, KIND, MAX_TOKEN)
    issuer = clients.issuers.get(text(opened.claims, "iss", 512))
    if issuer is None:
        raise TokenRefused("the issuer is not registered")
    await verify(opened, issuer, jwks)
    return _read(opened.claims, issuer, clients, audience, now)


def _read(claims: Mapping[str, Any], issuer: Issuer, clients: Clients, audience: str, now: float) -> Token:
    """The claims of a genuine token, held against the profile and the registry."""
    if "cnf" in claims:
        raise TokenRefused("bound to a key, but presented as Bearer")
    audiences = claims.get("aud")
    if isinstance(audiences, str):
        audiences = [audiences]
    if not isinstance(audiences, list) or not all(isinstance(name, str) for name in audiences):
        raise TokenRefused("`aud` is missing or of the wrong type")
    if audience not in audiences:
        raise TokenRefused("for another audience")
    expires, issued = instant(claims, "exp"), instant(claims, "iat")
    if expires <= now - SKEW:
        raise TokenRefused("expired")
    if issued > now + SKEW or ("nbf" in claims and instant(claims, "nbf") > now + SKEW):
        raise TokenRefused("not valid yet; are the clocks right?")
    if not 0 < expires - issued <= issuer.max_lifetime:
        raise TokenRefused(f"lives longer than the {issuer.max_lifetime:.0f} s of this issuer")
    client = clients.find(issuer.issuer, text(claims, "client_id"))
    if client is None:
        raise TokenRefused("the client is not registered with this issuer")
    scope = claims.get("scope", "")
    if not isinstance(scope, str) or (scope and not _SCOPE.fullmatch(scope)):
        raise TokenRefused("`scope` is not a list of words in one text")
    return Token(
        client=client,
        id=text(claims, "jti"),
        subject=text(claims, "sub"),
        expires=expires,
        scopes=frozenset(scope.split()),
        claims=claims,
    )
