"""The schema as one caller is shown it: what introspection tells, and what a composition reads.

It is the part of the whole that `viewing` cuts out, made into a schema that nothing is ever validated or executed
against. It is kept as long as what the caller may see is remembered, and so is what was told of it last: to tell all of
it takes a hundred times as long as any other answer, and everybody asks it in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_ast_schema,
    parse,
    print_schema,
)
from graphql.execution.incremental import IncrementalExecutor
from graphql.pyutils import Path

from gateway.model import Form, Seen
from gateway.schema.federating import subgraph
from gateway.schema.viewing import part
from policies.model import Catalogue

Data = tuple[Mapping[str, Any] | None, tuple[GraphQLError, ...]]


class Described:
    """One part of the schema."""

    def __init__(self, document: DocumentNode, keys: Mapping[str, str]) -> None:
        self._document, self._keys = document, keys
        self._told: LRUCache[Form, Data] = LRUCache(2)

    def once(self, form: Form, tell: Callable[[], Data]) -> Data:
        """What introspection says to a form that holds no variable and asks nothing else; kept as the bytes it is."""
        if form not in self._told:
            data, errors = tell()
            if errors or data is None:
                return data, errors
            self._told[form] = {key: orjson.Fragment(orjson.dumps(value)) for key, value in data.items()}, ()
        return self._told[form]

    @cached_property
    def schema(self) -> GraphQLSchema:
        return build_ast_schema(self._document, assume_valid=True, assume_valid_sdl=True)

    @cached_property
    def subgraph(self) -> str:
        return subgraph(self._document, self._keys)

    @cached_property
    def executor(self) -> type[IncrementalExecutor]:
        """graphql-core's own, that takes this part for the schema where introspection asks for it."""
        shown = self.schema

        class Shown(IncrementalExecutor):
            def build_resolve_info(
                self, field_def: GraphQLField, field_nodes: Any, parent_type: GraphQLObjectType, path: Path
            ) -> GraphQLResolveInfo[Any]:
                info = super().build_resolve_info(field_def, field_nodes, parent_type, path)
                told = info.field_name.startswith("__") or parent_type.name.startswith("__")
                return info._replace(schema=shown) if told else info

        return Shown


class Descriptions:
    """The parts of one schema."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue) -> None:
        self._schema, self._catalogue = schema, catalogue
        self._keys = {kind.name: kind.key for kind in catalogue.kinds.values()}
        self._known: WeakKeyDictionary[Seen, Described] = WeakKeyDictionary()

    @cached_property
    def whole(self) -> DocumentNode:
        """To read it takes longer than all that is made of it, so a server does so before anybody asks."""
        return parse(print_schema(self._schema))

    def of(self, seen: Seen) -> Described:
        found = self._known.get(seen)
        if found is None:
            shown = part(self.whole, self._catalogue, seen.keyed, seen.sought)
            found = self._known[seen] = Described(shown, self._keys)
        return found
