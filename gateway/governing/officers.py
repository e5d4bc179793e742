"""HOME/officers.yaml: who may submit, approve and activate, and by which key each is known.

The file is the root of all trust in a change; whoever may write it may become anybody, so it belongs to the operator
and to nobody else. An officer who leaves keeps the entry, with `until`: what was signed before stays proved. Read
strictly; every finding says file and line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from connectors.registry import region_prefix
from gateway.documents import Document, DocumentError, suggestion
from gateway.governing.signing import Verifier, verifier
from policies.catalogue_entries import Said
from policies.conditions import midnight

FILE = "officers.yaml"
AUTHOR, APPROVER, LAW, OPERATOR = "policy.author", "policy.approver", "law.officer", "operator"
POLICY = (AUTHOR, APPROVER, LAW, OPERATOR)  # who may change policies
PLATFORM_OPERATOR, PLATFORM_APPROVER = "platform.operator", "platform.approver"
PLATFORM = (PLATFORM_OPERATOR, PLATFORM_APPROVER)  # who may change which platforms are asked, in their regions alone
ROLES = POLICY + PLATFORM


@dataclass(frozen=True, slots=True)
class Officer:
    """A person. `region` is the two digits of the province that they speak for; `until` is exclusive. `regions` are the
    six digits of the areas whose platforms they may change, the areas below included."""

    id: str
    name: str
    public: str
    key: Verifier
    roles: frozenset[str]
    region: str
    since: datetime | None
    until: datetime | None
    regions: tuple[str, ...] = ()

    def serves(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def may(self, roles: Collection[str], province: str, at: datetime) -> bool:
        """Whether this person speaks for a province in one of these roles at an instant."""
        return bool(self.roles & set(roles)) and self.region == province and self.serves(at)

    def covers(self, region: str) -> bool:
        """Whether a platform's region lies in one of this person's."""
        return any(region.startswith(region_prefix(mine)) for mine in self.regions)

    def runs(self, roles: Collection[str], region: str, at: datetime) -> bool:
        """Whether this person may change platforms of a region, in one of these roles, at an instant."""
        return bool(self.roles & set(roles)) and self.covers(region) and self.serves(at)


@dataclass(frozen=True, slots=True)
class Officers:
    """The registry, by id."""

    by_id: Mapping[str, Officer]

    def of_key(self, public: str) -> Officer | None:
        return next((officer for officer in self.by_id.values() if officer.public == public), None)

    def operated(self, region: str) -> bool:
        """Whether anybody is, was or will be named to operate platforms of a region."""
        return any(PLATFORM_OPERATOR in each.roles and each.covers(region) for each in self.by_id.values())


def _day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("a day such as 2026-10-01 is expected, without quotes")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class _OfficerEntry(Said):
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    key: str
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    region: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]$")]
    since: Day | None = None
    until: Day | None = None
    regions: tuple[Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")], ...] = ()


class _File(Said):
    officers: dict[Id, _OfficerEntry]


def load_officers(home: Path) -> Officers:
    """The officers of a home; none when there is no such file. Raises DocumentError with every finding."""
    try:
        return _read((home / FILE).read_bytes())
    except FileNotFoundError:
        return Officers({})
    except OSError as error:
        raise DocumentError([f"{FILE}:1: cannot be read ({error.strerror})"]) from None


@lru_cache(4)  # the same bytes are the same officers, and are asked for at every step
def _read(raw: bytes) -> Officers:
    return read_officers(Document(FILE, raw))


def read_officers(document: Document) -> Officers:
    """Raises DocumentError with every finding."""
    file = document.read(_File)
    findings = list(_findings(document, file))
    if findings:
        raise DocumentError(findings)
    return Officers(
        {
            name: Officer(
                id=name,
                name=entry.name,
                public=entry.key,
                key=verifier(entry.key),
                roles=frozenset(entry.roles),
                region=entry.region,
                since=midnight(entry.since) if entry.since else None,
                until=midnight(entry.until) if entry.until else None,
                regions=entry.regions,
            )
            for name, entry in file.officers.items()
        }
    )


def _findings(document: Document, file: _File) -> Iterator[str]:
    keys: dict[str, str] = {}
    for name, entry in file.officers.items():
        for place, role in enumerate(entry.roles):
            if role not in ROLES:
                where = document.where(["officers", name, "roles", place])
                yield f"{where}: unknown role `{role}`{suggestion(role, ROLES)}"
        if bool(entry.regions) != any(role in PLATFORM for role in entry.roles):
            where = document.where(["officers", name, "regions"])
            yield f"{where}: `regions` and a role `platform.…` belong together: whose platforms may they change?"
        for place, region in enumerate(entry.regions):
            if not region.startswith(entry.region):
                where = document.where(["officers", name, "regions", place])
                yield f"{where}: `{region}` does not lie in province {entry.region}, for which this person speaks"
        try:
            verifier(entry.key)
        except ValueError as error:
            yield f"{document.where(['officers', name, 'key'])}: {error}"
        other = keys.setdefault(entry.key, name)
        if other != name:
            where = document.where(["officers", name, "key"])
            yield f"{where}: the key of `{other}`; every person has a key of their own"
        if entry.since and entry.until and entry.until <= entry.since:
            yield f"{document.where(['officers', name, 'until'])}: `until` must be after `since`"
