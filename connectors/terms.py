"""The words of the catalogue that declarations may use, as the gateway hands them to connectors.

Holds record types with their fields, kinds and codes, and what is known about codes of subjects: how they are checked,
and how older ones become today's. Connectors know no other catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """A catalogue field as connectors need it: its kind, its codes when it is an enum, list or single."""

    kind: str
    codes: frozenset[str] | None
    many: bool


@dataclass(frozen=True, slots=True)
class TypeTerm:
    fields: Mapping[str, FieldTerm]  # those of nested objects too, as `object.field`; `many` in a list of objects
    control: frozenset[str]  # must be mapped, or declared not applicable with a reason
    keys: frozenset[str]  # `uscc`, `citizenId`: how subjects of this type are keyed
    updated: str | None  # the field that says when the source touched the record
    objects: Mapping[str, bool] = field(default_factory=dict)  # nested object -> whether there is a list of them
    connection: str = ""  # its field on a subject in the gateway's own schema
    owners: Mapping[str, str] = field(default_factory=dict)  # nested object -> the name of its type there

    def coordinates(self, name: str) -> dict[str, str]:
        """Every field by its place in the gateway's own schema, such as `Type.field`; `name` is the type's own."""
        found = {}
        for each in self.fields:
            parent, _, leaf = each.rpartition(".")
            found[f"{self.owners.get(parent, parent) if parent else name}.{leaf}"] = each
        return found


@dataclass(frozen=True, slots=True)
class Conversion:
    """Codes that have two generations: `today` is the code of now, or the text as it is when it is no old one;
    `before` is every older spelling of a code of now.
    """

    today: Callable[[str], str]
    before: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Terms:
    """The words that declarations may use; built by the gateway from the catalogue."""

    version: str
    types: Mapping[str, TypeTerm]
    checks: Mapping[str, Callable[[str], bool]]  # by the name that a mapping gives: `uscc`, `citizenId`, `gbt2260`
    conversions: Mapping[str, Conversion] = field(default_factory=dict)  # by the name that a mapping gives
    kinds: Mapping[str, Any] = field(default_factory=dict)  # of sources, from other packages; see `kinds.admitted`
    provinces: frozenset[str] = frozenset()  # two digits each: where platforms may lie; empty: anywhere
    retired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # area codes of before: those of now
