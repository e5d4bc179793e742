"""Rows of several platforms -> records of one connection, each decision once.

Row rules and masks are applied to each platform's rows under its own ruling, before anything is merged, so
a field denied from one platform is never filled from another. A decision that one platform says is, for
instance, repaired is hidden although another still holds it as active: the state that closes prevails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

import orjson

from connectors.contract import Row, SubjectKey
from gateway.model import Branch, Reply
from gateway.shaping import afar
from gateway.shaping.binding import SHANGHAI, SOURCE_UNIT, Bound, ready
from gateway.shaping.narrowing import asked_for, choosing, named_so
from policies import identifiers
from policies.keyed import Keyed
from policies.model import UNKNOWN_CONTROL, Judgement, RecordType


@dataclass(slots=True)
class Record:
    """One decision, masked and JSON-ready; `order` is its date as text, or empty."""

    id: str
    order: str
    subject: SubjectKey
    shifting: bool  # its copies bear different dates, or names: its place in the order depends on who answers
    values: dict[str, Any]
    marks: tuple[str, ...]
    provenance: list[dict[str, Any]] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Copy:
    """One platform's row that may be shown, still under its own ruling."""

    row: Row
    bound: Bound
    as_of: datetime | None
    marks: tuple[str, ...]

    def rank(self) -> tuple[bool, str, str, str]:
        """Authority of record first, then the copy that its source touched last, then by platform and row: never by
        chance."""
        role = self.bound.record.roles.updated
        updated = self.row.values.get(role) if role else None
        newest = "" if updated is None else "".join(chr(0x10FFFF - ord(c)) for c in ready(updated))
        return not self.bound.authority, newest or "\U0010ffff", self.bound.platform.id, self.row.id


