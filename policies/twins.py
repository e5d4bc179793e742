"""One datum in two record types may leave in one reduction only: a masked value beside another mask of it tells more.

Fields that hold the same datum of a subject say so in the catalogue, `sameAs`. Whether one caller is ever answered with
two different steps is decided over every question, exactly: both fields are asked in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from policies.diagram import Diagram, paths
from policies.model import DENY, Facts, Field
from policies.policyset import PolicySet
from policies.whole_space import WholeSpace

Steps = tuple[str, str]


class Twins(NamedTuple):
    """Two fields of the same datum, each with its step, and a question that both are asked with."""

    fields: tuple[tuple[Field, str], tuple[Field, str]]
    facts: Facts  # of the first field's type


def unequal(policies: PolicySet) -> Iterator[Twins]:
    """Pairs of fields that are the same datum and leave in two steps, each pair once."""
    c = policies.catalogue
    same: dict[str, list[Field]] = {}
    for record in c.types.values():
        for field in record.fields.values():
            if field.same_as is not None:
                same.setdefault(field.same_as, []).append(field)
    if any(len(fields) > 1 for fields in same.values()):
        space = WholeSpace(policies, policies)  # the same set twice: one for each of the two fields
        diagrams: dict[tuple[tuple[str, ...], tuple[str, ...]], Diagram[Steps]] = {}
        for fields in same.values():
            for one, other in combinations(fields, 2):
                yield from _pair(space, diagrams, one, other)


def _pair(
    space: WholeSpace, diagrams: dict[tuple[tuple[str, ...], tuple[str, ...]], Diagram[Steps]], one: Field, other: Field
) -> Iterator[Twins]:
    c = space.versions[0].catalogue
    for kind in (name for name in c.kinds if name in c.types[one.type].kinds & c.types[other.type].kinds):
        asked = [space.of_field(field.type, kind, field.name) for field in (one, other)]
        ladders = asked[0][1][0], asked[1][1][1]
        if ladders not in diagrams:
            diagrams[ladders] = _diagram(space, *ladders)
        bits = space.joined([space.halves(asked[0][0])[0], space.halves(asked[1][0])[1]])
        for path, steps in paths(diagrams[ladders].root(bits)):
            yield Twins(((one, steps[0]), (other, steps[1])), space.facts(path, one.type, kind))
            return


def _diagram(space: WholeSpace, one: tuple[str, ...], other: tuple[str, ...]) -> Diagram[Steps]:
    def settle(bits: int) -> int | None:
        halves = space.halves(bits)
        return space.joined(halves) if all(halves) else None  # one of them is closed whatever comes

    def leaf(bits: int) -> Steps | None:
        halves = space.halves(bits)
        first, second = space.decision(halves[0], 0, one).effect, space.decision(halves[1], 1, other).effect
        return (first, second) if first != second and DENY not in (first, second) else None

    return Diagram(space.dimensions, settle, leaf)
