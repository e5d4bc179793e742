"""From the headers of a request to its Caller: who asks, with what rights, for which purpose.

The one verb is `Authenticator.authenticate`. Without a token the caller is the public. With one, the
token says which registered client holds it; class, region and ceilings are the registry's, scopes and
purposes are those which both the token and the registry name. Consents count only beside a token: they
are given to somebody. Every doubt ends in an error of
`gateway.errors`; a token that is not believed is never taken for no token at all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cachetools import TTLCache

from connectors.contract import SubjectKey
from gateway.authenticating import purposes, tokens
from gateway.authenticating.clients import PUBLIC, Clients
from gateway.authenticating.consents import HEADER as CONSENT_HEADER
from gateway.authenticating.consents import Consents
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.reaching import IssuerUnreachable
from gateway.authenticating.signatures import SKEW, TokenRefused
from gateway.authenticating.statuslists import StatusLists
from gateway.authenticating.tokens import Token
from gateway.errors import GatewayError
from gateway.model import Caller, GivenConsent
from policies.model import Catalogue, Words

REMEMBERED = 10_000  # verified tokens
REMEMBERED_FOR = 60.0  # seconds; a signature costs far more than a look-up
SUBJECT_CLASS = "subject"
SUBJECT_CLAIM = "credit_subject"
MAX_KEY = 64  # characters of a subject's key

_BEARER = re.compile(rb"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)  # RFC 6750, 2.1

Headers = Iterable[tuple[bytes, bytes]]


class Authenticator:
    """Knows the registry, the catalogue and this gateway's `resource` (the audience that tokens must name).

    At most `most_consents` come with one request; their issuers have `consents_within` seconds. `clock` is Unix
    seconds. Made anew when the registry or the catalogue changes; the `Jwks` may be kept.
    """

    def __init__(
        self,
        clients: Clients,
        catalogue: Catalogue,
        resource: str,
        jwks: Jwks | None = None,
        clock: Callable[[], float] = time.time,
        most_consents: int = 200,
        consents_within: float = 1.5,
    ) -> None:
        self._clients = clients
        self._catalogue = catalogue
        self._resource = resource
        self._jwks = jwks or Jwks()
        self._clock = clock
        self._lists = StatusLists(self._jwks, wall=clock)
        self._consents = Consents(
            clients.consent_issuers, self._jwks, self._lists, most=most_consents, within=consents_within, clock=clock
        )
        self._verified: TTLCache[bytes, Token] = TTLCache(REMEMBERED, REMEMBERED_FOR)
        self._challenge = f'Bearer realm="credit-gateway", resource_metadata="{_metadata(resource)}"'

    async def authenticate(self, headers: Headers, extensions: Mapping[str, Any]) -> Caller:
        """`headers` are the raw pairs of the request, `extensions` those of its body.

        Raises GatewayError: MALFORMED_REQUEST for a doubled header, INVALID_TOKEN, ISSUER_UNAVAILABLE, PURPOSE_*,
        EVIDENCE_REQUIRED, LIMIT_EXCEEDED for too many consents. A bad consent is no error.
        """
        pairs = [(name.lower(), value) for name, value in headers]
        credentials = _only(pairs, "Authorization")
        wanted = _word(_only(pairs, "Credit-Purpose"))
        given = self._consents.given(_only(pairs, CONSENT_HEADER), extensions)
        if credentials is None:
            purposes.choose({}, wanted, self._catalogue)
            return Caller(
                id=PUBLIC,
                client_class=PUBLIC,
                region=None,
                scopes=frozenset(),
                purpose=None,
                evidence={},
                own=None,
                given_consents=(GivenConsent(None, "NOT_FOR_YOU"),) * len(given),  # unread: nobody is its grantee
            )
        try:
            token = await self._token(credentials)
            held = purposes.held(token)
            own = _own(token)
        except TokenRefused as error:
            challenge = f'{self._challenge}, error="invalid_token"'
            raise GatewayError("INVALID_TOKEN", headers={"WWW-Authenticate": challenge}, cause=str(error)) from None
        except IssuerUnreachable as error:
            raise GatewayError("ISSUER_UNAVAILABLE", headers={"Retry-After": "5"}, cause=str(error)) from None
        purpose = purposes.choose(held, wanted, self._catalogue)
        evidence = purposes.evidence_for(purpose, held, extensions, self._catalogue)
        client = token.client
        consents, states = await self._consents.check(given, client) if given else ((), ())
        return Caller(
            id=client.id,
            client_class=client.client_class,
            region=client.region,
            scopes=token.scopes & client.scopes,
            purpose=purpose,
            evidence=evidence,
            own=own,
            issuer=client.issuer,
            token_id=token.id,
            consents=consents,
            given_consents=states,
        )

    async def close(self) -> None:
        """Give the connections to the issuers back."""
        await self._lists.close()
        await self._jwks.close()

    async def _token(self, credentials: bytes) -> Token:
        if credentials[:7].lower() != b"bearer ":
            cause = "another scheme than Bearer"
            raise GatewayError("INVALID_TOKEN", headers={"WWW-Authenticate": self._challenge}, cause=cause)
        match = _BEARER.fullmatch(credentials) if len(credentials) <= tokens.MAX_TOKEN + 16 else None
        if match is None:
            raise TokenRefused("not the shape of a token, or too large")
        now, digest = self._clock(), sha256(match[1]).digest()
        token = self._verified.get(digest)
        if token is None:
            token = await tokens.check(match[1], self._clients, self._jwks, self._resource, now)
            self._verified[digest] = token
        elif token.expires <= now - SKEW:
            raise TokenRefused("expired")
        return token


def _only(pairs: Iterable[tuple[bytes, bytes]], name: str) -> bytes | None:
    """The value of a header that may stand once: two of them, and two readers might believe different ones."""
    sought = name.lower().encode()
    values = [value.strip(b" \t") for given, value in pairs if given == sought]
    if len(values) > 1:
        detail = Words(f"请求头 `{name}` 出现不止一次", f"the header `{name}` stands more than once")
        raise GatewayError("MALFORMED_REQUEST", detail=detail)
    return values[0] if values else None


def _word(value: bytes | None) -> str | None:
    """Bytes that are not UTF-8 become a word which no catalogue holds."""
    return None if value is None else value.decode("utf-8", "replace")


def _own(token: Token) -> SubjectKey | None:
    """The data subject's own key, from clients that are registered to vouch for it and from nobody else."""
    client = token.client
    claim = token.claims.get(SUBJECT_CLAIM)
    if claim is None or not client.subject_claim or client.client_class != SUBJECT_CLASS:
        return None
    match claim:
        case {"uscc": str(value), **rest} if not rest and 0 < len(value) <= MAX_KEY:
            return SubjectKey("uscc", value)
        case {"citizenId": str(value), **rest} if not rest and 0 < len(value) <= MAX_KEY:
            return SubjectKey("citizenId", value)
    raise TokenRefused(f"`{SUBJECT_CLAIM}` is not one key of a subject")


def _metadata(resource: str) -> str:
    """Where the protected-resource metadata stands (RFC 9728, 3.1)."""
    parts = urlsplit(resource)
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{path}"
