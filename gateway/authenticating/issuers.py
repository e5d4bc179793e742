"""Who may speak: the issuers of HOME/clients.yaml, as entries of the file and as what the rest of this room reads.

An access token's issuer vouches by signature (`jwks`), by answering questions (`introspection`), or both. A token
that cannot be read belongs to at most one issuer, which its beginning tells: it is never shown to another. A
consent issuer says who has agreed to what; it issues no access tokens by standing here. Addresses come over TLS,
secrets by reference only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from connectors.spelling import is_reference
from policies.findings import Document

Algorithm = Literal["ES256", "PS256", "EdDSA", "RS256"]
DEFAULT_ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "PS256", "EdDSA")
ConsentAlgorithm = Literal["ES256", "EdDSA"]
ClientAuth = Literal["private_key_jwt", "client_secret_basic"]
LONGEST_LIFETIME = timedelta(days=1)
LONGEST_FAPI = timedelta(hours=1)
LONGEST_CONSENT = timedelta(days=1100)  # three years
LONGEST_KEPT = timedelta(minutes=1)  # a consent's withdrawal is never later known than this
LONGEST_BELIEVED = timedelta(seconds=5)  # nor a token's revocation than this
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Introspection:
    """Where an issuer answers questions about its tokens (RFC 7662), and as whom this gateway asks.

    `secret` refers to a private key or a shared secret, by `auth`. It is asked about `opaque` tokens, which begin with
    `prefix` (empty where all such tokens are this issuer's), or about `signed` ones too, or about both; an answer is
    believed for `keep` seconds.
    """

    endpoint: str
    client_id: str
    auth: ClientAuth
    secret: str
    opaque: bool
    signed: bool
    prefix: str
    keep: float


@dataclass(frozen=True, slots=True)
class Issuer:
    """One signer: where its keys are (empty: it has none), which algorithms it may use, how long its tokens may live.

    Algorithms are in today's names: EdDSA, which leaves the curve open, is read as Ed25519 (RFC 9864).
    """

    issuer: str
    jwks: str
    algorithms: frozenset[str]
    max_lifetime: float  # seconds


@dataclass(frozen=True, slots=True)
class TokenIssuer(Issuer):
    """An authorization server."""

    introspection: Introspection | None = None


@dataclass(frozen=True, slots=True)
class ConsentIssuer(Issuer):
    """A consent service. `status_lists` is the one address of its status lists, or, ending in `/`, their folder;
    `keep_status` is how many seconds a list may be believed without asking again, 0 for not at all."""

    status_lists: str
    keep_status: float


def present_name(algorithm: str) -> str:
    return "Ed25519" if algorithm == "EdDSA" else algorithm


def _length(shortest: int, longest: timedelta, said: str) -> BeforeValidator:
    """A length of time in the file -> seconds; `said` is the longest as one would write it."""

    def seconds(value: object) -> float:
        match = re.fullmatch(r"(\d{1,5})(s|m|h|d)", value) if isinstance(value, str) else None
        if match is None:
            raise ValueError("a length of time such as `30s`, `10m` or `1h` is expected")
        found = int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
        if not shortest <= found <= longest.total_seconds():
            raise ValueError(f"between `{shortest}s` and `{said}` is expected")
        return float(found)

    return BeforeValidator(seconds)


def _reference(value: object) -> object:
    if not is_reference(value):
        raise ValueError("a literal is refused here; write a reference, `env:NAME` or `secret:path`")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class IntrospectionEntry(Entry):
    endpoint: Text
    client_id: Text
    auth: ClientAuth
    secret: Annotated[str, BeforeValidator(_reference)]
    ask: Literal["opaque", "signed", "always"] = "opaque"
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_~+-]{2,32}$")] | None = None
    keep_status: Annotated[float, _length(0, LONGEST_BELIEVED, "5s")] = 4.0

    def read(self) -> Introspection:
        return Introspection(
            endpoint=self.endpoint,
            client_id=self.client_id,
            auth=self.auth,
            secret=self.secret,
            opaque=self.ask != "signed",
            signed=self.ask != "opaque",
            prefix=self.prefix or "",
            keep=self.keep_status,
        )


class IssuerEntry(Entry):
    issuer: Text
    jwks: Text | None = None
    algorithms: tuple[Algorithm, ...] = Field(DEFAULT_ALGORITHMS, min_length=1)
    max_lifetime: Annotated[float, _length(1, LONGEST_LIFETIME, "24h")] = 3600.0
    introspection: IntrospectionEntry | None = None
    state: Literal["live", "frozen"] = "live"

    def read(self) -> TokenIssuer:
        algorithms = frozenset(map(present_name, self.algorithms))
        point = self.introspection.read() if self.introspection else None
        return TokenIssuer(self.issuer, self.jwks or "", algorithms, self.max_lifetime, point)


class ConsentIssuerEntry(Entry):
    issuer: Text
    jwks: Text
    status_lists: Text
    algorithms: tuple[ConsentAlgorithm, ...] = Field(("ES256", "EdDSA"), min_length=1)
    max_lifetime: Annotated[float, _length(1, LONGEST_CONSENT, "1100d")] = 366 * 86400.0
    keep_status: Annotated[float, _length(0, LONGEST_KEPT, "60s")] = 0.0

    def read(self) -> ConsentIssuer:
        algorithms = frozenset(map(present_name, self.algorithms))
        return ConsentIssuer(self.issuer, self.jwks, algorithms, self.max_lifetime, self.status_lists, self.keep_status)


def findings(
    document: Document, issuers: Sequence[IssuerEntry], consent_issuers: Sequence[ConsentIssuerEntry]
) -> Iterable[str]:
    """What is wrong beyond the shape of one entry, as `file:line`."""
    yield from _of_addresses(document, "issuers", issuers)
    yield from _of_addresses(document, "consentIssuers", consent_issuers)
    for place, entry in enumerate(issuers):
        if entry.jwks is None and entry.introspection is None:
            yield f"{document.where(['issuers', place])}: `jwks` or `introspection` is needed to believe this issuer"
        if entry.jwks is None and entry.introspection and entry.introspection.ask != "opaque":
            where = document.where(["issuers", place, "introspection", "ask"])
            yield f"{where}: `ask`: without `jwks` no signed token is believed; add it, or write `opaque`"
    yield from _of_prefixes(document, issuers)


def fapi_findings(document: Document, issuers: Sequence[IssuerEntry]) -> Iterable[str]:
    """What the FAPI 2.0 security profile does not let an issuer do (5.4.1): weaker algorithms; here also long lives."""
    for place, entry in enumerate(issuers):
        for number, algorithm in enumerate(entry.algorithms):
            if algorithm not in DEFAULT_ALGORITHMS:
                where = document.where(["issuers", place, "algorithms", number])
                yield f"{where}: the profile `fapi` takes no `{algorithm}`; use {', '.join(DEFAULT_ALGORITHMS)}"
        if entry.max_lifetime > LONGEST_FAPI.total_seconds():
            where = document.where(["issuers", place, "maxLifetime"])
            yield f"{where}: under the profile `fapi` a token lives for an hour at most; write `1h` or less"


def _of_addresses(
    document: Document, section: str, entries: Sequence[IssuerEntry | ConsentIssuerEntry]
) -> Iterable[str]:
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        addresses: dict[tuple[str, ...], str | None] = {("issuer",): entry.issuer, ("jwks",): entry.jwks}
        if isinstance(entry, ConsentIssuerEntry):
            addresses["statusLists",] = entry.status_lists
        elif entry.introspection is not None:
            addresses["introspection", "endpoint"] = entry.introspection.endpoint
        for words, address in addresses.items():
            if address is not None and (problem := _address_problem(address)):
                yield f"{document.where([section, place, *words])}: `{words[-1]}`: {problem}"
        if entry.issuer in seen:
            yield f"{document.where([section, place, 'issuer'])}: this issuer stands twice; keep one entry"
        seen.add(entry.issuer)


def _of_prefixes(document: Document, issuers: Sequence[IssuerEntry]) -> Iterable[str]:
    """A token that cannot be read must lead to one issuer: no secret of one partner is shown to another."""
    points = enumerate(entry.introspection for entry in issuers)
    asked = [(place, point) for place, point in points if point is not None and point.ask != "signed"]
    if len(asked) < 2:
        return
    for place, point in asked:
        where = document.where(["issuers", place, "introspection", "prefix"])
        if point.prefix is None:
            yield f"{where}: `prefix` is missing: of two such issuers, a token's beginning tells which one's it is"
            continue
        for other, another in asked:
            if other != place and another.prefix and point.prefix.startswith(another.prefix):
                yield f"{where}: `prefix`: tokens that begin so are another issuer's already; choose another one"
                break


def _address_problem(address: str) -> str:
    """Keys decide who is believed, so they come over TLS; plain http only from this very machine."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "not an address; write `https://...`"
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        return "an address without user, password and fragment is expected"
    if parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK):
        return ""
    return "`https` is required; `http` only on loopback"
