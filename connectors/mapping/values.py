"""One catalogue field: its declared words compiled into a function from a raw row to a catalogue value.

The order is fixed: origin, trim and null words, take, upper, convert, then what the field's kind needs (date,
timestamp, money, number, flag, vocabulary), then the check. A value that does not map raises Unmappable
with a reason; a failing check gives None, because a wrong identifier is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from connectors.fields import Branch, FieldWords, Match, Origin
from connectors.mapping.numbers import money_reader, number_reader
from connectors.mapping.paths import Look, Lookup, Raw
from connectors.mapping.texts import Convert, Unmappable, cleaner, text_of
from connectors.mapping.times import date_reader, timestamp_reader
from connectors.terms import FieldTerm, Terms

OTHER = "OTHER"  # the catalogue's code for what its other codes do not name
FLAGS = {"true": True, "false": False}
_UNDECIDED = object()


@dataclass(frozen=True, slots=True)
class Reader:
    """A compiled field: the source names it reads, where its raw value lies, and what that means. Both may raise
    Unmappable."""

    names: tuple[str, ...]
    look: Look
    meaning: Convert

    def read(self, row: Raw) -> Any:
        return self.meaning(self.look(row))


def name_of(origin: Origin) -> str:
    """The platform's own word for an origin."""
    return origin.column if origin.column is not None else origin.path or ""


def names_of(words: FieldWords) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_of(origin) for origin in words.origins))


def compile_field(
    words: FieldWords, term: FieldTerm, lookup: Lookup, terms: Terms, *, trim: bool, nulls: frozenset[str]
) -> Reader:
    """Compile one field whose declaration has been agreed. `trim` and `nulls` are the type's defaults."""
    trim, nulls = trim if words.trim is None else words.trim, nulls | frozenset(words.null)
    clean = cleaner(trim, nulls)
    if words.const is not None or words.when:
        return Reader(names_of(words), _whole, _chosen(words, term, lookup, clean))
    convert = _convert(words, term, terms)
    meaning = cleaner(trim, nulls, _each(words.split, clean, convert, bool(words.join)) if term.many else convert)
    return Reader(names_of(words), _origin(words, lookup, clean), meaning)


def matcher(match: Match, lookup: Lookup, clean: Convert) -> Callable[[Raw], bool]:
    """Whether a row's value equals one of the texts of a test; `is: null` is true when there is none."""
    look, wanted = lookup(name_of(match)), match.is_

    def matches(row: Raw) -> bool:
        return _text_in(clean(look(row))) in wanted

    return matches


def _origin(words: FieldWords, lookup: Lookup, clean: Convert) -> Look:
    look = _place(words, lookup, clean)
    return look if words.currency is None else _in_yuan(look, words, matcher(words.currency, lookup, clean), clean)


def _in_yuan(look: Look, words: FieldWords, yuan: Callable[[Raw], bool], clean: Convert) -> Look:
    def amount(row: Raw) -> Any:
        raw = clean(look(row))
        if raw is None or yuan(row):
            return raw
        if words.other is None:
            return None
        raise Unmappable("is an amount in a currency that is not declared")

    return amount


def _place(words: FieldWords, lookup: Lookup, clean: Convert) -> Look:
    looks = [lookup(name_of(origin)) for origin in (words.first or words.join or (words,))]
    if words.join:
        return _joined(looks, words.between, words.split is not None, clean)
    if len(looks) == 1:
        return looks[0]

    def first(row: Raw) -> Any:
        for look in looks:
            raw = clean(look(row))
            if raw is not None:
                return raw
        return None

    return first


def _joined(looks: Sequence[Look], between: str, listed: bool, clean: Convert) -> Look:
    """The parts that there are of a list; of anything else all parts or nothing: a number that lacks its year is
    another number."""

    def join(row: Raw) -> str | None:
        parts = [clean(look(row)) for look in looks]
        there = [text_of(part) for part in parts if part is not None]
        return between.join(there) if there and (listed or len(there) == len(parts)) else None

    return join


def _whole(row: Raw) -> Any:
    return row


