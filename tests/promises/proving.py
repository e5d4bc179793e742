"""Who holds a key and shows it: proofs as RFC 9449 wants them, to be changed by a word or two, and a door that asks.

Keys are made anew in every run.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from gateway.authenticating.binding import Binding
from gateway.authenticating.clients import Clients
from gateway.authenticating.proofs import Nonces, Proofs
from gateway.authenticating.replays import Replays
from gateway.errors import GatewayError
from gateway.model import Caller
from tests.promises.issuing import RESOURCE, Door, Issuer, signed

COUNT = itertools.count()


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@dataclass
class Holder:
    """A client with a key; `alg` is what it signs with."""

    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256"))
    alg: str = "ES256"

    @property
    def jkt(self) -> str:
        return str(self.key.thumbprint())

    def claims(self, now: float, token: str, **changes: Any) -> dict[str, Any]:
        """Of a good proof, changed; None takes a claim away."""
        claims: dict[str, Any] = {
            "jti": f"proof-{next(COUNT):08}",
            "htm": "POST",
            "htu": RESOURCE,
            "iat": int(now),
            "ath": digest(token),
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def proof(self, now: float, token: str, header: dict[str, Any] | None = None, **changes: Any) -> bytes:
        words = {"typ": "dpop+jwt", "kid": None, "jwk": self.key.as_dict(private=False), **(header or {})}
        return signed(self.claims(now, token, **changes), self.key, self.alg, **words).encode()


class ProvingDoor(Door):
    """Keeps the proofs it was shown in `folder`; wants a nonce when it has `nonces`."""

    def __init__(self, clients: Clients, home: Issuer, other: Issuer, folder: Path, *, nonce: bool = False) -> None:
        self.path = folder / "proofs.sqlite3"
        self.nonces = Nonces(b"n" * 32, lambda: self.now) if nonce else None
        self.holder = Holder()
        super().__init__(clients, home, other)

    def options(self) -> dict[str, Any]:
        proofs = Proofs(RESOURCE, Replays(self.path), self.nonces, lambda: self.now)
        return {"binding": Binding(proofs)}

    def bound(self, holder: Holder | None = None, **changes: Any) -> str:
        """A token that names the holder's key."""
        return signed(self.claims(cnf={"jkt": (holder or self.holder).jkt}, **changes))

    def proof(self, token: str, **changes: Any) -> bytes:
        return self.holder.proof(self.now, token, **changes)

    async def show(self, token: str, proof: bytes | None, scheme: bytes = b"DPoP", method: str = "POST") -> Caller:
        headers = [(b"authorization", scheme + b" " + token.encode())]
        if proof is not None:
            headers.append((b"dpop", proof))
        return await self.authenticator.authenticate(headers, {}, method)

    async def refused(
        self, token: str, proof: bytes | None, scheme: bytes = b"DPoP", method: str = "POST"
    ) -> GatewayError:
        with pytest.raises(GatewayError) as caught:
            await self.show(token, proof, scheme, method)
        return caught.value

    async def error(self, token: str, proof: bytes | None, scheme: bytes = b"DPoP", method: str = "POST") -> str:
        """The error of the challenge that the refusal makes."""
        refusal = await self.refused(token, proof, scheme, method)
        assert refusal.code == "INVALID_TOKEN"
        return refusal.headers["WWW-Authenticate"].partition('error="')[2].partition('"')[0]
