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
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cachetools import TTLCache

from gateway.authenticating import purposes, tokens
from gateway.authenticating.asking import Introspector
from gateway.authenticating.clients import PUBLIC, Clients
from gateway.authenticating.consents import HEADER as CONSENT_HEADER
from gateway.authenticating.consents import Consents
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.reaching import IssuerUnreachable
from gateway.authenticating.signatures import SKEW, TokenRefused
from gateway.authenticating.statuslists import StatusLists
from gateway.authenticating.verified import Verified
from gateway.errors import GatewayError
from gateway.model import Caller, GivenConsent
from policies.model import Catalogue, Words

REMEMBERED = 10_000  # verified tokens
REMEMBERED_FOR = 60.0  # seconds; a signature costs far more than a look-up
MAX_CREDENTIALS = tokens.MAX_TOKEN + 16  # bytes

_BEARER = re.compile(rb"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)  # RFC 6750, 2.1

_READ = {name.lower().encode(): name for name in ("Authorization", "Credit-Purpose", CONSENT_HEADER)}
_LENGTHS = {len(name) for name in _READ}  # of a request's many headers most are passed over by their length
_NOT_FOR_YOU = GivenConsent(None, "NOT_FOR_YOU")
_NOBODY = Caller(id=PUBLIC, client_class=PUBLIC, region=None, scopes=frozenset(), purpose=None, evidence={}, own=None)

Headers = Iterable[tuple[bytes, bytes]]


class Authenticator:
    """Knows the registry, the catalogue and this gateway's `resource` (the audience that tokens must name).

    At most `most_consents` come with one request; their issuers have `consents_within` seconds. `clock` is Unix
    seconds; by `monotonic` a verified token is remembered. Made anew when the registry or the catalogue changes;
    a `Jwks` that is handed in may be kept, and is its owner's to close.
    """

    def __init__(
        self,
        clients: Clients,
        catalogue: Catalogue,
        resource: str,
        jwks: Jwks | None = None,
        introspector: Introspector | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        most_consents: int = 200,
        consents_within: float = 1.5,
    ) -> None:
        self._clients = clients
        self._catalogue = catalogue
        self._resource = resource
        self._jwks, self._own_jwks = jwks or Jwks(), jwks is None
        self._introspector = introspector or Introspector(clients.issuers, _unset, clock=monotonic, wall=clock)
        self._clock = clock
        self._monotonic = monotonic
        self._lists = StatusLists(self._jwks, wall=clock)
        self._consents = Consents(
            clients.consent_issuers, self._jwks, self._lists, most=most_consents, within=consents_within, clock=clock
        )
        self._verified: TTLCache[bytes, Verified] = TTLCache(REMEMBERED, REMEMBERED_FOR, timer=monotonic)
        self._challenge = f'Bearer realm="credit-gateway", resource_metadata="{_metadata(resource)}"'

    async def authenticate(self, headers: Headers, extensions: Mapping[str, Any]) -> Caller:
        """`headers` are the raw pairs of the request, `extensions` those of its body.

        Raises GatewayError: MALFORMED_REQUEST for a doubled header, INVALID_TOKEN, ISSUER_UNAVAILABLE, PURPOSE_*,
        EVIDENCE_REQUIRED, LIMIT_EXCEEDED for too many consents. A bad consent is no error.
        """
        read = _read(headers)
        credentials, wanted, consent = map(read.get, _READ)
        unconsented = consent is None and "consents" not in extensions
        given = () if unconsented else self._consents.given(consent, extensions)
        if credentials is None:
            purposes.choose({}, purposes.word(wanted), self._catalogue)
            # their consents stay unread: nobody is the grantee
            return replace(_NOBODY, given_consents=(_NOT_FOR_YOU,) * len(given)) if given else _NOBODY
        try:
            known = self._remembered(credentials) or await self._verify(credentials)
        except TokenRefused as error:
            challenge = f'{self._challenge}, error="invalid_token"'
            raise GatewayError("INVALID_TOKEN", headers={"WWW-Authenticate": challenge}, cause=str(error)) from None
        except IssuerUnreachable as error:
            raise GatewayError("ISSUER_UNAVAILABLE", headers={"Retry-After": "5"}, cause=str(error)) from None
        caller = known.caller(wanted, extensions)
        if not given:
            return caller
        consents, states = await self._consents.check(given, known.client)
        return replace(caller, consents=consents, given_consents=states)

    async def close(self) -> None:
        """Give the connections to the issuers back."""
        await self._introspector.close()
        await self._lists.close()
        if self._own_jwks:
            await self._jwks.close()

    def _remembered(self, credentials: bytes) -> Verified | None:
        """What was verified less than a minute ago and has not ended since. Raises TokenRefused."""
        if len(credentials) > MAX_CREDENTIALS or credentials[:7].lower() != b"bearer ":
            return None
        known = self._verified.get(sha256(credentials[7:]).digest())
        if known is None:
            return None
        if known.expires <= self._clock() - SKEW:
            raise TokenRefused("expired")
        return known if self._monotonic() < known.known_until else None

    async def _verify(self, credentials: bytes) -> Verified:
        """Only what was found good is remembered: nothing that is refused costs a good one its place."""
        if credentials[:7].lower() != b"bearer ":
            cause = "another scheme than Bearer"
            raise GatewayError("INVALID_TOKEN", headers={"WWW-Authenticate": self._challenge}, cause=cause)
        match = _BEARER.fullmatch(credentials) if len(credentials) <= MAX_CREDENTIALS else None
        if match is None:
            raise TokenRefused("not the shape of a token, or too large")
        token = await tokens.check(
            match[1], self._clients, self._jwks, self._introspector, self._resource, self._clock()
        )
        digest = sha256(match[1]).digest()
        known = self._verified.get(digest)
        if known is not None and replace(known.token, known_until=token.known_until) == token:
            known.known_until = token.known_until  # its issuer says the same: who holds it stays the very same Caller
            return known
        known = self._verified[digest] = Verified(token, self._catalogue)
        return known


def _unset(reference: str) -> str:
    raise ValueError(f"`{reference}` is not set")


def _read(headers: Headers) -> dict[bytes, bytes]:
    """The headers that are read here. Each may stand once: of two, two readers might believe different ones."""
    found: dict[bytes, bytes] = {}
    for given, value in headers:
        if len(given) in _LENGTHS and (name := given.lower()) in _READ:
            if name in found:
                said = _READ[name]
                detail = Words(f"请求头 `{said}` 出现不止一次", f"the header `{said}` stands more than once")
                raise GatewayError("MALFORMED_REQUEST", detail=detail)
            found[name] = value.strip(b" \t")
    return found


def _metadata(resource: str) -> str:
    """Where the protected-resource metadata stands (RFC 9728, 3.1)."""
    parts = urlsplit(resource)
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{path}"
