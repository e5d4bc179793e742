"""A platform's table, column by column: from a fact to the row that the platform keeps of it.

A `Holding` carries the cells and, beside them, what an honest connector must make of them: `expected` values
by catalogue field, or `rejected`, the field because of which the row cannot be read. It knows no server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.demo.facts import Fact
from deploy.demo.spelling import Pen, Spelling

SAME = "="  # the 2016 standard has the same code


@dataclass(frozen=True, slots=True)
class Column:
    """Where a catalogue field stands: its 2018 code, its 2016 code (SAME, another, or None: had none)."""

    field: str
    new: str
    old: str | None
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class Flaw:
    """A peculiarity put on purpose: `cell` in `column`; the field is then unreadable, or unknown."""

    column: str
    cell: Any
    field: str
    rejects: bool


@dataclass(frozen=True, slots=True)
class Holding:
    fact: Fact
    cells: Mapping[str, Any]
    expected: Mapping[str, Any]
    rejected: str | None = None


def write(
    fact: Fact,
    columns: Iterable[Column],
    pen: Pen,
    flaws: Mapping[str, Flaw],
    more: Mapping[str, Any],
    old: bool = False,
) -> Holding:
    """One row: in the 2018 codes, or with `old` in those of 2016; `more` are cells that map to no field."""
    pen.careful = fact.named
    cells: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for column in columns:
        cell, meaning = column.spelling(pen, fact.values.get(column.field))
        place = column.new
        if old and column.old != SAME:
            cells[column.new] = None
            place = column.old or column.new
            if column.old is None:
                cell, meaning = None, None
        elif column.old not in {None, SAME}:
            cells[str(column.old)] = None
        cells[place] = cell
        if isinstance(meaning, Mapping):  # of an object inside the record, part by part
            expected.update(meaning)
        else:
            expected[column.field] = meaning
    cells.update(more)
    if not fact.flaw:
        return Holding(fact, cells, expected)
    flaw = flaws[fact.flaw]
    pen.used[f"flaw:{fact.flaw}"] += 1
    cells[flaw.column] = flaw.cell
    if flaw.rejects:
        return Holding(fact, cells, expected, rejected=flaw.field)
    return Holding(fact, cells, {**expected, flaw.field: None})


def table(holdings: Iterable[Holding], index: Iterable[str], known: Iterable[str] = ()) -> dict[str, Any]:
    """The holdings as one database table: `{columns, index, rows}` for the custodian. `known` columns are there
    also when no row is."""
    rows = [holding.cells for holding in holdings]
    columns = list(dict.fromkeys([*known, *(name for row in rows for name in row)]))
    return {"columns": columns, "index": list(index), "rows": [[row.get(name) for name in columns] for row in rows]}
