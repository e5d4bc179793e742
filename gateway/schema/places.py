"""Where the value of a field lies in the finished tree: said once, where the field is made, for whoever reads it out.

A plain field lies under its own name. Others lie under the response key, because the same field may be asked several
times with other arguments; and some lie one step further down (see `records`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter

PLACE = "place"


@dataclass(frozen=True, slots=True)
class Place:
    """`below` is the step further down, if any; `by_key` is true under the response key."""

    below: str | None = None
    by_key: bool = False

    def of(self, source: Any, name: str, key: str) -> Any:
        where = source if self.below is None else source[self.below]
        return where[key] if self.by_key else where.get(name)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return {PLACE: self}


OWN_NAME = Place()


def place_of(field: GraphQLField) -> Place:
    """The place that a field's definition names."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    found: Place = getattr(definition, "metadata", {}).get(PLACE, OWN_NAME)
    return found
