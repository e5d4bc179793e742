"""What is kept of a token that was verified: the callers that its holder is, by purpose and evidence.

Everything here depends on the token, the registry and the catalogue alone, so that a holder who asks again
is the very same Caller. Consents are never part of it: they are checked anew for each request. How long a
verified token is remembered is `callers`' to bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.contract import SubjectKey
from gateway.authenticating import exchanged, purposes
from gateway.authenticating.delegating import OnBehalf
from gateway.authenticating.signatures import TokenRefused
from gateway.authenticating.tokens import Token
from gateway.model import Caller
from policies.model import Catalogue

SUBJECT_CLASS = "subject"
SUBJECT_CLAIM = "credit_subject"
MAX_KEY = 64  # characters of a subject's key
MAX_CALLERS = 64  # kept for one token: an officer has many case numbers


class Verified:
    """A verified token and its callers. Raises TokenRefused for claims outside the profile."""

    def __init__(self, token: Token, catalogue: Catalogue) -> None:
        self.client = token.client
        self.token = token
        self.expires = token.expires  # Unix seconds
        self.known_until = token.known_until  # monotonic seconds
        self._held = purposes.held(token)
        self._own = _own(token)
        self._exchanged = exchanged.read(token)
        self._scopes = token.scopes & token.client.scopes
        self._id = token.id
        self._catalogue = catalogue
        self._unsaid: dict[bytes | None, Caller] = {}  # by purpose wanted, where the request says no evidence
        self._callers: dict[tuple[str | None, ...], Caller] = {}

    def caller(self, wanted: bytes | None, extensions: Mapping[str, Any], behalf: OnBehalf | None = None) -> Caller:
        """Who asks, for the purpose that the request wants. Raises GatewayError PURPOSE_*, EVIDENCE_REQUIRED, and
        DELEGATION_REFUSED where the token is for another question."""
        if self._exchanged is not None:
            self._exchanged.agree(behalf, purposeless=wanted is None and bool(self._held))
        if behalf is not None:
            return self._instead(wanted, extensions, behalf)
        unsaid = extensions.get("evidence") is None
        if unsaid and (caller := self._unsaid.get(wanted)) is not None:
            return caller
        purpose = purposes.choose(self._held, purposes.word(wanted), self._catalogue)
        evidence = purposes.evidence_for(purpose, self._held, extensions, self._catalogue)
        key = (purpose, *evidence.values())
        found = self._callers.get(key)
        if found is None:
            if len(self._callers) >= MAX_CALLERS:
                self._callers.clear()
                self._unsaid.clear()
            found = self._callers[key] = self._new(purpose, evidence)
        if unsaid:
            self._unsaid[wanted] = found
        return found

    def _instead(self, wanted: bytes | None, extensions: Mapping[str, Any], behalf: OnBehalf) -> Caller:
        """Who asks through a gateway: with no more than the gateway may, for no purpose where none is said."""
        purpose = None if wanted is None else purposes.choose(self._held, purposes.word(wanted), self._catalogue)
        evidence = purposes.evidence_for(purpose, self._held, extensions, self._catalogue)
        return replace(
            self._new(purpose, evidence), client_class=behalf.client_class, scopes=self._scopes & behalf.scopes,
            own=None, delegated=behalf.delegated,
        )  # fmt: skip

    def _new(self, purpose: str | None, evidence: Mapping[str, str]) -> Caller:
        client = self.client
        return Caller(
            id=client.id,
            client_class=client.client_class,
            region=client.region,
            scopes=self._scopes,
            purpose=purpose,
            evidence=evidence,
            own=self._own,
            issuer=client.issuer,
            token_id=self._id,
            terms=client.terms,
        )


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
