"""Which operation of a service answers a record type: where its rows are, and where the subject goes.

Every element of an answer that has parts may be the row. It is the one whose parts are most surely the type's fields,
as deep as may be. Which operation gives it is sure when no other gives as much, when its rows are no other type's
rather, when one element of its question is sure to be the subject's code, and when nothing about it sounds as if it
wrote something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.suggesting.looks import Checks
from connectors.suggesting.matching import SURE, Candidate, Suggestion, of_subject, suggest
from connectors.suggesting.names import Column, Names
from connectors.suggesting.services import Element, Operation
from connectors.suggesting.spellings import english

LEAST = 3  # fields of a row that are sure, so that it is no coincidence
RIVAL = 0.5  # of the best row's weight, which another may have at most
DAYS = {
    "date": ("%Y-%m-%d", "%Y-%m-%d%z"),  # XML Schema part 2, 3.2.9: a zone may follow
    "timestamp": ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z"),
}
_SAID_DAY = re.compile(r"yyyy([-/.年]?)MM([-/.月]?)dd(日?)(\s?)(HH:mm:ss)?", re.IGNORECASE)
_ASKS = frozenset({"fetch", "find", "get", "list", "load", "query", "read", "retrieve", "search", "select"})
_WRITES = frozenset(
    {
        "add",
        "append",
        "create",
        "delete",
        "feedback",
        "import",
        "insert",
        "modify",
        "notify",
        "push",
        "put",
        "register",
        "remove",
        "report",
        "save",
        "send",
        "submit",
        "sync",
        "update",
        "upload",
        "write",
    }
)
_WRITING = ("上报", "报送", "新增", "删除", "修改", "提交", "推送", "保存", "导入", "反馈")


@dataclass(frozen=True, slots=True)
class Place:
    """An element somewhere below the element of a message, with how it is reached; whether all above come once."""

    path: str
    element: Element
    once: bool = True

    @property
    def steps(self) -> list[str]:
        return self.path.split(".") if self.path else []


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask: an operation, the row in its answer, and what the row's parts mean, the wanted type first.

    `subjects` are elements of the question that may be the subject, best first.
    """

    operation: Operation
    rows: Place
    types: Sequence[Suggestion]
    subjects: Sequence[tuple[Place, Candidate]]

    @property
    def meaning(self) -> Suggestion:
        return self.types[0]

    @property
    def rather(self) -> str:
        """The type that the row is rather than the wanted one; empty where it is that."""
        other = max(self.types, key=lambda each: each.weight)
        return other.type if other.weight > self.meaning.weight else ""

    @property
    def subject(self) -> Place | None:
        """The one element that is sure to be it."""
        sure = [place for place, candidate in self.subjects if candidate.weight >= SURE]
        return sure[0] if len(sure) == 1 and sure[0].once else None

    @property
    def writes(self) -> bool:
        """Whether it sounds as if it wrote something."""
        words, said = frozenset(english(self.operation.name)), self.operation.said
        if words & _ASKS or "查询" in said:
            return False
        return bool(words & _WRITES) or any(each in said for each in _WRITING)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best way, and in words why it may not be the one; empty where it is sure."""

    way: Way
    doubt: str


def choose(operations: Sequence[Operation], names: Names, checks: Checks, only: str | None = None) -> Chosen | None:
    """The best way to ask for a type, or for the type that fits best; None where no answer says anything of a row.

    Raises ValueError for an unknown type.
    """
    if only is not None and only not in names:
        raise ValueError(f"unknown record type `{only}`")
    known: dict[object, list[Suggestion]] = {}
    seen: list[tuple[Operation, Place, list[Suggestion]]] = []
    for operation in operations:
        for place in (Place("", operation.gives), *_below(operation.gives)):
            columns = columns_of(place.element)
            if place.element.parts and columns:
                alike = tuple((each.name, each.label, each.type) for each in columns)
                found = known.get(alike) or suggest(columns, names, checks)
                known[alike] = found
                seen.append((operation, place, found))
    best = max((found[0] for _, _, found in seen), key=lambda each: each.weight, default=None)
    if best is None or not best.weight:
        return None
    wanted = only or best.type
    ways = [
        Way(
            operation,
            place,
            sorted(found, key=lambda each: each.type != wanted),
            _subjects(operation, names, wanted, checks),
        )
        for operation, place, found in seen
    ]
    ways.sort(key=_worse)
    return Chosen(ways[0], _doubt(*ways))


def _worse(way: Way) -> tuple[bool, bool, bool, float, bool, int]:
    """What is said of a way, the worst last: of equal rows the one for which a subject is asked, then the deepest."""
    weight = way.meaning.weight
    return not weight, bool(way.rather), way.writes, -weight, way.subject is None, -len(way.rows.steps)


def _doubt(best: Way, *others: Way) -> str:
    if best.rather:
        return f"its rows are rather `{best.rather}`"
    if best.writes:
        return "it sounds as if it wrote something"
    if not best.rows.path:
        return "the answer's own element is the row, and `rows` names one inside it"
    if len(best.meaning.sure) < LEAST:
        return f"less than {LEAST} elements of a row are sure"
    if best.subject is None:
        return "no element of the question is sure to be the subject's code"
    for other in others:
        mine = other.operation is best.operation
        if other.writes or other.meaning.weight <= RIVAL * best.meaning.weight:
            continue
        if not (_nested(best.rows, other.rows) if mine else other.subject is None):
            return f"`{other.operation.name}` gives as much, at `{other.rows.path}`"
    return ""


def _nested(one: Place, other: Place) -> bool:
    return all(mine == theirs for mine, theirs in zip(one.steps, other.steps, strict=False))


def _subjects(operation: Operation, names: Names, wanted: str, checks: Checks) -> list[tuple[Place, Candidate]]:
    fields = (each for each in (*names[wanted].values(), *(one for every in names.values() for one in every.values())))
    code = next((each for each in fields if of_subject(each)), None)
    places = {place.path: place for place in _below(operation.takes) if place.element.text}
    if code is None or not places:
        return []
    columns = [replace(_column(place), many=False) for place in places.values()]  # the subject comes again in a batch
    (found,) = suggest(columns, {"": {code.name: code}}, checks)
    candidates = [*found.sure.get(code.name, ()), *((column, each[0]) for column, each in found.unsure.items())]
    return [(places[column], each) for column, each in sorted(candidates, key=lambda pair: -pair[1].weight)]


def _below(element: Element, path: str = "", once: bool = True) -> Iterator[Place]:
    """Every element below another, in the order of the description."""
    for part in element.parts:
        here = f"{path}.{part.name}" if path else part.name
        yield Place(here, part, once)
        yield from _below(part, here, once and not part.many)


def leaves(element: Element) -> list[Place]:
    """The elements that have a text, but none inside those that come again: a row has no one value of them."""
    return [place for place in _below(element) if place.once and place.element.text]


def columns_of(row: Element) -> list[Column]:
    """What the texts of a row are, as columns by their places."""
    return [_column(place) for place in leaves(row)]


def _column(place: Place) -> Column:
    element = place.element
    return Column(
        place.path,
        element.said,
        word=element.name.removeprefix("@"),
        type=element.type,
        formats=DAYS.get(element.type) or _said_days(element.said),
        codes=element.codes,
        many=element.many,
    )


def _said_days(label: str) -> tuple[str, ...]:
    """The format of a day that a label tells: `格式：yyyyMMdd`."""
    found = _SAID_DAY.search(label)
    if found is None:
        return ()
    years, months, days, blank, timed = found.groups()
    return (f"%Y{years}%m{months}%d{days}" + (f"{blank}%H:%M:%S" if timed else ""),)
