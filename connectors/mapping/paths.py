"""Where a value lies in a raw row: a column of a table, a plain name in JSON, or a JMESPath expression.

A plain name (dots go one level down) is looked up as it is spelled, then in upper, then in lower case,
because both are seen at one platform; blanks inside a name are kept. A place inside a list is the list of what lies
there in each. A text with any sign of JMESPath is compiled once. What is not there is None.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jmespath

Raw = Mapping[str, Any]
Look = Callable[[Raw], Any]
Lookup = Callable[[str], Look]

_EXPRESSION = re.compile(r"[\[\]{}()|&@*\"'`?!<>=:,]")
_HEAD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMES = re.compile(rf"{_HEAD.pattern}(\.{_HEAD.pattern})*")


def column(name: str) -> Look:
    """A column of a row that was selected by name; a missing one is a KeyError (it was asked for)."""
    return operator.itemgetter(name)


def path(text: str) -> Look:
    """A plain name or a JMESPath expression over one JSON value. Raises ValueError when it is neither."""
    if _EXPRESSION.search(text):
        try:
            return expression(text)
        except ValueError:
            raise ValueError("neither a plain name nor a JMESPath expression") from None
    steps = text.split(".")
    if len(steps) == 1:
        return _named(text)

    def look(row: Any) -> Any:
        for step in steps:
            row = within(row, step)
        return row

    return look


def _named(name: str) -> Look:
    """A plain name of one level, most of which are there as they are spelled."""

    def look(row: Any) -> Any:
        found = row.get(name) if type(row) is dict else None
        return below(row, name) if found is None else found

    return look


def expression(text: str) -> Look:
    """A JMESPath expression. Raises ValueError when it does not compile."""
    compiled = jmespath.compile(text)
    if _NAMES.fullmatch(text):
        return _exactly(text.split("."))

    def look(row: Any) -> Any:
        try:
            return compiled.search(row)
        except jmespath.exceptions.JMESPathError:
            return None  # a function met a value of another type: there is nothing of the declared shape

    return look


def _exactly(names: Sequence[str]) -> Look:
    """What JMESPath finds under names with dots between them, as they are spelled."""

    def look(row: Any) -> Any:
        for name in names:
            if not isinstance(row, dict):
                return None
            row = row.get(name)
        return row

    return look


def head(text: str) -> str | None:
    """The platform's own name that a path begins with, to be put into `{projection}`; None if it has none."""
    if not _EXPRESSION.search(text):
        return text.split(".")[0]
    found = _HEAD.match(text)
    return found[0] if found else None


def within(row: Any, name: str) -> Any:
    """As `below`; of a list what lies in each of its members, None when in none."""
    if not isinstance(row, list):
        return below(row, name)
    return [found for each in row if (found := within(each, name)) is not None] or None


def below(row: Any, name: str) -> Any:
    """What a mapping holds under a name as it is spelled, else in upper, else in lower case; else None."""
    if not isinstance(row, dict):
        return None
    if name in row:
        return row[name]
    upper = name.upper()
    return row[upper] if upper in row else row.get(name.lower())
