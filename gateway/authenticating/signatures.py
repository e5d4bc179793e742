"""Signed JWTs from elsewhere, checked in one way: access tokens, consents and status lists are all read here.

Signatures are joserfc's work; what is written here is what must stand around them: the type named in the
header (`typ`, RFC 8725), a closed list of header words (so no `jku`, `x5u`, `jwk`, `x5c` or `crit` can bring
a key along), the key by `kid` from the registered issuer's own set, the algorithm from that issuer's list.
Nothing of a token is believed before `verify` has returned; no error holds a part of a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from gateway.authenticating.issuers import Issuer, present_name
from gateway.authenticating.jwks import Jwks, PublicKey

SKEW = 30.0  # seconds by which another's clock may be ahead of ours
MOST_TEXT = 256  # characters of a claim
_HEADER_WORDS = {"alg", "typ", "kid", "x5t", "x5t#S256"}  # thumbprints name a key, they do not bring one
_KID = re.compile(r"[\x21-\x7e]{1,128}")


class TokenRefused(Exception):
    """The token is not believed. The text is for the operator's log; it holds no part of the token."""


class Misshapen(TokenRefused):
    """It cannot be what it should be, whoever signed it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A signed JWT, taken apart. Its claims are not believed yet; they only say whose keys to try."""

    signed: CompactSignature
    algorithm: str
    kid: str
    claims: Mapping[str, Any]


class Algorithms(JWSRegistry):
    """The library's algorithms under their present names, so that none is taken for another."""

    max_header_length = 2048  # a proof brings its key along, and one of RSA is longer than the library's 512 bytes

    def get_alg(self, name: str) -> Any:
        return super().get_alg(present_name(name))


_ANY = Algorithms()  # what is signed is only taken apart; by which algorithms it may be signed is said elsewhere


def take_apart(raw: bytes, kind: str, limit: int) -> Opened:
    """`kind` is the header's `typ` without `application/`, `limit` in bytes. Raises Misshapen."""
    signed, header, claims = parts(raw, kind, limit, _HEADER_WORDS)
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise Misshapen("no usable key id")
    return Opened(signed, present_name(header["alg"]), kid, claims)


def parts(
    raw: bytes, kind: str, limit: int, words: Set[str]
) -> tuple[CompactSignature, Mapping[str, Any], Mapping[str, Any]]:
    """What is signed, its header with no word beside `words`, and its claims. Raises Misshapen."""
    if len(raw) > limit:
        raise Misshapen(f"larger than {limit} bytes")
    try:
        signed = extract_compact(raw, registry=_ANY)
        header, claims = signed.protected, orjson.loads(signed.payload)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):  # the library reads a head to any depth
        raise Misshapen("not a signed JWT") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Misshapen("not a signed JWT")
    if header.keys() - words:
        raise Misshapen("a header word outside the profile")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != kind:
        raise Misshapen(f"`typ` is not {kind}")
    if not isinstance(header.get("alg"), str):
        raise Misshapen("no algorithm")
    return signed, header, claims


async def verify(opened: Opened, issuer: Issuer, jwks: Jwks) -> None:
    """Returns when the issuer has signed it. Raises TokenRefused, IssuerUnreachable."""
    if opened.algorithm not in issuer.algorithms:
        raise TokenRefused("the algorithm is not one of this issuer's")
    key = await jwks.key(issuer, opened.kid)
    if key is None:
        raise TokenRefused(f"issuer {issuer.issuer} has no key of this id")
    if present_name(key.alg or opened.algorithm) != opened.algorithm:
        raise TokenRefused("the key is for another algorithm")
    check(opened.signed, key, issuer.algorithms)


def check(signed: CompactSignature, key: PublicKey, algorithms: Set[str]) -> None:
    """Returns when the key has signed it by one of the `algorithms`. Raises TokenRefused."""
    try:
        genuine = validate_compact(signed, key, registry=Algorithms(algorithms=algorithms))
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(f"the signature cannot be checked: {type(error).__name__}") from None
    if not genuine:
        raise TokenRefused("the signature does not fit")


def text(claims: Mapping[str, Any], name: str, limit: int = MOST_TEXT) -> str:
    """A claim that is text of 1 to `limit` characters. Raises Misshapen."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise Misshapen(f"`{name}` is missing or of the wrong type")
    return value


def instant(claims: Mapping[str, Any], name: str) -> float:
    """A claim that is a number of seconds: a NumericDate (RFC 7519, 2) or a length of time. Raises Misshapen."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misshapen(f"`{name}` is missing or of the wrong type")
    return float(value)
