"""What a partner's client is told to get in: challenges with a 401, and the metadata that they point to.

RFC 6750 and RFC 9449 for the two schemes, RFC 9728 for the metadata. Why a token is bad is never said; what is wrong
with a proof is, for the proof is the client's own.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from gateway.authenticating.proofs import ALGORITHMS

REALM = "credit-gateway"
Scheme = Literal["bearer", "dpop"]


class Challenges:
    """For the gateway of this `resource`."""

    def __init__(self, resource: str) -> None:
        where = f'resource_metadata="{metadata_address(resource)}"'
        self._offered: dict[Scheme, str] = {
            "bearer": f'Bearer realm="{REALM}", {where}',
            "dpop": f'DPoP realm="{REALM}", algs="{" ".join(ALGORITHMS)}", {where}',
        }

    def headers(
        self, scheme: Scheme | None = None, error: str = "", description: str = "", nonce: str = ""
    ) -> dict[str, str]:
        """Both schemes, the one that was tried first and with its error; a `nonce` that the next proof is to bear."""
        tried: Scheme = scheme or "bearer"
        other: Scheme = "bearer" if tried == "dpop" else "dpop"
        said = self._offered[tried]
        if error:
            said += f', error="{error}"' + (f', error_description="{description}"' if description else "")
        headers = {"WWW-Authenticate": f"{said}, {self._offered[other]}"}
        return headers | ({"DPoP-Nonce": nonce} if nonce else {})


def metadata_address(resource: str) -> str:
    """Where the protected-resource metadata stands (RFC 9728, 3.1)."""
    parts = urlsplit(resource)
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{path}"
