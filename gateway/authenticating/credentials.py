"""What a request brings to say who asks, as it came: a token under a scheme, a proof, a purpose, a consent.

Nothing is believed here. Each header may stand once: of two, two readers might believe different ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.authenticating.challenges import Scheme
from gateway.authenticating.signatures import TokenRefused
from gateway.authenticating.tokens import MAX_TOKEN
from gateway.errors import GatewayError
from policies.model import Words

Headers = Iterable[tuple[bytes, bytes]]

MAX_CREDENTIALS = MAX_TOKEN + 16  # bytes
SCHEMES: Mapping[bytes, Scheme] = {b"Bearer": "bearer", b"bearer": "bearer", b"DPoP": "dpop", b"dpop": "dpop"}
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as it came; `certificate` is the header's value, and counts only from a trusted proxy."""

    scheme: Scheme
    token: bytes
    proof: bytes | None = None
    method: str = "POST"
    peer: str | None = None  # who opened the connection
    certificate: bytes | None = None


class HeaderReader:
    """Knows the `names` of the headers that are read."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.lower().encode(): name for name in names if name}
        self._lengths = {len(name) for name in self._names}  # of many headers most are passed over by their length

    def read(self, headers: Headers) -> dict[str, bytes]:
        """Raises GatewayError MALFORMED_REQUEST for a header that stands twice."""
        found: dict[str, bytes] = {}
        for given, value in headers:
            if len(given) in self._lengths and (name := self._names.get(given.lower())):
                if name in found:
                    detail = Words(f"请求头 `{name}` 出现不止一次", f"the header `{name}` stands more than once")
                    raise GatewayError("MALFORMED_REQUEST", detail=detail)
                found[name] = value.strip(b" \t")
        return found


def split(credentials: bytes) -> tuple[Scheme, bytes] | None:
    """Scheme and token of an Authorization header; None when it is of no known scheme. Raises TokenRefused."""
    if len(credentials) > MAX_CREDENTIALS:
        raise TokenRefused("too large for a token")
    scheme, _, token = credentials.partition(b" ")
    known = SCHEMES.get(scheme) or SCHEMES.get(scheme.lower())
    return (known, token.lstrip(b" ")) if known and token else None


def shaped(token: bytes) -> bool:
    return _TOKEN.fullmatch(token) is not None
