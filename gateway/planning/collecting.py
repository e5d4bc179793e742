"""Which fields a selection asks of one concrete type, as the GraphQL specification collects them (6.3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
)
from graphql.execution.values import get_argument_values

from gateway.model import Operation

Selected = dict[str, list[FieldNode]]


class Collector:
    """Collects for one operation; `fields` are merged by response key, in order of appearance."""

    def __init__(self, schema: GraphQLSchema, operation: Operation) -> None:
        self._schema = schema
        self._fragments: Mapping[str, FragmentDefinitionNode] = operation.fragments
        self._values = operation.values

    def of(self, type_name: str, sets: Iterable[SelectionSetNode | None]) -> Selected:
        found: Selected = {}
        visited: set[str] = set()
        for selections in sets:
            if selections is not None:
                self._collect(type_name, selections, found, visited)
        return found

    def below(self, type_name: str, nodes: Iterable[FieldNode]) -> Selected:
        return self.of(type_name, (node.selection_set for node in nodes))

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Any]:
        """Coerced arguments of a field of an object type, by their GraphQL names."""
        owner = cast("GraphQLObjectType", self._schema.type_map[type_name])
        field = owner.fields[node.name.value]
        by_python_name = get_argument_values(field, node, self._values)
        names = {argument.out_name or name: name for name, argument in field.args.items()}
        return {names.get(name, name): value for name, value in by_python_name.items()}

    def _collect(self, type_name: str, selections: SelectionSetNode, found: Selected, visited: set[str]) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in visited:
                    visited.add(name)
                    fragment = self._fragments[name]
                    if self._applies(fragment.type_condition.name.value, type_name):
                        self._collect(type_name, fragment.selection_set, found, visited)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_name):
                    self._collect(type_name, node.selection_set, found, visited)

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._values)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self._values)
        return not (include and include["if"] is False)

    def _applies(self, condition: str, type_name: str) -> bool:
        if condition == type_name:
            return True
        abstract = self._schema.type_map.get(condition)
        concrete = self._schema.type_map[type_name]
        return bool(abstract and self._schema.is_sub_type(abstract, concrete))  # type: ignore[arg-type]
