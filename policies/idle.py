"""Rules that do nothing, found over every question that can be put to a set: which decide, open and close anywhere.

A rule decides when it holds an answer where it is, also a denial that no grant would have opened. Time is all of time:
a rule of an agreement that has ended did decide once. Nothing here says what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from policies.diagram import Gathering
from policies.numbering import union
from policies.policyset import PolicySet
from policies.rows import can_match
from policies.whole_space import WholeSpace


@dataclass(frozen=True, slots=True)
class Idle:
    """Ids of rules, each in the first list that fits, by what they lack."""

    unasked: tuple[str, ...]  # no question about any field fits it
    swallowed: tuple[str, ...]  # limits, always cancelled by an exception
    closed: tuple[str, ...]  # grants, always closed by limits
    undecided: tuple[str, ...]  # another rule says the same, or more, wherever it holds
    rows: tuple[str, ...]  # row rules that are never in force where a row could meet them
    unopened: tuple[str, ...]  # fields, by coordinate, that are denied to everybody


def idle(policies: PolicySet) -> Idle:
    """Every rule of the set that does nothing."""
    space = WholeSpace(policies)
    found, unopened = _found(space)
    lists: tuple[list[str], ...] = ([], [], [], [])
    for bit, _, _, rule in space.numbering.rules[0]:
        lacks = (
            *(not found.asked & bit, not (rule.grants or found.kept & bit)),
            *(rule.grants and not found.opening & bit, not found.deciding & bit),
        )
        for which, lacking in zip(lists, lacks, strict=True):
            if lacking:
                which.append(rule.id)
                break
    return Idle(*(tuple(sorted(which)) for which in (*lists, _rows(space), unopened)))


class _Found(NamedTuple):
    """Bits of rules that some question fits, limits that no exception cancels, grants that open, rules that decide."""

    asked: int
    kept: int
    opening: int
    deciding: int


def _found(space: WholeSpace) -> tuple[_Found, list[str]]:
    width, whole = space.numbering.width, (1 << space.numbering.width) - 1
    gatherings: dict[tuple[str, ...], Gathering] = {}
    every, opened = 0, dict[str, bool]()
    c = space.versions[0].catalogue
    for record in c.types.values():
        for field in record.fields.values():
            for kind in record.kinds & c.kinds.keys():
                bits, (ladder,) = space.of_field(record.name, kind, field.name)
                if ladder not in gatherings:
                    gatherings[ladder] = Gathering(space.dimensions, _leaf(space, ladder))
                mine = gatherings[ladder].found(bits) if ladder else 0
                opened[field.coordinate] = opened.get(field.coordinate, False) or bool(mine >> 2 * width & whole)
                every |= mine
    parts = (every >> part * width & whole for part in range(4))
    return _Found(*parts), [coordinate for coordinate, open_ in opened.items() if not open_]


def _leaf(space: WholeSpace, ladder: tuple[str, ...]) -> Callable[[int], int]:
    width = space.numbering.width
    limits = [rule for rule in space.numbering.rules[0] if not rule.rule.grants]

    def leaf(bits: int) -> int:
        held = space.held(bits)
        kept = union(limit.bit for limit in limits if held & limit.bit and not held & limit.excepts)
        deciding, opening = space.deciding(bits, 0, ladder)
        return held | kept << width | opening << 2 * width | deciding << 3 * width

    return leaf


def _rows(space: WholeSpace) -> set[str]:
    """Row rules that are never in force for rows that could meet them."""
    c, rows = space.versions[0].catalogue, space.numbering.rows[0]
    found = 0
    gathering = Gathering(space.dimensions, lambda bits: _bits(space, bits))
    for record in c.types.values():
        for kind in record.kinds & c.kinds.keys():
            fits = union(row.bit for row in rows if can_match(row.row.rule, record, c.kinds[kind].natural))
            found |= gathering.found(space.of_rows(record.name, kind)) & fits
    return {row.row.rule.rule for row in rows if not found & row.bit}


def _bits(space: WholeSpace, bits: int) -> int:
    return union(row.bit for row in space.in_force(bits, 0))
