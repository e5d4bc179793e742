"""What travels along the corridor: Caller, Operation, Plan, Verdict, Replies, Answer. Frozen, next to no behaviour.

Each stage takes what the one before made. `fetching` accepts only a Verdict, which `deciding` alone
makes from a Plan: that is how "a denied field is never asked" is a matter of types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode
from graphql.execution.values import VariableValues

from connectors.contract import Condition, Row, SubjectKey
from connectors.delegation import Told
from gateway.caller import Caller as Caller
from gateway.caller import Consent as Consent
from gateway.caller import Delegated as Delegated
from gateway.caller import GivenConsent as GivenConsent
from gateway.subjects import ANYBODY as ANYBODY
from gateway.subjects import Flaw
from gateway.subjects import Subject as Subject
from policies.model import Decision, Facts, RowRule, Words

Path = tuple[str | int, ...]

SEVERAL = frozenset({"subjects", "_entities"})  # root fields that ask about many subjects at once

# Statuses of a platform's line in an answer: those that answer in full; all of them, the worst last.
FULL = frozenset({"ANSWERED", "NONE", "NOT_ASKED"})
SEVERITY = ("NOT_ASKED", "NONE", "ANSWERED", "STALE", "TRUNCATED", "INVALID", "DENIED", "DENIED_BY_SOURCE",
            "MAINTENANCE", "BUSY", "TIMEOUT", "UNAVAILABLE")  # fmt: skip


def join(line: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Two lines of one platform become one: the worse status, with the reason of that, what either lacks, and the
    earlier state. Its records are the caller's to count."""
    worse = SEVERITY.index(other["status"]) - SEVERITY.index(line["status"])
    if worse > 0:
        line["status"] = other["status"]
        line.pop("reason", None)
    if worse >= 0 and "reason" in other:
        line.setdefault("reason", other["reason"])
    line["absent"] = sorted({*line["absent"], *other.get("absent", ())})
    line["asOf"] = min((told for told in (line["asOf"], other["asOf"]) if told is not None), default=None)


@dataclass(frozen=True, slots=True)
class Request:
    """One GraphQL request as it came, already strictly parsed."""

    query: str  # empty where the document is named by its digest
    variables: Mapping[str, Any]
    operation_name: str | None
    extensions: Mapping[str, Any]
    strict: bool  # `Prefer: handling=strict`
    language: str  # zh | en
    document_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Form:
    """An operation that was parsed, bounded and validated. The same object comes with every request for it, so that
    rooms may keep by it what they made of it."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Operation:
    """A form with the variables of one request, literals among them."""

    form: Form
    variables: Mapping[str, Any]  # as they came
    values: VariableValues  # coerced to the schema's types
    digest: str  # sha256 of the document's text


@dataclass(frozen=True, slots=True)
class Position:
    """After which record a page begins. `seen` are shown ones whose place hangs on who answers: they come only once."""

    order: str | None  # None where records come in the order of their ids
    record: str
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    regions: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    statuses: tuple[str, ...] = ()
    newest_first: bool = True
    first: int = 20
    after: Position | None = None  # an opened cursor
    once: tuple[str, ...] = ()  # the beginnings of codes that the regions had before

    @property
    def counties(self) -> tuple[str, ...]:
        """The asked areas, where all are below city level: no platform is that fine, so the records are narrowed."""
        fine = tuple(region for region in self.regions if len(region) == 6 and not region.endswith("00"))
        return fine if len(fine) == len(self.regions) else ()


@dataclass(frozen=True, slots=True)
class Seek:
    """What an open question looks for where others name a subject; organisations of these kinds only."""

    field: str
    op: Literal["contains", "in"]
    values: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One record connection, of one subject or of all that it seeks."""

    path: Path  # response path of the connection, e.g. ("subject", "penalties") or ("subjects", 3, "penalties")
    root: Path  # response path of its subject
    subject: Subject
    type: str
    fields: frozenset[str]  # asked catalogue fields, by name
    window: Window
    derived: bool = False  # asked for a field of the subject itself, not for a connection
    seek: Seek | None = None
    implied: bool = False  # asked for the state of a report's section, not to be shown
    cursors: bool = True  # whether any cursor is read: to seal one costs more than to write a record
    provenance: bool = True


