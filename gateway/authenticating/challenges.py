"""What a partner's client is told to get in: challenges with a 401, and the metadata that they point to.

RFC 6750 and RFC 9449 for the two schemes, RFC 9728 for the metadata. Why a token is bad is never said; what is wrong
with a proof is, for the proof is the client's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

from gateway.authenticating.clients import Clients
from gateway.authenticating.proofs import ALGORITHMS
from gateway.authenticating.purposes import DETAIL_TYPE
from policies.model import Words

REALM = "credit-gateway"
NAME = Words("公共信用信息查询网关", "Public credit information gateway")
Scheme = Literal["bearer", "dpop"]


class Challenges:
    """For the gateway of this `resource`; `bearer` where tokens may come under that scheme, as those bound to a
    certificate do."""

    def __init__(self, resource: str, *, bearer: bool = True) -> None:
        where = f'resource_metadata="{_metadata_address(resource)}"'
        self._offered: dict[Scheme, str] = {"bearer": f'Bearer realm="{REALM}", {where}'} if bearer else {}
        self._offered["dpop"] = f'DPoP realm="{REALM}", algs="{" ".join(ALGORITHMS)}", {where}'

    def headers(
        self, scheme: Scheme | None = None, error: str = "", description: str = "", nonce: str = "", scope: str = ""
    ) -> dict[str, str]:
        """The schemes, the one that was tried first and with its error; a `nonce` that the next proof is to bear, a
        `scope` that the token lacks."""
        order = sorted(self._offered, key=lambda offered: offered != scheme)
        said = [self._offered[offered] for offered in order]
        if error:
            said[0] += f', error="{error}"' + (f', error_description="{description}"' if description else "")
            said[0] += f', scope="{scope}"' if scope else ""
        headers = {"WWW-Authenticate": ", ".join(said)}
        return headers | ({"DPoP-Nonce": nonce} if nonce else {})


def metadata(
    resource: str, clients: Clients, scopes: Iterable[str], *, certificates: bool, always_bound: bool
) -> dict[str, object]:
    """The protected-resource metadata (RFC 9728, 2). `certificates` where tokens bound to one are taken, `always_bound`
    where no others are than bound ones."""
    return {
        "resource": resource,
        "resource_name": NAME.en,
        "resource_name#zh": NAME.zh,
        "authorization_servers": sorted(clients.issuers),
        "scopes_supported": sorted(scopes),
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": [DETAIL_TYPE],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": always_bound and not certificates,
        "tls_client_certificate_bound_access_tokens": certificates,
    }


def metadata_path(resource: str) -> str:
    """Where the protected-resource metadata stands on its host (RFC 9728, 3.1)."""
    path = urlsplit(resource).path
    return "/.well-known/oauth-protected-resource" + ("" if path == "/" else path)


def _metadata_address(resource: str) -> str:
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{metadata_path(resource)}"
