"""Nested objects of a record: where they lie in a raw row, and one tuple per field of them.

A list of objects becomes columns of equal length, `changes.item` and `changes.date`, so that each field can be
asked, decided and masked by itself; the answer puts them together again. A text that holds them is JSON. What
is not a list of objects where the declaration says so raises Unmappable with a reason, never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.fields import ObjectWords
from connectors.mapping.paths import Lookup, Raw, column, path
from connectors.mapping.texts import Unmappable, json_of
from connectors.mapping.values import Reader, compile_field, name_of
from connectors.terms import Terms, TypeTerm

MOST = 1000  # objects in one record


@dataclass(frozen=True, slots=True)
class Nested:
    """A compiled object; `read` gives the values of its asked fields by their names in the record."""

    name: str
    many: bool
    items: Callable[[Raw], list[Raw] | None]
    fields: Mapping[str, Reader]
    inline: bool  # its fields lie in the row itself

    def only(self, asked: Collection[str]) -> Nested:
        return replace(self, fields={name: reader for name, reader in self.fields.items() if name in asked})

    def read(self, raw: Raw) -> dict[str, Any]:
        if not self.fields:
            return {}
        items = self.items(raw)
        if items is None:
            return dict.fromkeys(self.fields)
        columns = {name: tuple(reader.read(item) for item in items) for name, reader in self.fields.items()}
        if self.inline and all(value is None for column in columns.values() for value in column):
            return dict.fromkeys(self.fields)  # a row without any of them has no such object
        if self.many:
            return dict(columns)
        return {name: column[0] if column else None for name, column in columns.items()}


def compile_object(
    name: str, words: ObjectWords, term: TypeTerm, lookup: Lookup, terms: Terms, *, trim: bool, nulls: frozenset[str]
) -> Nested:
    """Compile one object whose declaration has been agreed."""
    many = term.objects[name]
    within = path if words.apart and lookup is column else lookup
    fields = {}
    for leaf, each in words.fields.items():
        full = f"{name}.{leaf}"
        single = replace(term.fields[full], many=False) if many else term.fields[full]
        fields[full] = compile_field(each, single, within, terms, trim=trim, nulls=nulls)
    if not words.apart:
        return Nested(name, many, lambda row: [row], fields, True)
    look = lookup(name_of(words))

    def items(row: Raw) -> list[Raw] | None:
        found = look(row)
        if isinstance(found, str):
            found = _parsed(found, nulls)
        if found is None:
            return None
        listed = found if isinstance(found, list) else [found]
        if len(listed) > (MOST if many else 1) or not all(isinstance(item, dict) for item in listed):
            raise Unmappable("is not the declared object or list of objects")
        return listed

    return Nested(name, many, items, fields, False)


def _parsed(text: str, nulls: frozenset[str]) -> Any:
    if text.strip() in nulls | {""}:
        return None
    try:
        return json_of(text)
    except (ValueError, RecursionError):
        raise Unmappable("is a text that is not JSON") from None
