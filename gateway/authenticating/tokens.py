"""JWT access tokens (RFC 9068), checked to this gateway's profile; nothing of a token is believed before.

Signatures are joserfc's work; what is written here is what must stand around them: the type `at+jwt`, a
closed list of header words (so no `jku`, `x5u`, `jwk`, `x5c` or `crit` can bring a key along), the issuer
named by the registry, the key by `kid` from that issuer's own set, the algorithm from that issuer's list,
and every claim with its type. A token bound to a key (`cnf`, RFC 9449 and RFC 8705) is refused as a plain
Bearer token. The caller of a bad token learns nothing but INVALID_TOKEN; why stays in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact, validate_compact

from gateway.authenticating.clients import Client, Clients, Issuer, present_name
from gateway.authenticating.jwks import Jwks

MAX_TOKEN = 8192  # bytes
SKEW = 30.0  # seconds
_TYPES = {"at+jwt", "application/at+jwt"}
_HEADER_WORDS = {"alg", "typ", "kid", "x5t", "x5t#S256"}  # thumbprints name a key, they do not bring one
_KID = re.compile(r"[\x21-\x7e]{1,128}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749, 3.3


class TokenRefused(Exception):
    """The token is not believed. The text is for the operator's log; it holds no part of the token."""


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token: its registered client and the claims that the profile reads. Times are Unix seconds."""

    client: Client
    id: str
    subject: str
    expires: float
    scopes: frozenset[str]
    claims: Mapping[str, Any]


class _Algorithms(JWSRegistry):
    def get_alg(self, name: str) -> Any:
        return super().get_alg(present_name(name))


async def check(raw: bytes, clients: Clients, jwks: Jwks, audience: str, now: float) -> Token:
    """Verify one access token. `audience` is this gateway's resource identifier; raises TokenRefused."""
    if len(raw) > MAX_TOKEN:
        raise TokenRefused(f"larger than {MAX_TOKEN} bytes")
    try:
        signed = extract_compact(raw)
        header, claims = signed.protected, orjson.loads(signed.payload)
    except (JoseError, ValueError, TypeError, AttributeError):
        raise TokenRefused("not a signed JWT") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenRefused("not a signed JWT")
    kid = _kid(header)
    issuer = clients.issuers.get(_text(claims, "iss", 512))
    if issuer is None:
        raise TokenRefused("the issuer is not registered")
    algorithm = present_name(header["alg"])
    if algorithm not in issuer.algorithms:
        raise TokenRefused("the algorithm is not one of this issuer's")
    key = await jwks.key(issuer, kid)
    if key is None:
        raise TokenRefused(f"issuer {issuer.issuer} has no key of this id")
    if present_name(key.alg or algorithm) != algorithm:
        raise TokenRefused("the key is for another algorithm")
    try:
        genuine = validate_compact(signed, key, registry=_Algorithms(algorithms=issuer.algorithms))
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(f"the signature cannot be checked: {type(error).__name__}") from None
    if not genuine:
        raise TokenRefused("the signature does not fit")
    return _read(claims, issuer, clients, audience, now)


def _kid(header: Mapping[str, Any]) -> str:
    if header.keys() - _HEADER_WORDS:
        raise TokenRefused("a header word outside the profile")
    kind, kid = header.get("typ"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused("not an access token (`typ` is not at+jwt)")
    if not isinstance(header.get("alg"), str):
        raise TokenRefused("no algorithm")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise TokenRefused("no usable key id")
    return kid


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
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if expires <= now - SKEW:
        raise TokenRefused("expired")
    if issued > now + SKEW or ("nbf" in claims and _instant(claims, "nbf") > now + SKEW):
        raise TokenRefused("not valid yet; are the clocks right?")
    if not 0 < expires - issued <= issuer.max_lifetime:
        raise TokenRefused(f"lives longer than the {issuer.max_lifetime:.0f} s of this issuer")
    client = clients.find(issuer.issuer, _text(claims, "client_id"))
    if client is None:
        raise TokenRefused("the client is not registered with this issuer")
    scope = claims.get("scope", "")
    if not isinstance(scope, str) or (scope and not _SCOPE.fullmatch(scope)):
        raise TokenRefused("`scope` is not a list of words in one text")
    return Token(
        client=client,
        id=_text(claims, "jti"),
        subject=_text(claims, "sub"),
        expires=expires,
        scopes=frozenset(scope.split()),
        claims=claims,
    )


def _text(claims: Mapping[str, Any], name: str, limit: int = 256) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise TokenRefused(f"`{name}` is missing or of the wrong type")
    return value


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"`{name}` is missing or of the wrong type")
    return float(value)