@dataclass(frozen=True, slots=True)
class Root:
    """One root field of the operation."""

    key: str  # the response key
    field: str
    arguments: Mapping[str, Any]
    subjects: tuple[Subject | Flaw, ...] | None = None
    parts: tuple[tuple[str, str], ...] = ()  # of a report: response key and field, `subject` or a section

    @property
    def several(self) -> bool:
        """Whether the answer is a list, in the order of the subjects."""
        return self.field in SEVERAL

    @property
    def known(self) -> Iterator[tuple[Path, Subject]]:
        """Each subject with its response path."""
        for index, subject in enumerate(self.subjects or ()):
            if isinstance(subject, Subject):
                yield ((self.key, index) if self.several else (self.key,)), subject

    @property
    def flaws(self) -> list[tuple[Path, Flaw]]:
        """Each place that names no subject."""
        places = enumerate(self.subjects or ()) if self.field == "_entities" else ()
        return [((self.key, index), place) for index, place in places if isinstance(place, Flaw)]


@dataclass(frozen=True, slots=True)
class Plan:
    roots: tuple[Root, ...]
    branches: tuple[Branch, ...]
    describes: bool = False  # asked for the schema itself


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Ruling:
    """What one caller may have of one record type at one platform, for one kind of subject; kept like a Form.

    `decisions` cover the asked fields, by name. `asked` is what may travel: answered fields and control
    fields. `denied` holds the decision that closes the whole ask, when one does.
    """

    platform: str
    facts: Facts
    decisions: Mapping[str, Decision]
    asked: frozenset[str]
    rows: tuple[RowRule, ...]
    denied: Decision | None = None
    dated: bool = False  # the type's date is held in full, so that records may be ordered by it
    ordered: bool = False  # so is each field of the platform's own order, so that it may say what a cut leaves
    closing: bool = False  # asked only whether it closes what others hold; its rows are never shown
    consent_opens: frozenset[str] = frozenset()  # denied fields that the subject's consent would open

    @property
    def type(self) -> str:
        return self.facts.type


@dataclass(frozen=True, slots=True)
class Part:
    branch: int
    ruling: Ruling
    where: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """One entry of `extensions.withheld`: a field, or rows of a type, that this caller does not get."""

    coordinate: str
    paths: tuple[str, ...]  # with `*` for items of lists; several when the operation asks under several aliases
    effect: str  # DENY | MASK | HIDE
    step: str | None
    rule: str
    reason: Words
    contact: str | None = None
    subjects: tuple[int, ...] = ()
    remedy: str | None = None  # `consent`: with the subject's consent it would be answered


@dataclass(frozen=True, slots=True)
class Access:
    coordinate: str
    kind: str
    decision: Decision


Sight = Mapping[tuple[str, str], Mapping[str, str]]  # record type and kind of subject -> fields with their effects


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Seen:
    """What one caller may see at all, for its purpose: of subjects that are asked by their keys, and of those that are
    sought without. What is denied is not there."""

    keyed: Sight
    sought: Sight


@dataclass(frozen=True, slots=True)
class Verdict:
    """A plan that has been decided, under one policy version. Only this can be fetched."""

    plan: Plan
    policy: str
    caller: Caller
    at: datetime
    parts: tuple[Part, ...]
    unknowable: frozenset[Path]  # roots of persons of whom this caller may know nothing
    withheld: tuple[Withheld, ...]
    obligations: frozenset[str]
    not_asked: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # branch -> platforms left out by regions
    unable: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # branch -> platforms that cannot seek
    apart: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # branch -> sandbox to the live, and live to it
    access: Mapping[str, tuple[Access, ...]] = field(default_factory=dict)  # root key -> lines
    consents: tuple[Consent, ...] = ()  # those that a part stands on
    seen: Seen | None = None  # where the plan describes


@dataclass(frozen=True, slots=True)
class UnderAgreement:
    """The subjects of a question that are asked under an agreement, which allows so many in a day."""

    agreement: str
    per_day: int
    keys: tuple[SubjectKey, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one platform said to one part. `status` is of the one status enum (see the schema); `until` is when a
    planned window of maintenance ends."""

    status: str
    rows: tuple[Row, ...] = ()
    as_of: datetime | None = None
    rejected: int = 0
    until: datetime | None = None
    told: Told | None = None  # by a platform that is a gateway


@dataclass(frozen=True, slots=True)
class Replies:
    by_part: Mapping[int, Reply]


@dataclass(frozen=True, slots=True)
class Answer:
    """The response before it becomes bytes."""

    data: Mapping[str, Any] | None  # None when the operation was refused
    errors: tuple[Mapping[str, Any], ...]
    extensions: Mapping[str, Any]
    complete: bool
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[int, int] = field(default_factory=dict)  # rows shown, by part of the verdict

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(str(error["extensions"]["code"]) for error in self.errors)
