"""Access tokens, signed (RFC 9068) or opaque (RFC 7662), checked to one profile; nothing of one is believed before.

How a signature is checked stands in `signatures`, how an issuer is asked in `asking`; here is what an access token
must say: every claim with its type, this gateway as audience, a bounded life, a registered client. To which key it
is bound (`cnf`) is read here and held against its presenter in `binding`. The caller of a bad token learns nothing
but INVALID_TOKEN; why stays in the log.
"""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from gateway.authenticating.asking import Introspector
from gateway.authenticating.clients import Client, Clients
from gateway.authenticating.issuers import Issuer
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.signatures import SKEW, TokenRefused, instant, take_apart, text, verify

KIND = "at+jwt"
DOTS = 2  # of a signed token (RFC 7515, 3.1); a token with fewer or more is one that only its issuer can read
MIN_OPAQUE = 16  # bytes; a shorter one could be guessed
MAX_TOKEN = 8192
IDENTITY = frozenset({"iss", "client_id", "sub", "jti", "cnf", "act"})  # of a signed token, as its issuer may repeat it
ACCESS = frozenset({"bearer", "dpop"})
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749, 3.3


_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url


@dataclass(frozen=True, slots=True)
class Bound:
    """The keys that whoever presents a token must show that they hold: thumbprints in base64url, None where none."""

    jkt: str | None = None  # of the key that signs proofs (RFC 9449, 6.1)
    certificate: str | None = None  # `x5t#S256`, of the client's certificate (RFC 8705, 3.1)


NOT_BOUND = Bound()


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token: its registered client and the claims that the profile reads. Times are Unix seconds."""

    client: Client
    id: str
    subject: str
    expires: float
    scopes: frozenset[str]
    claims: Mapping[str, Any]
    bound: Bound = NOT_BOUND
    known_until: float = math.inf  # monotonic seconds: how long its issuer's answer is believed


async def check(
    raw: bytes, clients: Clients, jwks: Jwks, introspector: Introspector, audience: str, now: float
) -> Token:
    """Verify one access token. `audience` is this gateway's resource identifier.

    Raises TokenRefused, IssuerUnreachable.
    """
    if raw.count(b".") != DOTS:
        return await _opaque(raw, clients, introspector, audience, now)
    opened = take_apart(raw, KIND, MAX_TOKEN)
    issuer = clients.issuers.get(text(opened.claims, "iss", 512))
    if issuer is None:
        raise TokenRefused("the issuer is not registered")
    if not issuer.jwks:
        raise TokenRefused("the issuer has registered no keys")
    await verify(opened, issuer, jwks)
    token = _read(opened.claims, issuer, clients, audience, now)
    if issuer.introspection is None or not issuer.introspection.signed:
        return token
    told = await introspector.ask(issuer, raw)
    if told.claims is None:
        raise TokenRefused("its issuer says that it is not active")
    if any(told.claims[name] != opened.claims.get(name) for name in IDENTITY & told.claims.keys()):
        raise TokenRefused("its issuer says that it is another one's")
    return replace(token, known_until=told.until)


async def _opaque(raw: bytes, clients: Clients, introspector: Introspector, audience: str, now: float) -> Token:
    """A token that only its issuer can read. What RFC 7662 lets an issuer leave out and a record needs is filled in:
    the issuer is the one that was asked, the subject is the client, the id is the token's digest."""
    if not MIN_OPAQUE <= len(raw) <= MAX_TOKEN:
        raise TokenRefused("too short or too long for a token")
    issuer = clients.issuer_of_opaque(raw.decode("ascii"))
    if issuer is None:
        raise TokenRefused("not a signed JWT, and of no issuer that can be asked")
    told = await introspector.ask(issuer, raw)
    if told.claims is None:
        raise TokenRefused("its issuer says that it is not active")
    digest = urlsafe_b64encode(sha256(raw).digest()).decode().rstrip("=")
    claims = {"iss": issuer.issuer, "sub": told.claims.get("client_id"), "jti": digest, **told.claims}
    if claims["iss"] != issuer.issuer:
        raise TokenRefused("its issuer says that it is of another issuer")
    kind = claims.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() not in ACCESS:
        raise TokenRefused("its issuer says that it is no access token")
    token = _read(claims, issuer, clients, audience, now)
    if kind.lower() == "dpop" and token.bound.jkt is None:
        raise TokenRefused("its issuer calls it bound, but names no key")
    return replace(token, known_until=told.until)


def _read(claims: Mapping[str, Any], issuer: Issuer, clients: Clients, audience: str, now: float) -> Token:
    """The claims of a genuine token, held against the profile and the registry."""
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
        bound=_bound(claims),
    )


def _bound(claims: Mapping[str, Any]) -> Bound:
    """`cnf` (RFC 7800) in the two ways that are known here; a binding that cannot be checked opens nothing."""
    if "cnf" not in claims:
        return NOT_BOUND
    cnf = claims["cnf"]
    if not isinstance(cnf, dict) or not cnf or cnf.keys() - {"jkt", "x5t#S256"}:
        raise TokenRefused("bound in a way that is not known here")
    if not all(isinstance(value, str) and _THUMBPRINT.fullmatch(value) for value in cnf.values()):
        raise TokenRefused("bound to what is no thumbprint")
    return Bound(cnf.get("jkt"), cnf.get("x5t#S256"))
