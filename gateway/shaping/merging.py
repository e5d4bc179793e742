"""Rows of several platforms -> records of one connection, each decision once.

Row rules and masks are applied to each platform's rows under its own ruling, before anything is merged, so
a field denied from one platform is never filled from another. A decision that one platform says is, for
instance, repaired is hidden although another still holds it as active: the state that closes prevails.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connectors.contract import Platform, Row, SubjectKey
from gateway.model import Branch, Reply, Ruling
from policies import identifiers
from policies.masks import mask
from policies.model import ALLOW, UNKNOWN_CONTROL, RecordType
from policies.rows import judge

SOURCE_UNIT = "sourceUnit"
AREA = "areaCode"
SHANGHAI = ZoneInfo("Asia/Shanghai")  # every instant is told in the zone of the records


@dataclass(slots=True)
class Record:
    """One decision, masked and JSON-ready; `order` is its date as text, or empty."""

    id: str
    order: str
    subject: SubjectKey
    shifting: bool  # its copies bear different dates: its place in the order depends on who answers
    values: dict[str, Any]
    marks: tuple[str, ...]
    provenance: list[dict[str, Any]] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Copy:
    """One platform's row that may be shown, still under its own ruling."""

    row: Row
    ruling: Ruling
    platform: Platform
    as_of: datetime | None
    marks: tuple[str, ...]

    def rank(self, record: RecordType) -> tuple[bool, str, str]:
        """Authority of record first, then the copy that its source touched last, then by id: never by chance."""
        updated = self.row.values.get(record.roles.updated) if record.roles.updated else None
        newest = "" if updated is None else "".join(chr(0x10FFFF - ord(c)) for c in ready(updated))
        return record.name not in self.platform.authority_of, newest or "\U0010ffff", self.platform.id


