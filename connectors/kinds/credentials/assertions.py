"""JWTs that we sign for an authorization server, which has the public half of our key.

One says who we are (RFC 7523, 2.2). Another says on whose behalf we ask another gateway, and is exchanged for a token
that names them (RFC 8693, 2.1); it has a type of its own, so that neither is taken for the other (RFC 8725, 3.11).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from connectors.delegation import nested
from connectors.identities import OAuth2Auth
from connectors.kinds.credentials.references import References

ASSERTED_FOR = 60  # seconds that a JWT of ours holds
OF_CLIENT, OF_ASKER = "JWT", "asker+jwt"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked first, by the id that the first gateway gives it; `gateways` are those on the way before this one, by
    their ids, the first one first."""

    id: str
    client_class: str
    purpose: str | None
    gateways: tuple[str, ...] = ()


class Assertions:
    """`client` is what the server calls us, `address` the whole URL of its token endpoint: the audience, where the
    declaration says no other. Raises ValueError for a key that cannot be used."""

    def __init__(
        self, words: OAuth2Auth, references: References, client: str, address: str, now: Callable[[], datetime]
    ) -> None:
        try:
            key = (ECKey if words.algorithm == "ES256" else RSAKey).import_key(references.pem(words.key or ""))
            usable = key.is_private and getattr(key, "curve_name", "P-256") == "P-256"
        except (JoseError, ValueError, TypeError):
            usable = False
        if not usable:
            raise ValueError(f"`{words.key}` holds no private key for {words.algorithm} in PEM")
        self._client, self._key, self._now = client, key, now
        self._audience = address if words.audience is None else references.text(words.audience)
        self._header = {"alg": words.algorithm} | ({"kid": words.keyId} if words.keyId else {})

    def of_client(self) -> str:
        return self._signed(OF_CLIENT, {"sub": self._client})

    def of_asker(self, asker: Asker) -> str:
        said: dict[str, Any] = {"sub": asker.id, "class": asker.client_class}
        if asker.purpose is not None:
            said["purpose"] = asker.purpose
        if asker.gateways:
            said["act"] = nested({"sub": gateway} for gateway in asker.gateways)
        return self._signed(OF_ASKER, said)

    def _signed(self, kind: str, said: Mapping[str, Any]) -> str:
        at = int(self._now().timestamp())
        claims = {"iss": self._client, "aud": self._audience, "jti": secrets.token_urlsafe(16), **said}
        header = {**self._header, "typ": kind}
        return jwt.encode(
            header, {**claims, "iat": at, "exp": at + ASSERTED_FOR}, self._key, algorithms=[header["alg"]]
        )
