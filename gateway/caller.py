"""Who asks: the caller of one request, its consents, and the terms on which it is registered. Frozen values.

Everything here was verified or registered; nothing is what a request merely claims.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from connectors.contract import SubjectKey
from connectors.delegation import Hop

LIVE, SANDBOX, FROZEN = "live", "sandbox", "frozen"
STATES = (LIVE, SANDBOX, FROZEN)  # ever stricter: of a client's state and its member's the later one counts


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a client may ask; None where nothing is agreed. A day is a calendar day in Asia/Shanghai."""

    per_minute: int | None = None  # requests, in any sixty seconds
    per_day: int | None = None  # requests
    subjects_per_day: int | None = None  # distinct ones, of all its operators
    per_operator: int | None = None  # distinct subjects that one named operator asks about in a day


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a client is registered, beyond its class, region, scopes and purposes."""

    state: str = LIVE
    types: frozenset[str] | None = None  # record types that it may ask at all; None: no ceiling
    quota: Quota | None = None

    @property
    def sandbox(self) -> bool:
        return self.state == SANDBOX

    def covers(self, type_name: str) -> bool:
        return self.types is None or type_name in self.types


OPEN = Terms()


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that was verified for this caller: genuine, in its time, not withdrawn. It does not name its subject;
    `covers` tells whether a subject is meant. `purpose` and `types` are the consent service's words."""

    id: str  # the token's `jti`
    issuer: str
    purpose: str
    types: frozenset[str]  # record types
    until: float  # Unix seconds, exclusive
    salt: bytes
    digest: bytes  # SHA-256 of salt, the key's kind, `:` and its value
    token: str = field(default="", repr=False, compare=False)  # as it was signed, for a gateway that is asked in turn

    def covers(self, key: SubjectKey) -> bool:
        found = sha256(self.salt + f"{key.kind}:{key.value}".encode()).digest()
        return hmac.compare_digest(found, self.digest)


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """What became of a consent that came with a request."""

    id: str | None  # None where nothing genuine has told it
    state: str  # VALID | EXPIRED | NOT_YET | WITHDRAWN | NOT_FOR_YOU | NOT_VERIFIED | MALFORMED


@dataclass(frozen=True, slots=True)
class Delegated:
    """That a gateway asks on somebody's behalf, which only a registered one may. `asker` is who asked first, by the id
    that the first gateway knows it by; `hops` are the gateways since, the first one first."""

    asker: str
    hops: tuple[Hop, ...]
    policies: tuple[str, ...]  # those by which the gateway that asks would answer
    until: float  # monotonic seconds; a later answer is of no use to it


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks and for what. Everything but `own` and the token's id comes from the gateway's registry; of somebody on
    whose behalf a gateway asks, the class is what that gateway says, among those that it may ask for.
    """

    id: str  # the client's id in clients.yaml, `public` without a token
    client_class: str
    region: str | None
    scopes: frozenset[str]
    purpose: str | None
    evidence: Mapping[str, str]  # operator, caseNo: what the purpose requires
    own: SubjectKey | None  # the verified key of the data subject itself
    issuer: str | None = None
    token_id: str | None = None
    consents: tuple[Consent, ...] = ()  # verified ones only
    given_consents: tuple[GivenConsent, ...] = ()  # all, in the order given
    terms: Terms = OPEN
    delegated: Delegated | None = None

    @property
    def until(self) -> float:
        """Monotonic seconds after which an answer is of no use to who asks, where it says so."""
        return math.inf if self.delegated is None else self.delegated.until

    @property
    def partner(self) -> str:
        """Who gets the answer: two of them can join neither pseudonyms nor ids, nor use each other's cursors."""
        far = self.delegated
        return self.id if far is None else f"{self.id} {far.hops[0].gateway} {far.asker}"
