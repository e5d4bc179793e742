"""A parsed document -> its form, proved valid against the schema in one walk, without looking at a literal's value.

The proof is sound and not complete: what it accepts, the full validation of the GraphQL specification accepts too
(a test holds the two against each other), and whatever is not plainly in order (introspection, merged fields with
arguments, a directive of another name) is left to the full validation, which also has the words for what is wrong. A
literal of a selection becomes a variable of the very type of its place, so that one form serves every
document that differs from it in literals alone; its value is checked where variables are, when it is bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    parse_type,
)
from graphql.utilities import do_types_overlap

from gateway.reading.lifting import Doubt, Values, sure
from gateway.reading.normalising import Slot

Scope = dict[str, tuple[str, Any, bool]]  # response key -> field, its type, whether it may stand there again


@dataclass(slots=True)
class Proof:
    """A proved document: its literals are variables; `slots` says which literal each of them stands for."""

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    slots: dict[str, Slot]

    @property
    def document(self) -> DocumentNode:
        return DocumentNode(definitions=(self.operation, *self.fragments.values()))


def prove(schema: GraphQLSchema, document: DocumentNode) -> Proof | None:
    """The document's form, None where it is not proved. Only for documents that are within the limits."""
    try:
        return _Walk(schema, document, Values(schema)).proof()
    except Doubt:
        return None


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    document: DocumentNode
    values: Values
    given: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    scopes: dict[str, list[tuple[str, tuple[str, Any, bool]]]] = field(default_factory=dict)  # of fragments
    open_now: set[str] = field(default_factory=set)

    def proof(self) -> Proof:
        operations = []
        for definition in self.document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                sure(definition.name.value not in self.given and not definition.directives)
                sure(not getattr(definition, "variable_definitions", None))
                self.given[definition.name.value] = definition
            else:
                operations.append(definition)
        sure(len(operations) == 1)
        [operation] = operations
        sure(isinstance(operation, OperationDefinitionNode))
        assert isinstance(operation, OperationDefinitionNode)  # noqa: S101  # for the type checker
        sure(operation.operation is OperationType.QUERY and not operation.directives)
        for each in operation.variable_definitions or ():
            self.values.declare(each)
        query = self.schema.query_type
        selections = self._set(operation.selection_set, query, {})
        sure(self.fragments.keys() == self.given.keys() and self.values.used == self.values.variables.keys())
        made = [
            VariableDefinitionNode(variable=VariableNode(name=NameNode(value=name)), type=parse_type(text))
            for name, text in self.values.places.items()
        ]
        definitions = (*(operation.variable_definitions or ()), *made)
        changed = OperationDefinitionNode(
            operation=operation.operation,
            name=operation.name,
            variable_definitions=definitions,
            directives=(),
            selection_set=selections,
        )
        return Proof(changed, self.fragments, self.values.slots)

    def _set(self, node: SelectionSetNode, parent: Any, scope: Scope) -> SelectionSetNode:
        """The selections of one type, rewritten; `scope` are the response keys that meet at this place."""
        found: list[Any] = []
        for each in node.selections:
            self._directives(each.directives or ())
            if isinstance(each, FieldNode):
                found.append(self._field(each, parent, scope))
            elif isinstance(each, InlineFragmentNode):
                below = self._condition(each.type_condition, parent) if each.type_condition else parent
                inner = self._set(each.selection_set, below, scope)
                found.append(
                    InlineFragmentNode(
                        type_condition=each.type_condition, directives=each.directives, selection_set=inner
                    )
                )
            elif isinstance(each, FragmentSpreadNode):
                sure(not getattr(each, "arguments", None))
                self._spread(each.name.value, parent, scope)
                found.append(each)
        return SelectionSetNode(selections=tuple(found))

    def _spread(self, name: str, parent: Any, scope: Scope) -> None:
        sure(name in self.given and name not in self.open_now)
        fragment = self.given[name]
        below = self._condition(fragment.type_condition, parent)
        if name not in self.fragments:
            self.open_now.add(name)
            own: Scope = {}
            inner = self._set(fragment.selection_set, below, own)
            self.fragments[name] = FragmentDefinitionNode(
                name=fragment.name,
                type_condition=fragment.type_condition,
                directives=(),
                selection_set=inner,
            )
            self.scopes[name] = list(own.items())
            self.open_now.discard(name)
        for key, entry in self.scopes[name]:
            _note(scope, key, entry)

    def _condition(self, node: NamedTypeNode, parent: Any) -> Any:
        kind = self.schema.type_map.get(node.name.value)
        sure(is_composite_type(kind) and do_types_overlap(self.schema, parent, kind))
        return kind

    def _field(self, node: FieldNode, parent: Any, scope: Scope) -> FieldNode:
        name = node.name.value
        key = node.alias.value if node.alias else name
        if name == "__typename":
            sure(not node.arguments and node.selection_set is None)
            _note(scope, key, (name, None, True))
            return node
        known: Any = getattr(parent, "fields", {}).get(name)
        sure(known is not None)
        named = get_named_type(known.type)
        leaf = is_leaf_type(named)
        sure(leaf == (node.selection_set is None))
        _note(scope, key, (name, known.type, leaf and not node.arguments))
        arguments = self.values.arguments(node.arguments or (), known.args)
        if arguments is None and leaf:
            return node
        inner = self._set(node.selection_set, named, {}) if node.selection_set else None
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments if arguments is None else arguments,
            directives=node.directives,
            selection_set=inner,
        )

    def _directives(self, nodes: Iterable[DirectiveNode]) -> None:
        seen: set[str] = set()
        for node in nodes:
            name = node.name.value
            sure(name in {"skip", "include"} and name not in seen)
            seen.add(name)
            sure(len(node.arguments or ()) == 1)
            [argument] = node.arguments or ()
            condition = self.schema.get_directive(name)
            if condition is None or argument.name.value != "if":
                raise Doubt
            kind = condition.args["if"].type
            if isinstance(argument.value, VariableNode):
                self.values.usage(argument.value, kind, False)
            else:
                self.values.constant(argument.value, kind)


def _note(scope: Scope, key: str, entry: tuple[str, Any, bool]) -> None:
    """Two fields at one place are proved to merge only where they are the same plain leaf."""
    before = scope.setdefault(key, entry)
    if before is not entry:
        sure(before == entry and entry[2])
