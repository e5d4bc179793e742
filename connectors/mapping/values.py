"""One catalogue field: its declared words compiled into a function from a raw row to a catalogue value.

The order is fixed: origin, trim and null words, upper, take, then what the field's kind needs (date,
timestamp, money, number, flag, vocabulary), then the check. A value that does not map raises Unmappable
with a reason; a failing check gives None, because a wrong identifier is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import FieldTerm
from connectors.declaration import FieldWords, Match, Origin
from connectors.mapping.numbers import money_reader, number_reader
from connectors.mapping.paths import Look, Lookup, Raw
from connectors.mapping.texts import Clean, Unmappable, cleaner, text_of
from connectors.mapping.times import date_reader, timestamp_reader

Checks = Mapping[str, Callable[[str], bool]]
Convert = Callable[[Any], Any]
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Reader:
    """A compiled field: the source names it reads, and the function. `read` raises Unmappable."""

    names: tuple[str, ...]
    read: Callable[[Raw], Any]


def name_of(origin: Origin) -> str:
    """The platform's own word for an origin."""
    return origin.column if origin.column is not None else origin.path or ""


def names_of(words: FieldWords) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_of(origin) for origin in words.origins))


def compile_field(
    words: FieldWords, term: FieldTerm, lookup: Lookup, checks: Checks, *, trim: bool, nulls: frozenset[str]
) -> Reader:
    """Compile one field whose declaration has been agreed. `trim` and `nulls` are the type's defaults."""
    clean = cleaner(trim if words.trim is None else words.trim, nulls | frozenset(words.null))
    if words.const is not None or words.when:
        return Reader(names_of(words), _chosen(words, term, lookup, clean))
    origin = _origin(words, lookup, clean)
    convert = _convert(words, term, checks)
    if term.many:
        read = _each(origin, words.split, clean, convert)
    else:

        def read(row: Raw) -> Any:
            raw = origin(row)
            return None if raw is None else convert(raw)

    return Reader(names_of(words), read)


def matcher(match: Match, lookup: Lookup, clean: Clean) -> Callable[[Raw], bool]:
    """Whether a row's value equals one of the texts of a test; `is: null` is true when there is none."""
    look, wanted = lookup(name_of(match)), match.is_

    def matches(row: Raw) -> bool:
        raw = clean(look(row))
        return (None if raw is None else text_of(raw)) in wanted

    return matches


def _origin(words: FieldWords, lookup: Lookup, clean: Clean) -> Look:
    looks = [lookup(name_of(origin)) for origin in (words.first or (words,))]
    if len(looks) == 1:
        only = looks[0]
        return lambda row: clean(only(row))

    def first(row: Raw) -> Any:
        for look in looks:
            raw = clean(look(row))
            if raw is not None:
                return raw
        return None

    return first


def _chosen(words: FieldWords, term: FieldTerm, lookup: Lookup, clean: Clean) -> Callable[[Raw], Any]:
    """`const` and `when` give codes of the catalogue, not of the platform."""

    def code(text: str | None) -> Any:
        value = FLAGS[text] if term.kind == "flag" and text is not None else text
        return value if value is None or not term.many else (value,)

    branches = [([matcher(match, lookup, clean) for match in branch.tests], code(branch.then)) for branch in words.when]
    otherwise = code(words.const if words.const is not None else words.else_)

    def choose(row: Raw) -> Any:
        for tests, then in branches:
            if all(test(row) for test in tests):
                return then
        return otherwise

    return choose


def _convert(words: FieldWords, term: FieldTerm, checks: Checks) -> Convert:
    zone = ZoneInfo(words.zone)
    match term.kind:
        case "date":
            return date_reader(words.date, zone, words.never, words.unknown)
        case "timestamp":
            return timestamp_reader(words.timestamp, zone)
        case "money":
            if words.unit is None:
                raise ValueError("an amount without a unit means nothing")
            return money_reader(words.unit.from_, words.number == "text")
        case "number":
            return number_reader(words.number == "text")
    return _text(words, term, checks)


def _text(words: FieldWords, term: FieldTerm, checks: Checks) -> Convert:
    vocabulary, codes, other = words.vocabulary, term.codes, words.other
    check = checks[words.check] if words.check is not None else None
    take, upper, flag = words.take, words.upper, term.kind == "flag"

    def convert(raw: Any) -> Any:
        given = text_of(raw)[:take]
        given = given.upper() if upper else given
        text = given if vocabulary is None else vocabulary.get(given)
        if text is None or (codes is not None and text not in codes):
            if other is None:
                return None
            raise Unmappable("has a code that the vocabulary does not know")
        if check is not None and not check(text):
            return None
        if flag:
            if text not in FLAGS:
                raise Unmappable("is neither true nor false")
            return FLAGS[text]
        return text

    return convert


def _each(origin: Look, split: str | None, clean: Clean, convert: Convert) -> Callable[[Raw], Any]:
    def read(row: Raw) -> Any:
        raw = origin(row)
        if raw is None:
            return None
        parts: Sequence[Any]
        if isinstance(raw, str) and split is not None:
            parts = raw.split(split)
        elif isinstance(raw, list | tuple):
            parts = raw
        else:
            raise Unmappable("is not a list")
        values = (convert(part) for part in map(clean, parts) if part is not None)
        return tuple(value for value in values if value is not None)

    return read
