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
from connectors.declaration import AsOf, Paging
from connectors.mapping.paths import Look, Lookup
from connectors.mapping.texts import Unmappable, text_of
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


@dataclass(frozen=True, slots=True)
class Layout:
    """How a parsed body is read, and how it is paged. Each of the three raises ContractBroken."""

    rows: Callable[[Any], list[dict[str, Any]]]
    total: Callable[[Any], int | None]  # the platform's own count, None when it declares none
    as_of: Callable[[Any], datetime | None]  # how fresh the platform says it is
    page: Paging | None


def count_reader(look: Look | None) -> Callable[[Any], int | None]:
    """Reads the platform's own count."""

    def read(body: Any) -> int | None:
        if look is None:
            return None
        try:
            return int(text_of(look(body)))
        except (Unmappable, ValueError):
            raise ContractBroken("the answer has no total where the declaration says") from None

    return read


def freshness_reader(words: AsOf | None, lookup: Lookup) -> Callable[[Any], datetime | None]:
    """Reads `asOf`; a declared place that holds nothing says nothing."""
    if words is None:
        return lambda body: None
    look, moment = lookup(name_of(words)), timestamp_reader(words.timestamp, ZoneInfo(words.zone))

    def read(body: Any) -> datetime | None:
        raw = look(body)
        try:
            return None if raw is None else moment(raw)
        except Unmappable as reason:
            raise ContractBroken(f"`asOf` {reason}") from None

    return read


async def every_page(call: Call, layout: Layout, bounds: Bounds) -> Taken:
    """Every page of one chunk of subjects; none when other chunks have used up the rows already."""
    taken, page = Taken(bounds.rows), layout.page
    seen: list[list[dict[str, Any]]] = []
    if bounds.rows < 0:
        taken.truncated = True
        return taken
    while True:
        body = await call({page.number: page.first + len(seen), page.size: page.rows} if page else {})
        rows, total = layout.rows(body), layout.total(body)
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
