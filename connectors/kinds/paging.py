"""Every page of one question, read until the platform has no more or a bound is passed.

Whether there is more is what the platform says: by its total, by a flag, by a cursor or link to go on with. Where it
says nothing the end is an empty page, for a short one may only be shorter than was asked for; with a cursor or link an
empty page is none, for some platforms filter behind their pages. What the platform counts
and does not give, or counts otherwise from page to page, is told as `truncated`, like rows above those that are
allowed; so is a row that comes again on another page, for it stands where another should. A page or cursor that comes
twice means that the platform ignores what it is asked: ContractBroken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import ContractBroken
from connectors.declaration import Paging
from connectors.fields import AsOf
from connectors.mapping.paths import Look, Lookup
from connectors.mapping.texts import Unmappable, text_of
from connectors.mapping.times import timestamp_reader
from connectors.mapping.values import name_of

Turns = Mapping[str, str | int]  # the parameters that ask for one page
_FLAGS = dict.fromkeys(("true", "1", "y", "yes"), True) | dict.fromkeys(("false", "0", "n", "no", ""), False)
Which = Callable[[Mapping[str, Any]], Hashable]  # what tells a raw row from every other; None where it does not say
Call = Callable[[Turns], Awaitable[Any]]  # such parameters in, parsed body out
EMPTY = 10  # pages without a row, one after the other, that are read on a cursor's word that there is more
FOLLOWED = ""  # in the place of a parameter's name: the link that leads to the page


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
    count: int = 0  # of all rows that came

    def add(self, rows: Sequence[dict[str, Any]], truncated: bool = False) -> None:
        free = self.room - len(self.rows)
        self.count += len(rows)
        self.rows += rows[:free]
        self.truncated = self.truncated or truncated or len(rows) > free


@dataclass(frozen=True, slots=True)
class Layout:
    """How a parsed body is read, and how pages are turned. All of it raises ContractBroken."""

    rows: Callable[[Any], list[dict[str, Any]]]
    total: Callable[[Any], int | None]  # the platform's own count, None when it declares none
    as_of: Callable[[Any], datetime | None]  # how fresh the platform says it is
    turning: Turning


@dataclass(frozen=True, slots=True)
class Turning:
    """`next` gives the parameters of the page after one that was asked for with `Turns` and had so many rows; `more` is
    what a page says of it, None when it says nothing. `led` says that a page holds what leads to the next one."""

    begin: Turns
    size: int
    next: Callable[[Any, Turns, int], Turns | None]
    more: Callable[[Any], bool | None]
    led: bool = False


def turning(words: Paging | None, lookup: Callable[[str], Callable[[Any], Any]]) -> Turning:
    """How the declared pages are turned. Raises ValueError for a place that is none."""
    if words is None:
        return Turning({}, 0, lambda body, turns, rows: None, lambda body: None)
    sized: Turns = {} if words.size is None else {words.size: words.rows}
    more = _flag_reader(lookup(words.more)) if words.more is not None else lambda body: None

    def by(begin: Turns, following: Callable[[Any, Turns, int], Turns | None], led: bool = False) -> Turning:
        return Turning({**sized, **begin}, words.rows, following, more, led)

    if (number := words.number) is not None:
        first = 1 if words.first is None else words.first
        return by({number: first}, lambda body, turns, rows: {**turns, number: int(turns[number]) + 1})
    if (offset := words.offset) is not None:
        return by({offset: 0}, lambda body, turns, rows: {**turns, offset: int(turns[offset]) + rows})
    name = FOLLOWED if words.cursor is None else words.cursor
    look = lookup(words.link or words.next or "")

    def onwards(body: Any, turns: Turns, rows: int) -> Turns | None:
        found = look(body)
        try:
            place = "" if found is None else text_of(found)
        except Unmappable:
            raise ContractBroken("what should lead to the next page is no text") from None
        return {**turns, name: place} if place else None

    return by({}, onwards, led=True)


def _flag_reader(look: Callable[[Any], Any]) -> Callable[[Any], bool | None]:
    def read(body: Any) -> bool:
        found = look(body)
        try:
            word = "" if found is None else text_of(found).lower()
        except Unmappable:
            word = "?"
        if word not in _FLAGS:
            raise ContractBroken("the answer does not say where declared whether there is more")
        return _FLAGS[word]

    return read


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


async def every_page(call: Call, layout: Layout, bounds: Bounds, body: Any, which: Which) -> Taken:
    """Every page, of which `body` is the first. When other subjects have used up the rows already, that is told."""
    taken, turns = Taken(max(0, bounds.rows)), layout.turning.begin
    seen: list[list[dict[str, Any]]] = []
    used: list[Turns] = []
    counts: set[int] = set()
    empty = 0
    while True:
        used.append(turns)
        rows, total = layout.rows(body), layout.total(body)
        more = layout.turning.more(body)
        if rows and rows in seen:
            if total is None and more is None and rows == seen[-1] and len(rows) < layout.turning.size:
                taken.truncated = taken.truncated or _again(seen, which)
                return taken  # the last page again, as some give it to whoever asks beyond the end
            raise ContractBroken("the platform gave the same page twice")
        seen.append(rows)
        bounds.rows -= len(rows)
        taken.as_of = taken.as_of or layout.as_of(body)
        taken.add(rows)
        if total is not None:
            counts.add(total)
            more = taken.count < total or more is True  # whichever says that there is more is asked
        empty = 0 if rows else empty + 1
        on = more is not False and (rows or layout.turning.led)
        following = layout.turning.next(body, turns, len(rows)) if on else None
        if not rows and following in used:
            following = None  # whoever has come to the end is told the same again
        if following is None or taken.truncated or empty > EMPTY:
            wrong = len(counts) > 1 or (total is not None and taken.count > total) or following is not None
            taken.truncated = taken.truncated or bool(more) or wrong or _again(seen, which)
            return taken
        if following in used:
            raise ContractBroken("the platform's cursor leads back to a page that was read")
        turns = following
        body = await call(turns)


def _again(seen: Sequence[Sequence[Mapping[str, Any]]], which: Which) -> bool:
    """Whether a row stands on several pages: the platform keeps no order, or its rows moved while they were read."""
    if len(seen) == 1:
        return False
    apart = [{found for row in rows if (found := which(row)) is not None} for rows in seen]
    return len(set().union(*apart)) < sum(map(len, apart))
