"""Who may ask: the registry of issuers and clients, read from HOME/clients.yaml.

Class, region and ceilings of a client are facts of this file alone, never claims of a token: an issuer
says who holds a token, the gateway's operator says what that client is. An issuer speaks only for the
clients that name it here. A consent issuer says who has agreed to what; it issues no access tokens by
standing here. Loading refuses the whole file with every finding at once, as `file:line`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from gateway.documents import DocumentError, suggestion
from policies.findings import Document
from policies.model import Catalogue, Words

Algorithm = Literal["ES256", "PS256", "EdDSA", "RS256"]
DEFAULT_ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "PS256", "EdDSA")
ConsentAlgorithm = Literal["ES256", "EdDSA"]
PUBLIC = "public"  # the id of who comes without a token; no client may take it
LONGEST_LIFETIME = timedelta(days=1)
LONGEST_CONSENT = timedelta(days=1100)  # three years
LONGEST_KEPT = timedelta(minutes=1)  # a withdrawal is never later known than this
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Issuer:
    """One authorization server: where its keys are, which algorithms it may use, how long its tokens may live.

    Algorithms are in today's names: EdDSA, which leaves the curve open, is read as Ed25519 (RFC 9864).
    """

    issuer: str
    jwks: str
    algorithms: frozenset[str]
    max_lifetime: float  # seconds


@dataclass(frozen=True, slots=True)
class ConsentIssuer(Issuer):
    """A consent service. `status_lists` is the one address of its status lists, or, ending in `/`, their folder;
    `keep_status` is how many seconds a list may be believed without asking again, 0 for not at all."""

    status_lists: str
    keep_status: float


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client. `id` is its key in the file; `client_id` is what its issuer calls it."""

    id: str
    issuer: str
    client_id: str
    client_class: str
    region: str | None
    title: Words
    scopes: frozenset[str]
    purposes: frozenset[str]
    subject_claim: bool


@dataclass(frozen=True, slots=True)
class Clients:
    """The registry. An issuer is found by its exact name, a client by (issuer, client id)."""

    issuers: Mapping[str, Issuer]
    by_token: Mapping[tuple[str, str], Client]
    consent_issuers: Mapping[str, ConsentIssuer] = field(default_factory=dict)

    def find(self, issuer: str, client_id: str) -> Client | None:
        return self.by_token.get((issuer, client_id))


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


_Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class _Title(_Entry):
    zh: _Text
    en: _Text


class _IssuerEntry(_Entry):
    issuer: _Text
    jwks: _Text
    algorithms: tuple[Algorithm, ...] = Field(DEFAULT_ALGORITHMS, min_length=1)
    max_lifetime: Annotated[float, _length(1, LONGEST_LIFETIME, "24h")] = 3600.0


class _ConsentIssuerEntry(_Entry):
    issuer: _Text
    jwks: _Text
    status_lists: _Text
    algorithms: tuple[ConsentAlgorithm, ...] = Field(("ES256", "EdDSA"), min_length=1)
    max_lifetime: Annotated[float, _length(1, LONGEST_CONSENT, "1100d")] = 366 * 86400.0
    keep_status: Annotated[float, _length(0, LONGEST_KEPT, "60s")] = 0.0


class _ClientEntry(_Entry):
    issuer: _Text
    client_id: _Text
    client_class: _Text = Field(alias="class")
    region: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None
    title: _Title
    scopes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    subject_claim: bool = False


class _File(_Entry):
    issuers: tuple[_IssuerEntry, ...]
    consent_issuers: tuple[_ConsentIssuerEntry, ...] = ()
    clients: dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)], _ClientEntry]


def load_clients(document: Document, catalogue: Catalogue) -> Clients:
    """Read and check HOME/clients.yaml against the catalogue's words. Raises DocumentError with every finding."""
    file = document.read(_File)
    findings = [*_issuer_findings(document, file), *_client_findings(document, file, catalogue)]
    if findings:
        raise DocumentError(findings)
    issuers = {
        entry.issuer: Issuer(
            entry.issuer, entry.jwks, frozenset(map(present_name, entry.algorithms)), entry.max_lifetime
        )
        for entry in file.issuers
    }
    clients = {
        (entry.issuer, entry.client_id): Client(
            id=name,
            issuer=entry.issuer,
            client_id=entry.client_id,
            client_class=entry.client_class,
            region=entry.region,
            title=Words(entry.title.zh, entry.title.en),
            scopes=frozenset(entry.scopes),
            purposes=frozenset(entry.purposes),
            subject_claim=entry.subject_claim,
        )
        for name, entry in file.clients.items()
    }
    consent_issuers = {
        entry.issuer: ConsentIssuer(
            entry.issuer,
            entry.jwks,
            frozenset(map(present_name, entry.algorithms)),
            entry.max_lifetime,
            entry.status_lists,
            entry.keep_status,
        )
        for entry in file.consent_issuers
    }
    return Clients(issuers, clients, consent_issuers)


def _issuer_findings(document: Document, file: _File) -> Iterable[str]:
    sections: Mapping[str, Sequence[_IssuerEntry | _ConsentIssuerEntry]] = {
        "issuers": file.issuers,
        "consentIssuers": file.consent_issuers,
    }
    for section, entries in sections.items():
        seen: set[str] = set()
        for place, entry in enumerate(entries):
            addresses = {"issuer": entry.issuer, "jwks": entry.jwks}
            if isinstance(entry, _ConsentIssuerEntry):
                addresses["statusLists"] = entry.status_lists
            for word, address in addresses.items():
                if problem := _address_problem(address):
                    yield f"{document.where([section, place, word])}: `{word}`: {problem}"
            if entry.issuer in seen:
                yield f"{document.where([section, place, 'issuer'])}: this issuer stands twice; keep one entry"
            seen.add(entry.issuer)


def _client_findings(document: Document, file: _File, catalogue: Catalogue) -> Iterable[str]:
    issuers = {entry.issuer for entry in file.issuers}
    seen: dict[tuple[str, str], str] = {}
    for name, entry in file.clients.items():
        if name == PUBLIC:
            yield f"{document.where(['clients', name])}: `{PUBLIC}` is who comes without a token; choose another id"
        yield from _unknown(document, name, "issuer", [entry.issuer], issuers)
        yield from _unknown(document, name, "class", [entry.client_class], catalogue.client_classes)
        yield from _unknown(document, name, "scopes", entry.scopes, catalogue.scopes)
        yield from _unknown(document, name, "purposes", entry.purposes, catalogue.purposes)
        if entry.region is not None and entry.region[:2] not in catalogue.provinces:
            yield f"{document.where(['clients', name, 'region'])}: no province has the code `{entry.region[:2]}`"
        if entry.subject_claim and entry.client_class != "subject":
            yield (
                f"{document.where(['clients', name, 'subjectClaim'])}: `subjectClaim` is for the class `subject` alone;"
                " remove it or change the class"
            )
        other = seen.setdefault((entry.issuer, entry.client_id), name)
        if other != name:
            yield f"{document.where(['clients', name, 'clientId'])}: `{other}` has this issuer and client id already"


def _unknown(document: Document, client: str, key: str, words: Sequence[str], known: Collection[str]) -> Iterable[str]:
    for place, word in enumerate(words):
        if word not in known:
            where = document.where(["clients", client, key, place])
            yield f"{where}: unknown word `{word}` for `{key}`{suggestion(word, known)}"


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
