"""Who may ask: the registry of issuers and clients, read from HOME/clients.yaml.

Class, region and ceilings of a client are facts of this file alone, never claims of a token: an issuer
says who holds a token, the gateway's operator says what that client is. An issuer speaks only for the
clients that name it here. Loading refuses the whole file with every finding at once, as `file:line`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from gateway.authenticating import delegating, issuers, members
from gateway.authenticating.delegating import Delegates, DelegatesEntry
from gateway.authenticating.issuers import ConsentIssuer, ConsentIssuerEntry, Entry, IssuerEntry, Text, TokenIssuer
from gateway.authenticating.members import Id, Member, MemberEntry, QuotaEntry, State, Title
from gateway.caller import OPEN, Terms
from gateway.documents import DocumentError, suggestion
from policies.catalogue_entries import is_written
from policies.findings import Document
from policies.model import Catalogue, Words

PUBLIC = "public"  # the id of who comes without a token; no client may take it


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client. `id` is its key in the file; `client_id` is what its issuer calls it. `attestation` and
    `contract` are the ids of papers that the operator keeps."""

    id: str
    issuer: str
    client_id: str
    client_class: str
    region: str | None
    title: Words
    scopes: frozenset[str]
    purposes: frozenset[str]
    subject_claim: bool
    member: str | None = None
    attestation: str | None = None
    contract: str | None = None
    terms: Terms = OPEN
    delegates: Delegates | None = None  # where it is a gateway


@dataclass(frozen=True, slots=True)
class Clients:
    """The registry. An issuer is found by its exact name, a client by (issuer, client id), a member by its id."""

    issuers: Mapping[str, TokenIssuer]
    by_token: Mapping[tuple[str, str], Client]
    consent_issuers: Mapping[str, ConsentIssuer] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)

    def find(self, issuer: str, client_id: str) -> Client | None:
        return self.by_token.get((issuer, client_id))

    def issuer_of_opaque(self, token: str) -> TokenIssuer | None:
        """Whose a token is that cannot be read: its beginning tells, and the registry has no two answers."""
        for issuer in self.issuers.values():
            point = issuer.introspection
            if point is not None and point.opaque and token.startswith(point.prefix):
                return issuer
        return None


class _ClientEntry(Entry):
    issuer: Text
    client_id: Text
    client_class: Text = Field(alias="class")
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    title: Title
    scopes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    subject_claim: bool = False
    member: str | None = None
    types: tuple[str, ...] | None = None
    attestation: Text | None = None
    contract: Text | None = None
    quota: QuotaEntry | None = None
    state: State = "live"
    delegates: DelegatesEntry | None = None

    bounded = field_validator("types", "quota", mode="before")(is_written)


class _File(Entry):
    issuers: tuple[IssuerEntry, ...]
    consent_issuers: tuple[ConsentIssuerEntry, ...] = ()
    members: dict[Id, MemberEntry] = Field(default_factory=dict)
    clients: dict[Id, _ClientEntry]


def load_clients(document: Document, catalogue: Catalogue, *, fapi: bool = False) -> Clients:
    """Read and check HOME/clients.yaml against the catalogue's words, and with `fapi` against the profile of that name.

    Raises DocumentError with every finding.
    """
    file = document.read(_File)
    findings = [
        *issuers.findings(document, file.issuers, file.consent_issuers),
        *(issuers.fapi_findings(document, file.issuers) if fapi else ()),
        *members.findings(document, file.members, catalogue),
        *_client_findings(document, file, catalogue),
    ]
    if findings:
        raise DocumentError(findings)
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
            member=entry.member,
            attestation=entry.attestation,
            contract=entry.contract,
            terms=members.terms(entry.state, entry.types, entry.quota, file.members.get(entry.member or "")),
            delegates=entry.delegates.read() if entry.delegates else None,
        )
        for name, entry in file.clients.items()
    }
    return Clients(
        {entry.issuer: entry.read() for entry in file.issuers if entry.state == "live"},  # a frozen one speaks for none
        clients,
        {entry.issuer: entry.read() for entry in file.consent_issuers},
        {name: entry.read(name) for name, entry in file.members.items()},
    )


def _client_findings(document: Document, file: _File, catalogue: Catalogue) -> Iterable[str]:
    known = {entry.issuer for entry in file.issuers}
    seen: dict[tuple[str, str], str] = {}
    for name, entry in file.clients.items():
        if name == PUBLIC:
            yield f"{document.where(['clients', name])}: `{PUBLIC}` is who comes without a token; choose another id"
        yield from _unknown(document, name, "issuer", [entry.issuer], known)
        yield from _unknown(document, name, "class", [entry.client_class], catalogue.client_classes)
        yield from _unknown(document, name, "scopes", entry.scopes, catalogue.scopes)
        yield from _unknown(document, name, "purposes", entry.purposes, catalogue.purposes)
        yield from _unknown(document, name, "types", entry.types or (), catalogue.types)
        yield from _unknown(document, name, "member", [entry.member] if entry.member else [], file.members)
        yield from delegating.findings(document, name, entry.delegates, catalogue)
        lacking = members.lacking(entry.client_class, contract=entry.contract, quota=entry.quota)
        yield from (f"{document.where(['clients', name])}: {words}" for words in lacking)
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
