"""The order of a field's meanings, told by how its column is stored; only where both are the same.

Days and instants of one format that sorts, a database's own types and numbers, plain texts. Words that mean nothing and
days that mean "without end" do not sort as they mean: they are named, so that they get their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connectors.fields import FieldWords
from connectors.mapping.conditions import AnyOf, Between, writer
from connectors.mapping.times import EPOCH_MILLIS, NATIVE, Format, day_named
from connectors.mapping.values import name_of
from connectors.ordering import NotSortable
from connectors.terms import FieldTerm

_NUMBERS = frozenset({"money", "number"})
Spans = tuple[AnyOf | Between, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """A column that sorts as its field means, as a text where `textual`. Values in `nothing` are unknown, those in
    `endless` later than any other."""

    name: str
    textual: bool
    nothing: Spans
    endless: Spans = ()


def sorted_as(words: FieldWords, term: FieldTerm, nulls: Sequence[str] = ()) -> Sorted:
    """How a field is ordered by its column; `nulls` are the type's own. Raises NotSortable, and ValueError for a format
    that is none."""
    _plain(words)
    name, nothing = name_of(words), (*nulls, *words.null)
    patterns = words.date or words.timestamp
    if not patterns:
        return Sorted(name, term.kind not in _NUMBERS, _texts(name, nothing))
    if len(patterns) > 1:
        raise NotSortable("days in several formats do not sort: order by another field, or by a view of one format")
    [pattern] = patterns
    if pattern not in {EPOCH_MILLIS, NATIVE} and not Format(pattern).sorts:
        raise NotSortable(f"`{pattern}` does not sort as text: order by another field, or by a view of another format")
    texts, zone = pattern != NATIVE, ZoneInfo(words.zone)  # a database's own type holds no words
    return Sorted(
        name,
        pattern not in {EPOCH_MILLIS, NATIVE},
        _texts(name, (*nothing, *words.unknown) if texts else ())
        + tuple(_days(name, words.unknown, pattern, zone))
        + _before(name, words.unknownBefore, pattern, zone),
        _texts(name, words.never if texts else ()) + tuple(_days(name, words.never, pattern, zone)),
    )


def _plain(words: FieldWords) -> None:
    if words.const is not None or words.when or words.first or words.join:
        raise NotSortable("an order needs one plain column; leave out fields of `first`, `join`, `when` or `const`")
    changed = {
        "take": words.take, "convert": words.convert, "check": words.check, "currency": words.currency,
        "number": words.number, "upper": words.upper or None, "vocabulary": words.vocabulary,
    }  # fmt: skip
    for word, given in changed.items():
        if given is not None:
            raise NotSortable(f"`{word}` makes another value of what is stored, which may sort otherwise; leave it out")


def _texts(name: str, words: Iterable[str]) -> Spans:
    texts = tuple(dict.fromkeys(words))
    return (AnyOf(name, texts, True, False),) if texts else ()


def _days(name: str, words: Iterable[str], pattern: str, zone: ZoneInfo) -> Iterator[Between]:
    """The whole days that these words name, at whatever time."""
    write = writer(pattern, zone)
    for word in words:
        day = day_named(word, [pattern])
        if day is not None:
            end = None if day == date.max else write(day + timedelta(days=1))
            yield Between(name, write(day), end, strict=True, also=())


def _before(name: str, earliest: date | None, pattern: str, zone: ZoneInfo) -> Spans:
    if earliest is None:
        return ()
    return (Between(name, None, writer(pattern, zone)(earliest), strict=True, also=()),)