@dataclass(frozen=True, slots=True)
class Merger:
    """Merges for one caller: `ids` makes ids opaque per caller, `pseudonym` masks per partner and purpose."""

    caller: str
    ids: Keyed
    pseudonym: Callable[[str], str]
    at: datetime

    def merge(self, record: RecordType, branch: Branch, heard: Sequence[tuple[Bound, Reply]]) -> list[Record]:
        """Records in no particular order. The order key is empty when any platform's date is not held in full."""
        copies: dict[tuple[Any, ...], list[Copy]] = {}
        closed: set[tuple[Any, ...]] = set()
        chosen = choosing(record, branch)
        for bound, reply in heard:
            for row, identity, verdict in self._judged(record, bound, reply):
                if _closes(verdict):
                    closed.add(identity)  # also when it is outside the window: no filter opens what is closed
                elif verdict.shown and not bound.closing and (not chosen or named_so(record, branch, row.values)):
                    copies.setdefault(identity, []).append(Copy(row, bound, reply.as_of, verdict.labels))
        dated = _dated(heard)
        ranked = (
            (identity, found if len(found) == 1 else sorted(found, key=Copy.rank))
            for identity, found in copies.items()
            if identity not in closed
        )
        return [
            self._record(record, branch, identity, found, dated)
            for identity, found in ranked
            if not chosen or asked_for(record, branch, _told(found, chosen))
        ]

    def open_rows(self, record: RecordType, heard: Sequence[tuple[Bound, Reply]]) -> list[list[Row]]:
        """The rows of each reply whose decision no rule closes, there or in another platform's copy."""
        judged = [list(self._judged(record, bound, reply)) for bound, reply in heard]
        closed = {identity for rows in judged for _, identity, verdict in rows if _closes(verdict)}
        return [[row for row, identity, _ in rows if identity not in closed] for rows in judged]

    def _judged(
        self, record: RecordType, bound: Bound, reply: Reply
    ) -> Iterator[tuple[Row, tuple[Any, ...], Judgement]]:
        today = self.at.astimezone(SHANGHAI).date()
        for row in reply.rows:
            birth = identifiers.birth_date(row.subject.value) if row.subject.kind == "citizenId" else None
            yield row, _identity(record, bound, row), bound.judge.of(row.values, birth, today)

    def _record(
        self, record: RecordType, branch: Branch, identity: tuple[Any, ...], copies: list[Copy], dated: bool
    ) -> Record:
        first = copies[0]
        orders = [_order(record, branch, copy.row, dated) for copy in copies]
        name = orjson.dumps([self.caller, record.name, *identity], default=str)
        return Record(
            self.ids.digest(name)[:15].hex(),
            orders[0],
            first.row.subject,
            len(set(orders)) > 1,
            self._values(record, copies),
            tuple(sorted({label for copy in copies for label in copy.marks})),
            [
                self._provenance(record, copy, platform)
                for copy in copies
                for platform in afar.origins(copy.bound, copy.row)
            ]
            if branch.provenance
            else [],
            [platform for copy in copies for platform in {copy.bound.platform.id, *afar.origins(copy.bound, copy.row)}],
        )

    def _values(self, record: RecordType, copies: list[Copy]) -> dict[str, Any]:
        """Each field from the first copy that has it; a nested object whole from the first copy that has any of it."""
        first = copies[0]
        values: dict[str, Any] = {}
        held = first.row.values.get
        for name, show in first.bound.own:
            value = held(name)
            if value is not None:
                value = ready(value) if show is None else show(value, self.pseudonym)
            elif first.row.afar is not None:
                value = afar.masked(first.bound, first.row.afar, name)
            if value is None:
                value = next((v for copy in copies[1:] if (v := self._shown(copy, name)) is not None), None)
            if value is not None:
                values[name] = value
        for group, names in first.bound.nested.items():
            for copy in copies:
                found = {name: self._shown(copy, name) for name in names}
                if any(value is not None for value in found.values()):
                    values[group] = _nested(record, group, found)
                    break
        return values

    def _shown(self, copy: Copy, name: str) -> Any:
        """The value of a field under the copy's own ruling, masked and JSON-ready; None when it is not answered."""
        shows = copy.bound.shows
        if name not in shows:
            return None
        value, show = copy.row.values.get(name), shows[name]
        if value is None and copy.row.afar is not None:
            return afar.masked(copy.bound, copy.row.afar, name)
        return ready(value) if show is None else show(value, self.pseudonym)

    def _provenance(self, record: RecordType, copy: Copy, platform: str) -> dict[str, Any]:
        updated = record.roles.updated
        return {
            "platform": platform,
            "region": copy.bound.platform.region,
            "sourceUnit": self._shown(copy, SOURCE_UNIT),
            "authority": copy.bound.authority,
            "asOf": ready(copy.as_of),
            "sourceUpdatedAt": self._shown(copy, updated) if updated else None,
        }


def _identity(record: RecordType, bound: Bound, row: Row) -> tuple[Any, ...]:
    """Equal for the same decision at whatever platform; a row of which it is not known is a decision of its own."""
    key = row.subject
    values = [row.values.get(name) for name in record.roles.identity]
    if not values or None in values:
        return (key.kind, key.value, bound.platform.id, row.id)
    return (key.kind, key.value, *[identifiers.normalise_name(str(ready(value))) for value in values])


def _closes(verdict: Judgement) -> bool:
    """Whether a rule hides the decision; what is not known hides its own copy only."""
    return not verdict.shown and verdict.rule != UNKNOWN_CONTROL


def _told(copies: Sequence[Copy], names: Iterable[str]) -> dict[str, Any]:
    """The values with which a record is told: each from the first copy that has it."""
    return {
        name: next((value for copy in copies if (value := copy.row.values.get(name)) is not None), None)
        for name in names
    }


def by_ids(branch: Branch, heard: Sequence[tuple[Bound, Reply]]) -> bool:
    """Whether records come in the order of their ids alone, because nothing else of them may order them."""
    return not _by_name(branch) and not _dated(heard)


def _dated(heard: Sequence[tuple[Bound, Reply]]) -> bool:
    return not any(bound.undated for bound, _ in heard)


def _by_name(branch: Branch) -> bool:
    return branch.seek is not None and branch.seek.op == "contains"


def _order(record: RecordType, branch: Branch, row: Row, dated: bool) -> str:
    if branch.seek is not None and _by_name(branch):
        return _nearness(branch.seek.values[0], str(row.values.get(branch.seek.field)))
    return ready(row.values.get(record.roles.date or "")) or "" if dated else ""


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
