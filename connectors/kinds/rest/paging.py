"""Every page of one question, read until the platform has no more or a bound is passed.

Paging stops at the platform's total, at a short page when it counts none, at an empty page, or above the
rows that are allowed (`truncated`). A total that is never reached is told as truncated; a page that comes
twice means that the platform ignores the page number: ContractBroken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import ContractBroken
from connectors.declaration import TypeWords
from connectors.kinds.rest.answering import rows_of, total_of
from connectors.mapping.paths import Look, expression, path
from connectors.mapping.texts import Unmappable
from connectors.mapping.times import timestamp_reader
from connectors.mapping.values import name_of

Call = Callable[[Mapping[str, int]], Awaitable[Any]]  # page parameters in, parsed body out


@dataclass(slots=True)
class Bounds:
    """What one question may still collect, over all its subjects and pages."""

    rows: int
    bytes: int


@dataclass(slots=True)
class Taken:
    """Raw rows up to `room`; whatever is above it is cut with a mark."""

    room: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    truncated: bool = False
    as_of: datetime | None = None

    def add(self, rows: Sequence[dict[str, Any]], truncated: bool) -> None:
        free = self.room - len(self.rows)
        self.rows += rows[:free]
        self.truncated = self.truncated or truncated or len(rows) > free


class Layout:
    """Where an answer holds its rows, its total and its freshness, and how it is paged."""

    def __init__(self, words: TypeWords, rows: str) -> None:
        self.rows = expression(rows)
        self.total: Look | None = expression(words.total) if words.total else None
        self.page = words.page
        self._as_of = words.asOf
        self._look = path(name_of(words.asOf)) if words.asOf else None

    def as_of(self, body: Any) -> datetime | None:
        """How fresh the platform says it is. Raises ContractBroken when it says it in another format."""
        raw = self._look(body) if self._look is not None else None
        if raw is None or self._as_of is None:
            return None
        try:
            return timestamp_reader(self._as_of.timestamp, ZoneInfo(self._as_of.zone))(raw)
        except Unmappable as reason:
            raise ContractBroken(f"`asOf` {reason}") from None


async def every_page(call: Call, layout: Layout, bounds: Bounds) -> Taken:
    """Every page of one chunk of subjects; none when other chunks have used up the rows already."""
    taken, page = Taken(bounds.rows), layout.page
    seen: list[list[dict[str, Any]]] = []
    if bounds.rows < 0:
        taken.truncated = True
        return taken
    while True:
        body = await call({page.number: page.first + len(seen), page.size: page.rows} if page else {})
        rows, total = rows_of(layout.rows, body), total_of(layout.total, body)
        if rows and rows in seen:
            raise ContractBroken("the platform gave the same page twice")
        seen.append(rows)
        bounds.rows -= len(rows)
        taken.as_of = taken.as_of or layout.as_of(body)
        missing = total is not None and len(taken.rows) + len(rows) < total
        taken.add(rows, missing and (page is None or not rows))
        last = page is None or not rows or (not missing if total is not None else len(rows) < page.rows)
        if last or taken.truncated:
            return taken
