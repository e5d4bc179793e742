"""What a change opens and closes: two versions of a policy set compared over every question, exactly.

A shift is one answer that changes, with all the questions for which it does, as a box: values for each fact that
matters. Boxes of one field do not overlap and leave nothing out. A field that the other version has not got counts as
denied there. A gain opens more, asks less of who receives, or cannot be measured on one ladder; all else is a loss.
Every shift is decided once more by the interpreter, for one question of its box. No data is ever looked at.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from policies.catalogue_changes import CatalogueChange, catalogue_changes
from policies.diagram import Diagram, Leaf, Node, paths
from policies.interpreter import decide, row_rules
from policies.model import ALLOW, DENY, NO_GRANT, SILENCE, Catalogue, Facts
from policies.policyset import PolicySet
from policies.row_space import Labels, RowShift, RowSpace
from policies.whole_space import WholeSpace

ABSENT = "absent"  # the effect of a field that a version has not got
Where = Mapping[str, tuple[Hashable, ...]]


class Answer(NamedTuple):
    """An effect (or `absent`), what it obliges to, and the rule that decides the example."""

    effect: str
    obligations: frozenset[str]
    rule: str


@dataclass(frozen=True, slots=True)
class FieldShift:
    """Fields that change alike: for these kinds of subject, in this box. `example` is one of its questions."""

    gains: bool
    fields: tuple[str, ...]  # coordinates
    kinds: tuple[str, ...]
    where: Where
    old: Answer
    new: Answer
    example: Facts


@dataclass(frozen=True, slots=True)
class RowsShift:
    """Rows that are shown, hidden or marked otherwise, of these types and kinds of subject, in this box."""

    gains: bool
    types: tuple[str, ...]
    kinds: tuple[str, ...]
    where: Where
    rows: Where
    old: Labels
    new: Labels
    rules: tuple[str, ...]  # row rules that are in force for the example under one version only
    example: Facts


@dataclass(frozen=True, slots=True)
class Difference:
    """All shifts from `old` to `new`, gains first. `facts`: those of a question in the order of telling, each with
    all of its values; `rest`: codes of places that stand for more, see `places`."""

    old: str
    new: str
    facts: Mapping[str, tuple[Hashable, ...]]
    rest: Mapping[str, str]
    fields: tuple[FieldShift, ...]
    rows: tuple[RowsShift, ...]
    catalogue: tuple[CatalogueChange, ...]

    @property
    def gains(self) -> list[FieldShift | RowsShift]:
        return [*(shift for shift in self.fields if shift.gains), *(shift for shift in self.rows if shift.gains)]

    @property
    def losses(self) -> list[FieldShift | RowsShift]:
        return [
            *(shift for shift in self.fields if not shift.gains),
            *(shift for shift in self.rows if not shift.gains),
        ]


class _Pair(NamedTuple):
    old: tuple[str, frozenset[str]]
    new: tuple[str, frozenset[str]]
    gains: bool
    by: str  # the rule that is told, so that it is that of the whole box


def difference(old: PolicySet, new: PolicySet) -> Difference:
    """Everything that comes out otherwise under `new` than under `old`."""
    space = WholeSpace(old, new)
    fields = sorted(_fields(space), key=lambda shift: not shift.gains)
    rows = sorted(_rows(space), key=lambda shift: not shift.gains)
    changes = tuple(catalogue_changes(old.catalogue, new.catalogue))
    facts = {name: tuple(value for value, _ in left) for name, left in zip(space.names, space.dimensions, strict=True)}
    return Difference(old.digest, new.digest, facts, space.places.rest, tuple(fields), tuple(rows), changes)


# ---- fields ----


def _fields(space: WholeSpace) -> Iterator[FieldShift]:
    old, new = space.versions
    shared: dict[Hashable, Node[_Pair]] = {}
    diagrams: dict[Hashable, Diagram[_Pair]] = {}
    found: dict[Node[_Pair] | Leaf[_Pair], dict[tuple[str, str], list[str]]] = {}
    for type_name, kind in _topics(old.catalogue, new.catalogue):
        records = [c.types[type_name].fields for c in (old.catalogue, new.catalogue) if type_name in c.types]
        for name in dict.fromkeys(name for fields in records for name in fields):
            bits, ladders = space.of_field(type_name, kind, name)
            if ladders not in diagrams:
                diagrams[ladders] = _diagram(space, ladders, shared)
            root = diagrams[ladders].root(bits)
            if root is not None:
                found.setdefault(root, {}).setdefault((type_name, name), []).append(kind)
    for root, fields in found.items():
        alike: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for field, kinds in fields.items():
            alike.setdefault(tuple(kinds), []).append(field)
        for kinds_alike, same in alike.items():
            yield from _told(space, root, kinds_alike, same)


def _diagram(
    space: WholeSpace, ladders: tuple[tuple[str, ...], ...], shared: dict[Hashable, Node[_Pair]]
) -> Diagram[_Pair]:
    one_ladder = ladders[0] == ladders[1]

    def settle(bits: int) -> int | None:
        halves = space.halves(bits)
        alike = halves[0] == halves[1] and (one_ladder or not halves[0])
        return None if alike else space.joined(halves)

    def leaf(bits: int) -> _Pair | None:
        made = [space.decision(half, version, ladders[version]) for version, half in enumerate(space.halves(bits))]
        old, new = ((decision.effect, decision.obligations) for decision in made)
        by = made[0] if made[1].rule == NO_GRANT else made[1]
        return None if old == new else _Pair(old, new, opens_more(old, new, ladders[0], ladders[1]), by.rule)

    return Diagram(space.dimensions, settle, leaf, shared)


def opens_more(
    old: tuple[str, frozenset[str]], new: tuple[str, frozenset[str]], was: tuple[str, ...], now: tuple[str, ...]
) -> bool:
    """Whether an effect with its obligations is more open than before, or cannot be measured against it."""
    if old[0] == new[0]:
        return not old[1] <= new[1]
    for ladder in (now, was):
        steps = [ALLOW, *(step for step in ladder if step != ALLOW), DENY]
        if old[0] in steps and new[0] in steps:
            return steps.index(new[0]) < steps.index(old[0])
    return True


def _told(
    space: WholeSpace, root: Node[_Pair] | Leaf[_Pair], kinds: tuple[str, ...], same: list[tuple[str, str]]
) -> Iterator[FieldShift]:
    type_name, name = same[0]
    catalogues = [policies.catalogue for policies in space.versions]
    coordinates = tuple(_coordinate(catalogues, *field) for field in same)
    for path, pair in paths(root):
        where = {space.names[level]: values for level, values in path.items()}
        example = space.facts(path, type_name, kinds[0])
        answers = []
        for policies, (effect, obligations) in zip(space.versions, (pair.old, pair.new), strict=True):
            record = policies.catalogue.types.get(type_name)
            field = record.fields.get(name) if record and kinds[0] in record.kinds else None
            if field is None:
                answers.append(Answer(ABSENT, obligations, ABSENT))
                continue
            decision = decide(policies, example, field)
            if (decision.effect, decision.obligations) != (effect, obligations):
                raise RuntimeError(f"{field.coordinate}: the interpreter decides otherwise than the comparison")
            answers.append(Answer(effect, obligations, decision.rule))
        yield FieldShift(pair.gains, coordinates, kinds, where, answers[0], answers[1], example)


def _coordinate(catalogues: Iterable[Catalogue], type_name: str, name: str) -> str:
    return next(
        c.types[type_name].fields[name].coordinate
        for c in catalogues
        if type_name in c.types and name in c.types[type_name].fields
    )


def _topics(*catalogues: Catalogue) -> Iterator[tuple[str, str]]:
    """Every record type with every kind of subject that has such records in any version."""
    for type_name in dict.fromkeys(name for c in catalogues for name in c.types):
        for kind in dict.fromkeys(name for c in catalogues for name in c.kinds):
            if any(type_name in c.types and kind in c.types[type_name].kinds for c in catalogues):
                yield type_name, kind


# ---- rows ----


def _rows(space: WholeSpace) -> Iterator[RowsShift]:
    catalogues = [policies.catalogue for policies in space.versions]
    shared: dict[Hashable, Node[tuple[RowShift, ...]]] = {}
    diagrams: dict[Hashable, Diagram[tuple[RowShift, ...]]] = {}
    found: dict[Node[tuple[RowShift, ...]] | Leaf[tuple[RowShift, ...]], dict[str, list[str]]] = {}
    for type_name, kind in _topics(*catalogues):
        if not all(type_name in c.types and kind in c.types[type_name].kinds for c in catalogues):
            continue  # one of them has no such rows; the fields tell
        records = [c.types[type_name] for c in catalogues]
        natural = any(c.kinds[kind].natural for c in catalogues)
        if (type_name, natural) not in diagrams:
            diagrams[type_name, natural] = _diagram_of_rows(space, RowSpace(records, catalogues, natural), shared)
        root = diagrams[type_name, natural].root(space.of_rows(type_name, kind))
        if root is not None:
            found.setdefault(root, {}).setdefault(type_name, []).append(kind)
    for root, types in found.items():
        alike: dict[tuple[str, ...], list[str]] = {}
        for type_name, kinds in types.items():
            alike.setdefault(tuple(kinds), []).append(type_name)
        for kinds_alike, same in alike.items():
            for path, shifts in paths(root):
                where = {space.names[level]: values for level, values in path.items()}
                example = space.facts(path, same[0], kinds_alike[0])
                rules = _told_apart(space, example)
                for shift in shifts:
                    gains = shift.old is None or (shift.new is not None and not set(shift.old) <= set(shift.new))
                    rows = dict(shift.rows)
                    yield RowsShift(gains, tuple(same), kinds_alike, where, rows, shift.old, shift.new, rules, example)


def _told_apart(space: WholeSpace, facts: Facts) -> tuple[str, ...]:
    old, new = ({replace(r, rule="", reason=SILENCE): r.rule for r in row_rules(p, facts)} for p in space.versions)
    return tuple(sorted({rule for does, rule in {**old, **new}.items() if (does in old) != (does in new)}))


def _diagram_of_rows(
    space: WholeSpace, rows: RowSpace, shared: dict[Hashable, Node[tuple[RowShift, ...]]]
) -> Diagram[tuple[RowShift, ...]]:
    def settle(bits: int) -> int | None:
        halves = space.halves(bits, of_rows=True)
        return None if rows.alike and halves[0] == halves[1] else space.joined(halves)

    def leaf(bits: int) -> tuple[RowShift, ...] | None:
        halves = space.halves(bits, of_rows=True)
        rules = [[row.row.rule for row in space.in_force(half, version)] for version, half in enumerate(halves)]
        return rows.shifts(*rules) or None

    return Diagram(space.dimensions, settle, leaf, shared)
