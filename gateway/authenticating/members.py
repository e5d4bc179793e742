"""Members, the organisations behind clients, and the terms that a client is registered on: HOME/clients.yaml, read.

A member is one organisation with its code and its region; what is frozen of it freezes all its clients. A client's
ceiling of record types, its quotas and its state can only take away from what rules grant, never add to it. Whoever
passes on what it was told must have a contract and quotas here, or the file is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from gateway.authenticating.issuers import Entry, Text
from gateway.caller import STATES, Quota, Terms
from policies import identifiers
from policies.catalogue_entries import is_written
from policies.findings import Document
from policies.model import Catalogue, Words

State = Literal["live", "sandbox", "frozen"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
# 征信业管理条例 第二十条、第二十一条; 山东省社会信用条例 第十八条、第四十六条
CONTRACTED = frozenset({"creditBureau", "creditService"})

_Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation. `uscc` is its unified social credit code, `region` six digits of GB/T 2260."""

    id: str
    title: Words
    uscc: str
    region: str
    state: str


class Title(Entry):
    zh: Text
    en: Text


class MemberEntry(Entry):
    title: Title
    uscc: Text
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    state: State = "live"

    def read(self, name: str) -> Member:
        return Member(name, Words(self.title.zh, self.title.en), self.uscc, self.region, self.state)


class QuotaEntry(Entry):
    per_minute: _Count | None = None
    per_day: _Count | None = None
    subjects_per_day: _Count | None = None
    per_operator_subjects_per_day: _Count | None = None

    bounded = field_validator("*", mode="before")(is_written)


def terms(state: State, types: Sequence[str] | None, quota: QuotaEntry | None, member: MemberEntry | None) -> Terms:
    """What a client's entry and its member's come to: the stricter of both states."""
    strictest = max(state, member.state if member else state, key=STATES.index)
    agreed = None
    if quota is not None:
        per_operator = quota.per_operator_subjects_per_day
        agreed = Quota(quota.per_minute, quota.per_day, quota.subjects_per_day, per_operator)
    return Terms(strictest, None if types is None else frozenset(types), agreed)


def lacking(client_class: str, *, contract: str | None, quota: QuotaEntry | None) -> Iterable[str]:
    """What a client of this class must have and has not."""
    if client_class not in CONTRACTED:
        return
    if contract is None:
        yield f"`contract` is missing: the class `{client_class}` asks under a contract; write the id of it"
    if quota is None or quota.subjects_per_day is None:
        yield f"`quota` is missing: the class `{client_class}` has agreed quotas; write `subjectsPerDay` at least"


def findings(document: Document, members: Mapping[str, MemberEntry], catalogue: Catalogue) -> Iterable[str]:
    """What the models cannot see: codes that no organisation can have or that come twice, regions of no province."""
    seen: dict[str, str] = {}
    for name, entry in members.items():
        where = ["members", name]
        if not identifiers.is_uscc(entry.uscc):
            yield f"{document.where([*where, 'uscc'])}: `uscc`: a character or the check character is wrong"
        elif seen.setdefault(entry.uscc, name) != name:
            yield f"{document.where([*where, 'uscc'])}: `{seen[entry.uscc]}` has this code already"
        if entry.region[:2] not in catalogue.provinces:
            yield f"{document.where([*where, 'region'])}: no province has the code `{entry.region[:2]}`"