def _chosen(words: FieldWords, term: FieldTerm, lookup: Lookup, clean: Convert) -> Look:
    """`const` and `when` give codes of the catalogue, not of the platform."""

    def code(text: str | None) -> Any:
        value = FLAGS[text] if term.kind == "flag" and text is not None else text
        return value if value is None or not term.many else (value,)

    steps: list[Look] = []
    for place, branches in groupby(words.when, lambda branch: name_of(branch) if branch.is_ is not None else None):
        if place is None:
            steps += [_all_of(branch, code(branch.then), lookup, clean) for branch in branches]
        else:
            steps.append(_by_text(branches, lookup(place), clean, code))
    otherwise = code(words.const if words.const is not None else words.else_)

    def choose(row: Raw) -> Any:
        for step in steps:
            found = step(row)
            if found is not _UNDECIDED:
                return found
        return otherwise

    return choose


def _by_text(branches: Iterable[Branch], look: Look, clean: Convert, code: Callable[[str], Any]) -> Look:
    """Tests of one place that follow each other, as one table: the first branch for a text decides."""
    table: dict[str | None, Any] = {}
    for branch in branches:
        table = dict.fromkeys(branch.is_ or (), code(branch.then)) | table
    return lambda row: table.get(_text_in(clean(look(row))), _UNDECIDED)


def _all_of(branch: Branch, then: Any, lookup: Lookup, clean: Convert) -> Look:
    tests = [matcher(match, lookup, clean) for match in branch.tests]
    return lambda row: then if all(test(row) for test in tests) else _UNDECIDED


def _text_in(cleaned: Any) -> str | None:
    return None if cleaned is None else text_of(cleaned)


def _convert(words: FieldWords, term: FieldTerm, terms: Terms) -> Convert:
    zone = ZoneInfo(words.zone)
    match term.kind:
        case "date":
            return date_reader(words.date, zone, words.never, words.unknown, words.unknownBefore)
        case "timestamp":
            return timestamp_reader(words.timestamp, zone)
        case "money":
            if words.unit is None:
                raise ValueError("an amount without a unit means nothing")
            return money_reader(words.unit.from_, words.number == "text")
        case "number":
            return number_reader(words.number == "text")
    return _text(words, term, terms)


def _text(words: FieldWords, term: FieldTerm, terms: Terms) -> Convert:
    vocabulary, codes, other = words.codes, term.codes, words.other
    check = terms.checks[words.check] if words.check is not None else None
    today = terms.conversions[words.convert].today if words.convert is not None else None
    take, upper, flag = words.take, words.upper, term.kind == "flag"

    def meaning(given: str) -> Any:
        text = given if vocabulary is None else vocabulary.get(given, given if other == "keep" else None)
        if text is None or (codes is not None and text not in codes):
            if other == "refuse":
                raise Unmappable("has a code that the vocabulary does not know")
            return OTHER if other == "keepAsOther" else None
        if check is not None and not check(text):
            return None
        if flag:
            if text not in FLAGS:
                raise Unmappable("is neither true nor false")
            return FLAGS[text]
        return text

    known: dict[str, Any] = {}  # what every word means that a platform should send
    for given in vocabulary if vocabulary is not None else codes or (FLAGS if flag else ()):
        with suppress(Unmappable):
            known[given] = meaning(given)

    def convert(raw: Any) -> Any:
        given = text_of(raw)[:take]
        given = given.upper() if upper else given
        given = given if today is None else today(given)
        return known[given] if given in known else meaning(given)

    changed = vocabulary is not None or codes is not None or check is not None or today is not None or take is not None
    as_it_is = not (changed or upper or flag)
    return text_of if as_it_is else convert


def _each(split: str | None, clean: Convert, convert: Convert, joined: bool) -> Convert:
    def read(raw: Any) -> Any:
        parts: Sequence[Any]
        if isinstance(raw, str) and split is not None:
            parts = raw.split(split)
        elif isinstance(raw, list | tuple):
            parts = raw
        else:
            raise Unmappable("is not a list")
        values = (convert(part) for part in map(clean, parts) if part is not None)
        found = (value for value in values if value is not None)
        return tuple(dict.fromkeys(found) if joined else found)  # two columns may say the same

    return read
