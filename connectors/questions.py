"""The words of a GraphQL question: its root field or entities, and its arguments.

Models and nothing that acts on them. What is asked of the platform is a query, never more; which fields it selects is
not written here: they are the origins of the fields that a caller may see.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from connectors.spelling import Block, GraphqlType, no_literal_secrets


class Argument(Block):
    """An argument of a GraphQL field, always a variable of this type; a name with dots is an input object's field.

    `value` is a template; without it the variable is sent only where a filter or a page has something for it. `on`
    is the field that takes it, a path below the root field, which takes it otherwise.
    """

    type: GraphqlType
    value: Any = None
    on: str | None = None


class Entities(Block):
    """An entity of an Apollo Federation subgraph, asked by the field of its `@key`."""

    type: str
    key: str


class Question(Block):
    """A GraphQL query: its root field (dots go one level down), or the entities of a subgraph."""

    field: str | None = None
    entities: Entities | None = None
    arguments: dict[str, Argument] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_root(self) -> Question:
        if (self.field is None) == (self.entities is None):
            raise ValueError("write either `field`, the root field that is asked, or `entities`")
        for name, argument in self.arguments.items():
            no_literal_secrets(argument.value, name)
        return self