@dataclass(frozen=True, slots=True)
class Merger:
    """Merges for one caller: `record_key` makes ids opaque per caller, `pseudonym` masks per partner and purpose."""

    caller: str
    record_key: bytes
    pseudonym: Callable[[str], str]
    bands: tuple[str, ...]
    at: datetime

    def merge(self, record: RecordType, branch: Branch, heard: list[tuple[Ruling, Platform, Reply]]) -> list[Record]:
        """Records in no particular order. The order key is empty when any platform's date is not held in full."""
        copies: dict[tuple[Any, ...], list[Copy]] = {}
        closed: set[tuple[Any, ...]] = set()
        for ruling, platform, reply in heard:
            for row in reply.rows:
                identity = self._identity(record, platform, row)
                birth = identifiers.birth_date(row.subject.value) if row.subject.kind == "citizenId" else None
                verdict = judge(ruling.rows, record, row.values, birth, self.at)
                if not verdict.shown:
                    if verdict.rule != UNKNOWN_CONTROL:
                        closed.add(identity)  # also when it is outside the window: no filter opens what is closed
                elif not ruling.closing and self._asked_for(record, branch, row.values):
                    copies.setdefault(identity, []).append(Copy(row, ruling, platform, reply.as_of, verdict.labels))
        dated = all(ruling.dated for ruling, _, _ in heard if ruling.denied is None and not ruling.closing)
        return [
            self._record(record, branch, identity, sorted(found, key=lambda copy: copy.rank(record)), dated)
            for identity, found in copies.items()
            if identity not in closed
        ]

    def _asked_for(self, record: RecordType, branch: Branch, values: Mapping[str, Any]) -> bool:
        """The window and the name check, whether or not a platform pushed them down."""
        window, roles = branch.window, record.roles
        if window.statuses and values.get(roles.status) not in window.statuses:
            return False
        if window.since or window.until:
            when = values.get(roles.date or "")
            if when is None or (window.since and when < window.since) or (window.until and when > window.until):
                return False
        if window.counties and AREA in record.fields and not str(values.get(AREA)).startswith(window.counties):
            return False
        if branch.subject.name and roles.subject_name:
            held = values.get(roles.subject_name)
            return held is not None and identifiers.normalise_name(held) == identifiers.normalise_name(
                branch.subject.name
            )
        return True

    def _identity(self, record: RecordType, platform: Platform, row: Row) -> tuple[Any, ...]:
        values = [row.values.get(name) for name in record.roles.identity]
        if not values or any(value is None for value in values):
            return (row.subject.kind, row.subject.value, platform.id, row.id)
        return (row.subject.kind, row.subject.value, *(identifiers.normalise_name(str(ready(v))) for v in values))

    def _record(
        self, record: RecordType, branch: Branch, identity: tuple[Any, ...], copies: list[Copy], dated: bool
    ) -> Record:
        first = copies[0]
        values = self._values(record, copies)
        order = ready(first.row.values.get(record.roles.date or "")) or "" if dated else ""
        if branch.seek is not None and branch.seek.op == "contains":
            order = _nearness(branch.seek.values[0], str(first.row.values.get(branch.seek.field)))
        shifting = dated and len({copy.row.values.get(record.roles.date or "") for copy in copies}) > 1
        digest = hmac.digest(
            self.record_key, orjson.dumps([self.caller, record.name, *identity], default=str), "sha256"
        )
        marks = tuple(sorted({label for copy in copies for label in copy.marks}))
        made = Record(base64.b32encode(digest[:15]).decode().lower(), order, first.row.subject, shifting, values, marks)
        for copy in copies:
            made.platforms.append(copy.platform.id)
            made.provenance.append(self._provenance(record, copy))
        return made

    def _values(self, record: RecordType, copies: list[Copy]) -> dict[str, Any]:
        """Each field from the first copy that has it; a nested object whole from the first copy that has any of it."""
        groups: dict[str, list[str]] = {}
        for name, decision in copies[0].ruling.decisions.items():
            if decision.answered:
                groups.setdefault(name.partition(".")[0], []).append(name)
        values: dict[str, Any] = {}
        for group, names in groups.items():
            for copy in copies:
                found = {name: self._shown(record, copy, name) for name in names}
                if any(value is not None for value in found.values()):
                    values[group] = _nested(record, group, found) if group in record.objects else found[group]
                    break
        return values

    def _shown(self, record: RecordType, copy: Copy, name: str) -> Any:
        """The value of a field under the copy's own ruling, masked and JSON-ready; None when it is not answered."""
        decision = copy.ruling.decisions.get(name)
        value = copy.row.values.get(name)
        if decision is None or not decision.answered or value is None:
            return None
        if decision.effect == ALLOW:
            return ready(value)
        items = value if record.fields[name].many else (value,)
        masked = [None if item is None else mask(decision.effect, item, self.bands, self.pseudonym) for item in items]
        return masked if record.fields[name].many else masked[0]

    def _provenance(self, record: RecordType, copy: Copy) -> dict[str, Any]:
        updated = record.roles.updated
        return {
            "platform": copy.platform.id,
            "region": copy.platform.region,
            "sourceUnit": self._shown(record, copy, SOURCE_UNIT),
            "authority": record.name in copy.platform.authority_of,
            "asOf": ready(copy.as_of),
            "sourceUpdatedAt": self._shown(record, copy, updated) if updated else None,
        }


def _nearness(sought: str, name: str) -> str:
    """The order of matches: the whole name, then names that begin so, then others, each by name."""
    held = identifiers.normalise_name(name)
    return f"{0 if held == sought else 1 if held.startswith(sought) else 2}{held}"


def _nested(record: RecordType, group: str, found: Mapping[str, Any]) -> Any:
    """The object, or the list of objects, that columns of equal length stand for; withheld fields are not there."""
    leaves = [name.partition(".")[2] for name in found]
    if not record.objects[group].many:
        return dict(zip(leaves, found.values(), strict=True))
    columns = [column or () for column in found.values()]
    return [dict(zip(leaves, row, strict=True)) for row in zip_longest(*columns)]


def ready(value: Any) -> Any:
    """A catalogue value as JSON-ready text, number or flag. `date.max` is open-ended: 9999-12-31."""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [ready(item) for item in value]
    return value
