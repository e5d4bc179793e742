"""Values of a gateway's answer as catalogue values: dates, amounts and codes read strictly, objects as columns.

A list of objects becomes one tuple for each of its fields, as everywhere in the house. What is not of its field's kind,
or too large or too late to be answered, raises Unmappable with the field and a reason, never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

from connectors.mapping.numbers import money_reader, number_reader
from connectors.mapping.texts import Unmappable, cleaner
from connectors.mapping.times import CHINA
from connectors.terms import FieldTerm, TypeTerm

_plain = cleaner(True, frozenset())
_money, _number = money_reader("wan", False), number_reader(False)


class Values:
    """Of one record type."""

    def __init__(self, term: TypeTerm) -> None:
        self._objects = term.objects
        self._read = {name: _reader(field, name, term) for name, field in term.fields.items()}

    def of(self, node: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
        """The values of these fields. Raises Unmappable."""
        found: dict[str, Any] = {}
        for name in fields:
            try:
                found[name] = self._value(node, name, self._read[name])
            except Unmappable as reason:
                raise Unmappable(f"{name} {reason}") from None
        return found

    def plain(self, node: Mapping[str, Any], name: str) -> Any:
        """What stands in the place of a field, text or texts, whatever the field's kind. Raises Unmappable."""
        return self._value(
            node, name, lambda value: [_text(v) for v in value] if isinstance(value, list) else _text(value)
        )

    def _value(self, node: Mapping[str, Any], name: str, read: Callable[[Any], Any]) -> Any:
        parent, _, leaf = name.rpartition(".")
        if not parent:
            return None if node.get(name) is None else read(node[name])
        held = node.get(parent)
        if held is None:
            return None
        items = held if self._objects[parent] else [held]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Unmappable("is not the catalogue's object or list of objects")
        columns = tuple(None if item.get(leaf) is None else read(item[leaf]) for item in items)
        return columns if self._objects[parent] else columns[0]


def _reader(field: FieldTerm, name: str, term: TypeTerm) -> Callable[[Any], Any]:
    one = _single(field)
    within_list = term.objects.get(name.rpartition(".")[0], False)
    if not field.many or within_list:
        return one

    def each(value: Any) -> Any:
        if not isinstance(value, list):
            raise Unmappable("is not a list")
        return tuple(one(item) for item in value if item is not None)

    return each


def _single(field: FieldTerm) -> Callable[[Any], Any]:
    match field.kind:
        case "date":
            return lambda value: _of(date.fromisoformat, value)
        case "timestamp":
            return lambda value: instant(_of(datetime.fromisoformat, value))
        case "money":
            return lambda value: _money(_text(value))
        case "number":
            return lambda value: _number(_is(value, int))
        case "flag":
            return lambda value: _is(value, bool)
    codes = field.codes

    def text(value: Any) -> str:
        found = _text(value)
        if codes is not None and found not in codes:
            raise Unmappable("has a code that the catalogue does not know")
        return found

    return text


def _of(make: Callable[[str], Any], value: Any) -> Any:
    try:
        return make(_text(value))
    except ValueError:
        raise Unmappable("is not of its kind") from None


def instant(value: datetime) -> datetime:
    """A moment that an answer can tell. Raises Unmappable."""
    if value.utcoffset() is None:
        raise Unmappable("has no zone")
    try:
        return value.astimezone(CHINA)
    except OverflowError:  # the first or the last day of all, in another zone
        raise Unmappable("is earlier or later than any time") from None


def _is(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise Unmappable("is not of its kind")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unmappable("is not text")
    return str(_plain(value))
