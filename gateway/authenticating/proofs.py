"""Proofs of possession (DPoP, RFC 9449, 4.3): whoever presents a bound token shows that they hold its key.

A proof is a signed JWT of its own, made for one request: its method, this gateway's address, this token, this moment.
It brings its public key along, which counts only because the token names that key's thumbprint; so the thumbprint is
looked at before any signature is. A proof is taken once. With a nonce of the gateway's it cannot be made in advance;
a nonce is an HMAC over the time, so that all processes of a home know it without sharing anything.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlsplit

from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.authenticating import signatures
from gateway.authenticating.issuers import present_name
from gateway.authenticating.jwks import MIN_RSA_BITS, PublicKey
from gateway.authenticating.replays import Replays
from gateway.authenticating.signatures import SKEW, TokenRefused

KIND = "dpop+jwt"
ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519")
MAX_PROOF = 4096  # bytes
LIVES = 60.0  # seconds from a proof's `iat`
NONCE_STEP = 150.0  # seconds; a nonce is good for one to two steps

_WORDS = {"typ", "alg", "jwk"}
_PUBLIC = {"kty", "crv", "x", "y", "n", "e", "alg", "use", "kid", "key_ops"}  # never a private part
_PRESENT = frozenset(map(present_name, ALGORITHMS))
_EXPONENT = "AQAB"  # a large exponent would make checking as dear as signing
_ID = re.compile(r"[\x21-\x7e]{8,256}")


class ProofRefused(Exception):
    """The proof is not taken. The text may be said: it is about the proof, never about the token."""


class NonceWanted(Exception):
    """The proof is to bear this nonce."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        super().__init__("a nonce is wanted")


class Nonces:
    """`key` is the home's secret for them; `clock` is Unix seconds."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def now(self) -> str:
        return self._of(int(self._clock() // NONCE_STEP))

    def good(self, nonce: object) -> bool:
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        step = int(self._clock() // NONCE_STEP)
        return hmac.compare_digest(nonce, self._of(step)) or hmac.compare_digest(nonce, self._of(step - 1))

    def _of(self, step: int) -> str:
        return _base64url(hmac.digest(self._key, step.to_bytes(8, "big"), "sha256")[:18])


class Proofs:
    """`address` is where this gateway is asked (`htu`), whatever name it was reached by. Without `nonces` none is
    wanted; without `replays` no proof is taken."""

    def __init__(
        self,
        address: str,
        replays: Replays | None = None,
        nonces: Nonces | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = _normal(address)  # None, for a name that is no address, fits no proof
        self._replays = replays
        self._nonces = nonces
        self._clock = clock

    async def check(self, proof: bytes, token: bytes, jkt: str, method: str) -> None:
        """Returns when the proof is good for this token and request, and new.

        Raises ProofRefused, NonceWanted; TokenRefused when it is another key's; ReplaysUnknown.
        """
        claims = _claims(proof, jkt)
        if claims.get("htm") != method:
            raise ProofRefused("htm is not this request's method")
        htu = claims.get("htu")
        if not isinstance(htu, str) or self._address is None or _normal(htu) != self._address:
            raise ProofRefused("htu is not this gateway's address")
        if claims.get("ath") != _base64url(sha256(token).digest()):
            raise ProofRefused("ath is not this token's digest")
        if self._nonces is not None and not self._nonces.good(claims.get("nonce")):
            raise NonceWanted(self._nonces.now())
        issued, now = claims.get("iat"), self._clock()
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            raise ProofRefused("iat is missing or no number")
        if not now - LIVES - SKEW <= issued <= now + SKEW:
            raise ProofRefused("iat is too long ago or to come; are the clocks right?")
        identifier = claims.get("jti")
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise ProofRefused("jti is missing, too short to be unique, or too long")
        digest = sha256(f"{jkt} {identifier}".encode()).digest()[:16]
        if self._replays is None or not await self._replays.first(digest, issued + LIVES + SKEW, now):
            raise ProofRefused("this proof was shown before")

    async def close(self) -> None:
        if self._replays is not None:
            await self._replays.close()


def _claims(proof: bytes, jkt: str) -> Mapping[str, Any]:
    """The claims of a proof that was signed with the key of this thumbprint."""
    try:
        signed, header, claims = signatures.parts(proof, KIND, MAX_PROOF, _WORDS)
    except TokenRefused as error:
        raise ProofRefused(str(error).replace("`", "")) from None
    if present_name(header["alg"]) not in _PRESENT:
        raise ProofRefused("the algorithm is none of those taken here")
    key = _key(header.get("jwk"))
    if key.thumbprint() != jkt:
        raise TokenRefused("bound to another key than the proof's")
    try:
        signatures.check(signed, key, _PRESENT)
    except TokenRefused as error:
        raise ProofRefused(str(error)) from None
    return claims


def _key(entry: Any) -> PublicKey:
    """Raises ProofRefused for what is no public key, and for one that holds its private part."""
    if not isinstance(entry, dict) or entry.keys() - _PUBLIC or entry.get("e", _EXPONENT) != _EXPONENT:
        raise ProofRefused("jwk is no public key that is taken here")
    try:
        key = jwk.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ProofRefused("jwk is no key") from None
    if not isinstance(key, ECKey | OKPKey | RSAKey) or key.is_private:
        raise ProofRefused("jwk is no public key that is taken here")
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        raise ProofRefused("jwk is too short")
    return key


@lru_cache(64)
def _normal(address: str) -> tuple[str, str, int | None, str] | None:
    """An address without what RFC 9449 passes over: query and fragment, and the spelling of host, port and path."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.scheme, host, usual if port is None else port, unquote(parts.path) or "/"


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
