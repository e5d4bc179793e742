"""Conditions on catalogue fields, turned back into the platform's own terms; only where that is exact.

A translation may let too much through (the gateway checks every row again), never too little. A field whose
mapping cannot be turned round (several origins, `when`, `split`, several stored formats, amounts) is refused
when the declaration is read: NotInvertible, with the reason and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import BadRequest, Condition
from connectors.declaration import Filter
from connectors.fields import FieldWords
from connectors.mapping.times import EPOCH_MILLIS, NATIVE, Format, day_named, epoch_millis
from connectors.mapping.values import name_of
from connectors.terms import FieldTerm

TEXTUAL = frozenset({"name", "text"})
_PLAIN = re.compile(r"[\u3400-\u9fff]+")
_KINDS_OF_TIME = frozenset({"date", "timestamp"})


class NotInvertible(ValueError):
    """A filter that cannot be exact; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The text of a column, trimmed and in upper case if so said, is one of `values`; or, where there are `known` ones,
    none of these: such a row is refused, and must come to be told."""

    name: str
    values: tuple[str, ...]
    trim: bool
    upper: bool
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """`low <= column < high` (`<=` unless `strict`); None is open. Or the column is one of `also`, or of a spelling
    that does not sort: like the first pattern of `ragged`, and not like the second."""

    name: str
    low: Any
    high: Any
    strict: bool
    also: tuple[Any, ...]
    ragged: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """The text of a column holds `signs` in this order, whatever stands between them: blanks may, at many platforms."""

    name: str
    signs: tuple[str, ...]


ToSource = Callable[[Condition], AnyOf | Between | Like]
ToParams = Callable[[Condition], Mapping[str, Any]]


def to_source(words: FieldWords, term: FieldTerm, declared: Filter, trim: bool, nulls: Sequence[str] = ()) -> ToSource:
    """How conditions on a field are put to a table; `nulls` are the words for nothing there. Raises NotInvertible."""
    operators_alone(declared)
    _one_origin(words, term)
    if term.kind in _KINDS_OF_TIME:
        if "in" in declared.ops:
            raise NotInvertible("`in` is not possible for times; write eq or range")
        return _span(words, term)
    texts = _texts(words, term)
    if "range" in declared.ops:
        raise NotInvertible("`range` is possible for dates and timestamps only")
    if "contains" in declared.ops and (words.codes is not None or term.kind not in TEXTUAL):
        raise NotInvertible("`contains` is possible for names and texts only")
    name, trimmed = name_of(words), trim if words.trim is None else words.trim
    coded = {*words.codes, *words.null, *nulls} - {""} if words.codes is not None and words.other == "refuse" else set()
    known = tuple(sorted(coded))  # an empty text is null in some databases, which is in no list and outside none

    def any_of(condition: Condition) -> AnyOf | Like:
        if condition.op == "contains":
            return Like(name, plain_signs(condition.values[0]))
        return AnyOf(name, texts(condition.values), trimmed, words.upper, known)

    return any_of


def operators_alone(declared: Filter) -> None:
    """Raises NotInvertible where a filter says how it travels, which nothing does with a table."""
    if declared.params or declared.date or declared.join:
        raise NotInvertible("`params`, `date` and `join` are for kinds over HTTP; write the operators alone")


def to_params(words: FieldWords, term: FieldTerm, declared: Filter, lists: bool = False) -> ToParams:
    """How conditions on a field become parameters of a request: texts, or tuples of them where a parameter may be a
    list (`lists`) and `in` is declared. Raises NotInvertible, and what it gives BadRequest for values that cannot be
    told apart.
    """
    listed = lists and "in" in declared.ops
    if "contains" in declared.ops and (len(declared.ops) > 1 or len(declared.params) != 1 or term.kind not in TEXTUAL):
        raise NotInvertible("`contains` stands alone, for a name or text: `{ops: [contains], params: [keyword]}`")
    if "range" in declared.ops and (len(declared.ops) > 1 or len(declared.params) != 2):
        raise NotInvertible("a `range` stands alone and has two parameters: `{ops: [range], params: [from, to]}`")
    if "range" not in declared.ops and len(declared.params) != 1:
        raise NotInvertible("`eq` and `in` have one parameter: `{ops: [eq], params: [name]}`")
    if lists and declared.join is not None:
        raise NotInvertible("`join` is not needed: with `in`, the parameter is a list")
    if "in" in declared.ops and declared.join is None and not listed:
        raise NotInvertible("`in` needs `join`, the sign between the values")
    if term.kind in _KINDS_OF_TIME:
        if declared.date is None or "in" in declared.ops:
            raise NotInvertible("a filter by time needs `date`, the parameter's format, and eq or range")
        write = writer(declared.date, ZoneInfo(words.zone))
        return lambda condition: {
            name: write(value)
            for name, value in zip(declared.params, condition.values, strict=True)
            if value is not None
        }
    if "range" in declared.ops or declared.date is not None:
        raise NotInvertible("`range` and `date` are possible for dates and timestamps only")
    _one_origin(words, term)
    texts = _texts(words, term)
    doubled = [code for code in set((words.codes or {}).values()) if len(texts((code,))) > 1]
    if doubled and declared.join is None and not listed:
        needed = "`in` is needed, so that a list is sent" if lists else "`join` is needed"
        raise NotInvertible(f"several of the platform's codes mean `{sorted(doubled)[0]}`: {needed}")

    def params(condition: Condition) -> Mapping[str, Any]:
        if condition.op == "contains":
            parts = plain_parts(str(condition.values[0])) or (str(condition.values[0]),)
            return {declared.params[0]: max(parts, key=len)}
        found = texts(condition.values)
        if declared.join is not None and any(declared.join in text for text in found):
            raise BadRequest("a condition's value holds the sign between values")
        return {declared.params[0]: found if listed else (declared.join or "").join(found)}

    return params


def plain_parts(sought: str) -> tuple[str, ...]:
    """The runs of Chinese characters in a sought text: what has one spelling only, whatever the width of brackets,
    letters and blanks at the platform. The gateway compares the whole."""
    return tuple(_PLAIN.findall(sought))


def plain_signs(sought: Any) -> tuple[str, ...]:
    """The same, sign by sign: a platform may write blanks between any two."""
    return tuple("".join(plain_parts(str(sought))))


def _one_origin(words: FieldWords, term: FieldTerm) -> None:
    if words.const is not None or words.when or words.first or words.join:
        raise NotInvertible("a filter needs one plain origin; `first`, `join`, `when`, `const` cannot be turned round")
    if words.convert is not None or words.other in {"keep", "keepAsOther"}:
        raise NotInvertible("`convert`, `keep` and `keepAsOther` cannot be turned round; leave the filter out")
    if term.many or words.take is not None or term.kind in {"money", "number"}:
        raise NotInvertible("lists, cut texts, amounts and numbers cannot be turned round; leave the filter out")


def _texts(words: FieldWords, term: FieldTerm) -> Callable[[tuple[Any, ...]], tuple[str, ...]]:
    inverse: dict[str, list[str]] = {}
    for code, target in (words.codes or {}).items():
        inverse.setdefault(target, []).append(code)

    def texts(values: tuple[Any, ...]) -> tuple[str, ...]:
        plain = (str(value).lower() if term.kind == "flag" else str(value) for value in values)
        if words.codes is None:
            return tuple(plain)
        return tuple(code for value in plain for code in inverse.get(value, ()))

    return texts


def _span(words: FieldWords, term: FieldTerm) -> ToSource:
    patterns = words.date or words.timestamp
    if len(patterns) != 1:
        raise NotInvertible("a filter by time needs a single stored format; with several, texts do not sort")
    pattern, zone, name = patterns[0], ZoneInfo(words.zone), name_of(words)
    form = None if pattern in {EPOCH_MILLIS, NATIVE} else Format(pattern)
    if form is not None and not form.sorts:
        raise NotInvertible(f"`{pattern}` does not sort as text; leave the filter out")
    write, dated = writer(pattern, zone), term.kind == "date"
    also: tuple[Any, ...] = words.never
    if pattern == EPOCH_MILLIS:
        also = tuple(int(word) for word in words.never if word.lstrip("-").isdigit())
    elif pattern == NATIVE:
        also = ()  # it holds no words
    endings = [day for word in words.never if (day := day_named(word, patterns)) is not None]

    def span(condition: Condition) -> Between:
        low, high = condition.values if condition.op == "range" else (condition.values[0], condition.values[0])
        if dated:
            endless = high is None or high == date.max
            if endless and low is not None:
                low = min([low, *endings])  # days that mean "without end" are later than any other
            high = None if endless else high + timedelta(days=1)
        else:
            endless = high is None
        return Between(
            name,
            None if low is None else write(low),
            None if high is None else write(high),
            strict=dated,
            also=also if endless else (),
            ragged=form.ragged if form is not None else None,
        )

    return span


def writer(pattern: str, zone: ZoneInfo) -> Callable[[Any], Any]:
    """Writes a catalogue date (its first instant in the zone) or instant as the platform stores it."""
    form = None if pattern in {EPOCH_MILLIS, NATIVE} else Format(pattern)

    def write(value: date | datetime) -> Any:
        if pattern == NATIVE:  # without a zone: most databases keep none, and the others reckon in their session's
            return value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) else value
        if isinstance(value, datetime):
            moment = value.astimezone(zone)
        else:
            moment = datetime(value.year, value.month, value.day, tzinfo=zone)
        return epoch_millis(moment) if form is None else form.write(moment)

    return write
