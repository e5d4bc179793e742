"""A record type at a platform as one block: its place there, its columns, its peculiarities, the number of a row.

A block here is a block of the platform's declaration: both grow by one when a platform gives one type more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.facts import Fact
from deploy.demo.holdings.sheet import Column, Flaw, Holding, table, write
from deploy.demo.spelling import Pen


@dataclass(frozen=True, slots=True)
class Block:
    """`place` is a table, a path, an item or a file's stem; `number` the column that numbers the rows; `day` the
    catalogue field with which a question's range of days is compared, where the platform knows one."""

    type: str
    place: str
    columns: Sequence[Column]
    number: str
    flaws: Mapping[str, Flaw] = field(default_factory=dict)
    day: str = ""

    def rows(self, facts: Sequence[Fact], pen: Pen) -> list[Holding]:
        prefix = self.place.rpartition("/")[2].upper()
        return [
            write(fact, self.columns, pen, self.flaws, {self.number: f"{prefix}{serial + 1:06d}"})
            for serial, fact in enumerate(facts)
        ]

    def stored(self, held: Sequence[Holding]) -> list[dict[str, Any]]:
        """Rows for a server: whose they are, the day of a range, the cells."""
        return [
            {
                "code": row.fact.subject.key,
                "day": row.fact.values[self.day].isoformat(),
                "cells": dict(row.cells),
            }
            for row in held
        ]

    def table(self, held: Sequence[Holding], index: Sequence[str]) -> dict[str, Any]:
        """A table for a database; it has its columns also when it holds nothing."""
        return table(held, index, [*dict.fromkeys(column.new for column in self.columns), self.number])
