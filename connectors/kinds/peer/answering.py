"""What another gateway's answer means: rows in catalogue types, what it says that it lacks, or one error.

A value of a field that is masked there is never taken for the value itself: it comes apart (`Afar`), and whatever
decides by the field, or compares by it, has nothing. Of the other side's words only those of its policies are passed
on, made plain and bounded; its codes have words of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import Claim, ContractBroken, Page, Row, SubjectKey, Unavailable
from connectors.delegation import Afar, Told
from connectors.kinds.peer.refusals import refusal
from connectors.kinds.peer.values import Values, instant
from connectors.mapping.texts import Unmappable, cleaner
from connectors.terms import TypeTerm
from connectors.transport.port import Answer

MOST_TEXT = 400  # characters of a sentence of its policies
MOST_LINES = 200  # of its platforms, or entries about one subject
_plain = cleaner(True, frozenset())


class Words(msgspec.Struct):
    zh: str
    en: str


class Line(msgspec.Struct):
    platform: str
    region: str
    status: str
    asOf: datetime | None = None
    absent: list[str] = []
    reason: Words | None = None


class Origin(msgspec.Struct):
    platform: str


class Turning(msgspec.Struct):
    hasNextPage: bool
    endCursor: str | None


class Records(msgspec.Struct):
    nodes: list[dict[str, Any]]
    pageInfo: Turning
    sources: list[Line]
    complete: bool


class Subject(msgspec.Struct):
    records: Records
    uscc: str | None = None  # of an organisation


class Data(msgspec.Struct):
    subjects: list[Subject | None]


class Withheld(msgspec.Struct):
    coordinate: str
    effect: str
    rule: str
    reason: Words
    step: str | None = None
    contact: str | None = None
    remedy: str | None = None
    subjects: list[int] | None = None  # places in the question; none: all


class Beside(msgspec.Struct):
    withheld: list[Withheld] = []
    obligations: list[str] = []


class Code(msgspec.Struct):
    code: str = ""


class Error(msgspec.Struct):
    path: list[str | int] = []
    extensions: Code = msgspec.field(default_factory=Code)

    @property
    def of_platform(self) -> bool:
        """Whether it is told by a line of the answer as well."""
        return self.extensions.code.startswith("PLATFORM_")


class Body(msgspec.Struct):
    data: Data
    extensions: Beside
    errors: list[Error] = []


_body = msgspec.json.Decoder(Body, float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Part:
    """What is told of one subject; `after` where there is more."""

    rows: tuple[Row, ...]
    rejected: tuple[str, ...]
    told: Told
    as_of: datetime | None
    after: str | None

    def followed(self, other: Part) -> Part:
        """With the page after it, whose question was one of its own: each may lack what the other has."""
        return Part(
            rows=self.rows + other.rows,
            rejected=self.rejected + other.rejected,
            told=self.told.followed(other.told),
            as_of=min((at for at in (self.as_of, other.as_of) if at is not None), default=None),
            after=other.after,
        )


def opened(answer: Answer) -> bytes:
    """The body of an answer that has data. Raises the error that another stands for."""
    if answer.status != 200:
        raise refusal(answer)
    return answer.body


def page_of(parts: Mapping[SubjectKey, Part], room: int, cut: bool) -> Page:
    """At most `room` rows; what is cut is told, and so is that not everybody was asked about."""
    every = parts.values()
    rows = [row for part in every for row in part.rows]
    return Page(
        rows=rows[:room],
        rejected=[reason for part in every for reason in part.rejected],
        truncated=cut or len(rows) > room or any(part.after is not None for part in every),
        as_of=min((part.as_of for part in every if part.as_of is not None), default=None),
        told={subject: part.told for subject, part in parts.items()},
    )


class Reading:
    """How answers about one record type are read."""

    def __init__(self, name: str, term: TypeTerm, claim: Claim) -> None:
        self._name = name
        self._values = Values(term)
        self._fields = term.coordinates(name)
        self._decides = term.control - claim.not_applicable.keys()

    def parts(self, raw: bytes, subjects: Sequence[SubjectKey], asked: frozenset[str]) -> dict[SubjectKey, Part]:
        """By subject, in the order of the question. Raises ConnectorError."""
        try:
            body = _body(raw)
        except (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError):
            raise Unavailable("the answer is not a gateway's") from None
        if len(body.data.subjects) != len(subjects):
            raise ContractBroken("the answer is about more or fewer subjects than were asked")
        if any(_anothers(key, found) for key, found in zip(subjects, body.data.subjects, strict=True)):
            raise ContractBroken("the answer is about other subjects than were asked")
        obligations = frozenset(str(_said(each)) for each in body.extensions.obligations[:MOST_LINES])
        holes = {each.path[1] if len(each.path) > 1 else None for each in body.errors if not each.of_platform}
        return {
            key: self._part(
                key, found, [each for each in body.extensions.withheld if _about(each, place)], obligations, asked,
                whole=holes.isdisjoint((place, None)),
            )
            for place, (key, found) in enumerate(zip(subjects, body.data.subjects, strict=True))
        }  # fmt: skip

    def _part(
        self, key: SubjectKey, found: Subject | None, entries: list[Withheld], obligations: frozenset[str],
        asked: frozenset[str], whole: bool,
    ) -> Part:  # fmt: skip
        withheld = tuple(_entry(each) for each in entries[:MOST_LINES])
        if found is None:
            return Part((), (), Told(False, None, (), withheld, obligations, "DENIED_BY_SOURCE"), None, None)
        records = found.records
        steps: dict[str, set[str]] = {}
        closed: set[str] = set()
        for each in entries:
            field = self._fields.get(each.coordinate)
            if field is None:
                continue
            closed.add(field)
            if each.effect != "DENY":  # whatever a later version calls it, the value is not whole
                steps.setdefault(field, set()).add(each.step or "")
        masked = {field: frozenset(each) for field, each in steps.items()}
        rows, rejected = [], []
        for node in records.nodes:
            try:
                rows.append(self._row(node, key, asked, masked))
            except Unmappable as reason:
                rejected.append(f"{self._name}.{reason}")
        lacking = {self._fields[name] for line in records.sources for name in line.absent if name in self._fields}
        undecided = sorted((closed | lacking) & asked & self._decides)
        told = Told(
            complete=records.complete and whole and not undecided,
            reason=_undecided(undecided) if undecided else None,
            sources=tuple(_line(line) for line in records.sources[:MOST_LINES]),
            withheld=withheld,
            obligations=obligations,
            status=None if not undecided else "DENIED_BY_SOURCE" if closed.intersection(undecided) else "INVALID",
        )
        try:
            dates = [instant(line.asOf) for line in records.sources if line.asOf is not None]
        except Unmappable as reason:
            raise ContractBroken(f"an `asOf` {reason}") from None
        after = records.pageInfo.endCursor if records.pageInfo.hasNextPage else None
        return Part(tuple(rows), tuple(rejected), told, min(dates, default=None), after)

    def _row(
        self, node: Mapping[str, Any], key: SubjectKey, asked: frozenset[str], masked: Mapping[str, frozenset[str]]
    ) -> Row:
        identity = node.get("id")
        if not isinstance(identity, str) or not identity:
            raise Unmappable("id is empty")
        values = self._values.of(node, asked - masked.keys())
        apart = {
            field: (steps, value)
            for field, steps in masked.items()
            if field in asked and (value := self._values.plain(node, field)) is not None
        }
        origins = msgspec.convert(node.get("provenance") or [], list[Origin])
        return Row(identity, key, values, Afar(tuple(str(_said(origin.platform)) for origin in origins), apart))


def _anothers(key: SubjectKey, found: Subject | None) -> bool:
    """Whether an answer belongs to another question, as when a proxy has mixed up two: its rows do not say whose they
    are."""
    return key.kind == "uscc" and found is not None and found.uscc not in (None, key.value)


def _about(entry: Withheld, place: int) -> bool:
    return entry.subjects is None or place in entry.subjects


def _entry(each: Withheld) -> dict[str, Any]:
    words = {
        "coordinate": _said(each.coordinate), "effect": _said(each.effect), "rule": _said(each.rule),
        "reason": _sentence(each.reason), "step": _said(each.step), "contact": _said(each.contact),
        "remedy": _said(each.remedy),
    }  # fmt: skip
    return {name: value for name, value in words.items() if value is not None}


def _line(line: Line) -> dict[str, Any]:
    return {
        "platform": _said(line.platform), "region": _said(line.region), "status": line.status, "asOf": line.asOf,
        "absent": [_said(name) for name in line.absent[:MOST_LINES]],
        **({"reason": _sentence(line.reason)} if line.reason else {}),
    }  # fmt: skip


def _sentence(words: Words) -> dict[str, Any]:
    return {"zh": _said(words.zh), "en": _said(words.en)}


def _said(text: str | None) -> str | None:
    return None if text is None else str(_plain(text))[:MOST_TEXT]


def _undecided(fields: Sequence[str]) -> dict[str, str]:
    named = "、".join(f"`{name}`" for name in fields), ", ".join(f"`{name}`" for name in fields)
    return {
        "zh": f"该网关不提供决定记录可否展示的字段（{named[0]}），凡须据以判断的记录不予展示",
        "en": f"this gateway does not give what decides whether records may be shown ({named[1]}): those are left out",
    }
