"""From the headers of a request to its Caller: who asks, with what rights, for which purpose.

The one verb is `Authenticator.authenticate`. Without a token the caller is the public. With one, the
token says which registered client holds it; class, region and ceilings are the registry's, scopes and
purposes are those which both the token and the registry name. Consents count only beside a token: they
are given to somebody. Every doubt ends in an error of
`gateway.errors`; a token that is not believed is never taken for no token at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from cachetools import TTLCache

from gateway.authenticating import credentials, purposes, tokens
from gateway.authenticating.asking import Introspector
from gateway.authenticating.binding import Binding
from gateway.authenticating.challenges import Challenges, Scheme
from gateway.authenticating.clients import PUBLIC, Clients
from gateway.authenticating.consents import HEADER as CONSENT_HEADER
from gateway.authenticating.consents import Consents
from gateway.authenticating.credentials import HeaderReader, Headers, Presented
from gateway.authenticating.delegating import on_behalf
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.proofs import NonceWanted, ProofRefused, Proofs
from gateway.authenticating.reaching import IssuerUnreachable
from gateway.authenticating.replays import ReplaysUnknown
from gateway.authenticating.signatures import SKEW, TokenRefused
from gateway.authenticating.statuslists import StatusLists
from gateway.authenticating.verified import Verified
from gateway.errors import GatewayError
from gateway.model import Caller, GivenConsent
from policies.model import Catalogue

REMEMBERED = 10_000  # verified tokens
REMEMBERED_FOR = 60.0  # seconds; a signature costs far more than a look-up

_AUTHORIZATION = len(b"authorization")
_NOT_FOR_YOU = GivenConsent(None, "NOT_FOR_YOU")
_NOBODY = Caller(id=PUBLIC, client_class=PUBLIC, region=None, scopes=frozenset(), purpose=None, evidence={}, own=None)


class Authenticator:
    """Knows the registry, the catalogue and this gateway's `resource` (the audience that tokens must name).

    At most `most_consents` come with one request; their issuers have `consents_within` seconds. `clock` is Unix
    seconds; by `monotonic` a verified token is remembered. Made anew when the catalogue changes; a `Jwks` that is
    handed in may be kept, and is its owner's to close; all else is closed with it.
    """

    def __init__(
        self,
        clients: Clients,
        catalogue: Catalogue,
        resource: str,
        jwks: Jwks | None = None,
        introspector: Introspector | None = None,
        binding: Binding | None = None,
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
        self._binding = binding or Binding(Proofs(resource, clock=clock))
        self._clock = clock
        self._monotonic = monotonic
        self._lists = StatusLists(self._jwks, wall=clock)
        self._consents = Consents(
            clients.consent_issuers, self._jwks, self._lists, most=most_consents, within=consents_within, clock=clock
        )
        self._verified: TTLCache[bytes, Verified] = TTLCache(REMEMBERED, REMEMBERED_FOR, timer=monotonic)
        self._retired: list[Introspector] = []
        certificates = self._binding.certificates.header
        self._challenges = Challenges(resource, bearer=bool(certificates) or not self._binding.always)
        self._headers = HeaderReader(("Authorization", "DPoP", "Credit-Purpose", CONSENT_HEADER, certificates))

    async def authenticate(
        self, headers: Headers, extensions: Mapping[str, Any], method: str = "POST", peer: str | None = None
    ) -> Caller:
        """`headers` are the raw pairs of the request, `extensions` those of its body, `peer` opened the connection.

        Raises GatewayError: MALFORMED_REQUEST for a doubled header, INVALID_TOKEN, ISSUER_UNAVAILABLE, OVERLOADED
        when proofs cannot be compared, PURPOSE_*, EVIDENCE_REQUIRED, DELEGATION_REFUSED, LIMIT_EXCEEDED for too many
        consents. A bad consent is no error. On somebody's behalf the grantee is who asked first.
        """
        came, read = self._monotonic(), self._headers.read(headers)
        wanted, consent = read.get("Credit-Purpose"), read.get(CONSENT_HEADER)
        unconsented = consent is None and "consents" not in extensions
        given = () if unconsented else self._consents.given(consent, extensions)
        if "Authorization" not in read:
            on_behalf(extensions, None, self._resource, came)
            purposes.choose({}, purposes.word(wanted), self._catalogue)
            # their consents stay unread: nobody is the grantee
            return replace(_NOBODY, given_consents=(_NOT_FOR_YOU,) * len(given)) if given else _NOBODY
        scheme, known = await self._known(read, method, peer)
        try:
            behalf = on_behalf(extensions, known.client.delegates, self._resource, came)
            caller = known.caller(wanted, extensions, behalf)
        except GatewayError as error:
            if error.code == "PURPOSE_NOT_HELD":  # a purpose of the catalogue, fit to be said
                lacking = f"{purposes.SCOPE_PREFIX}{purposes.word(wanted)}"
                error.headers |= self._challenges.headers(scheme, "insufficient_scope", scope=lacking)
            raise
        if not given:
            return caller
        grantee = caller.id if caller.delegated is None else caller.delegated.asker
        consents, states = await self._consents.check(given, grantee)
        return replace(caller, consents=consents, given_consents=states)

    def recognised(self, headers: Headers) -> str:
        """Whose a request seems to be, before anything of it is checked: to share places by, and for nothing else.
        Empty where a token is not remembered."""
        for name, value in headers:
            if len(name) == _AUTHORIZATION and name.lower() == b"authorization":
                try:
                    split = credentials.split(value.strip(b" \t"))
                except TokenRefused:  # it will be told when its turn comes
                    return ""
                known = self._verified.get(sha256(split[1]).digest()) if split else None
                return known.client.id if known else ""
        return PUBLIC

    def use(self, clients: Clients, introspector: Introspector | None = None) -> None:
        """From now on this is the registry; what was remembered by the one before is forgotten. The issuers that are
        asked about tokens are the same, or those of a new `introspector`."""
        self._clients = clients
        self._verified.clear()
        self._consents.use(clients.consent_issuers)
        if introspector is not None:
            self._retired.append(self._introspector)  # questions may be on their way
            self._introspector = introspector

    async def close(self) -> None:
        """Give files and the connections to the issuers back."""
        await self._binding.close()
        for introspector in (*self._retired, self._introspector):
            await introspector.close()
        await self._lists.close()
        if self._own_jwks:
            await self._jwks.close()

    async def _known(self, read: Mapping[str, bytes], method: str, peer: str | None) -> tuple[Scheme, Verified]:
        """The token's, when it is good and its presenter may present it. Raises GatewayError."""
        scheme = None
        try:
            split = credentials.split(read["Authorization"])
            if split is None:
                cause = "another scheme than Bearer and DPoP"
                raise GatewayError("INVALID_TOKEN", headers=self._challenges.headers(), cause=cause)
            scheme, token = split
            known = self._remembered(token) or await self._verify(token)
            if not self._binding.free(known.token.bound, scheme):
                certificate = read.get(self._binding.certificates.header)
                presented = Presented(scheme, token, read.get("DPoP"), method, peer, certificate)
                await self._binding.check(known.token.bound, presented)
        except TokenRefused as error:
            headers = self._challenges.headers(scheme, "invalid_token")
            raise GatewayError("INVALID_TOKEN", headers=headers, cause=str(error)) from None
        except ProofRefused as error:
            headers = self._challenges.headers("dpop", "invalid_dpop_proof", str(error))
            raise GatewayError("INVALID_TOKEN", headers=headers, cause=f"proof: {error}") from None
        except NonceWanted as error:
            headers = self._challenges.headers("dpop", "use_dpop_nonce", nonce=error.nonce)
            raise GatewayError("INVALID_TOKEN", headers=headers) from None
        except IssuerUnreachable as error:
            raise GatewayError("ISSUER_UNAVAILABLE", headers={"Retry-After": "5"}, cause=str(error)) from None
        except ReplaysUnknown as error:
            raise GatewayError("OVERLOADED", headers={"Retry-After": "1"}, cause=str(error)) from None
        return scheme, known

    def _remembered(self, token: bytes) -> Verified | None:
        """What was verified less than a minute ago and has not ended since. Raises TokenRefused."""
        known = self._verified.get(sha256(token).digest())
        if known is None:
            return None
        if known.expires <= self._clock() - SKEW:
            raise TokenRefused("expired")
        return known if self._monotonic() < known.known_until else None

    async def _verify(self, raw: bytes) -> Verified:
        """Only what was found good is remembered: nothing that is refused costs a good one its place."""
        if not credentials.shaped(raw):
            raise TokenRefused("not the shape of a token")
        clients = self._clients
        token = await tokens.check(raw, clients, self._jwks, self._introspector, self._resource, self._clock())
        if clients is not self._clients:  # changed meanwhile: what the old one said must not be remembered
            return await self._verify(raw)
        digest = sha256(raw).digest()
        known = self._verified.get(digest)
        if known is not None and replace(known.token, known_until=token.known_until) == token:
            known.known_until = token.known_until  # its issuer says the same: who holds it stays the very same Caller
            return known
        known = self._verified[digest] = Verified(token, self._catalogue)
        return known


def _unset(reference: str) -> str:
    raise ValueError(f"`{reference}` is not set")
