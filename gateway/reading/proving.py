"""A parsed document -> its form, proved valid against the schema in one walk, without looking at a literal's value.

The proof is sound and not complete: what it accepts, the full validation of the GraphQL specification accepts too
(a test holds the two against each other), and whatever is not plainly in order (introspection, merged fields with
arguments, a directive of another name) is left to the full validation, which also has the words for what is wrong. A
literal of a selection becomes a variable of the very type of its place, so that one form serves every
document that differs from it in literals alone; its value is checked where variables are, when it is bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_input_object_type,
    is_input_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    parse_type,
    type_from_ast,
)
from graphql.pyutils import Undefined
from graphql.utilities import do_types_overlap
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from gateway.reading.normalising import Kind, Slot

# Which literals a scalar takes. A scalar that is not named is one of ours: written as text.
LITERALS: dict[str, frozenset[str]] = {
    "Int": frozenset({"Int"}), "Float": frozenset({"Int", "Float"}), "Boolean": frozenset(), "ID": frozenset({"String"})
}  # fmt: skip
TEXT = frozenset({"String"})
KINDS: dict[str, Kind] = {"int_value": "Int", "float_value": "Float", "string_value": "String"}
Scope = dict[str, tuple[str, Any, bool]]  # response key -> field, its type, whether it may stand there again


class _Doubt(Exception):
    """Not plainly in order: for the full validation to judge."""


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
        return _Walk(schema, document).proof()
    except _Doubt:
        return None


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    document: DocumentNode
    given: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    scopes: dict[str, list[tuple[str, tuple[str, Any, bool]]]] = field(default_factory=dict)  # of fragments
    open_now: set[str] = field(default_factory=set)
    variables: dict[str, VariableDefinitionNode] = field(default_factory=dict)
    types: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    slots: dict[str, Slot] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # slot's variable -> its type as text

    def proof(self) -> Proof:
        operations = []
        for definition in self.document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                _sure(definition.name.value not in self.given and not definition.directives)
                _sure(not getattr(definition, "variable_definitions", None))
                self.given[definition.name.value] = definition
            else:
                operations.append(definition)
        _sure(len(operations) == 1)
        [operation] = operations
        _sure(isinstance(operation, OperationDefinitionNode))
        assert isinstance(operation, OperationDefinitionNode)  # noqa: S101  # for the type checker
        _sure(operation.operation is OperationType.QUERY and not operation.directives)
        for each in operation.variable_definitions or ():
            self._variable(each)
        query = self.schema.query_type
        selections = self._set(operation.selection_set, query, {})
        _sure(self.fragments.keys() == self.given.keys() and self.used == self.variables.keys())
        made = [
            VariableDefinitionNode(variable=VariableNode(name=NameNode(value=name)), type=parse_type(text))
            for name, text in self.places.items()
        ]
        definitions = (*(operation.variable_definitions or ()), *made)
        changed = OperationDefinitionNode(
            operation=operation.operation,
            name=operation.name,
            variable_definitions=definitions,
            directives=(),
            selection_set=selections,
        )
        return Proof(changed, self.fragments, self.slots)

    def _variable(self, node: VariableDefinitionNode) -> None:
        name = node.variable.name.value
        kind = type_from_ast(self.schema, node.type)
        _sure(name not in self.variables and is_input_type(kind) and not node.directives)
        if node.default_value is not None:
            self._constant(node.default_value, kind)
        self.variables[name], self.types[name] = node, kind

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
                _sure(not getattr(each, "arguments", None))
                self._spread(each.name.value, parent, scope)
                found.append(each)
        return SelectionSetNode(selections=tuple(found))

    def _spread(self, name: str, parent: Any, scope: Scope) -> None:
        _sure(name in self.given and name not in self.open_now)
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
        _sure(is_composite_type(kind) and do_types_overlap(self.schema, parent, kind))
        return kind

    def _field(self, node: FieldNode, parent: Any, scope: Scope) -> FieldNode:
        name = node.name.value
        key = node.alias.value if node.alias else name
        if name == "__typename":
            _sure(not node.arguments and node.selection_set is None)
            _note(scope, key, (name, None, True))
            return node
        known: Any = getattr(parent, "fields", {}).get(name)
        _sure(known is not None)
        named = get_named_type(known.type)
        leaf = is_leaf_type(named)
        _sure(leaf == (node.selection_set is None))
        _note(scope, key, (name, known.type, leaf and not node.arguments))
        arguments = self._arguments(node.arguments or (), known.args)
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

    def _arguments(self, nodes: Sequence[Any], known: dict[str, GraphQLArgument]) -> tuple[Any, ...] | None:
        if not nodes and not known:
            return None
        given = {node.name.value: node for node in nodes}
        _sure(len(given) == len(nodes) and given.keys() <= known.keys())
        for name, argument in known.items():
            if name not in given:
                _sure(not is_non_null_type(argument.type) or _has_default(argument))
        if not nodes:
            return None
        made = []
        for node in nodes:
            argument = known[node.name.value]
            value = self._value(node.value, argument.type, _has_default(argument))
            made.append(type(node)(name=node.name, value=value))
        return tuple(made)

    def _value(self, node: ValueNode, kind: Any, has_default: bool) -> ValueNode:
        if isinstance(node, VariableNode):
            self._usage(node, kind, has_default)
            return node
        literal = KINDS.get(node.kind)
        plain = get_nullable_type(kind)
        if literal is not None:
            scalar = plain
            while is_list_type(scalar):
                scalar = get_nullable_type(scalar.of_type)  # one value stands for a list of it
            _sure(is_scalar_type(scalar) and literal in LITERALS.get(scalar.name, TEXT))
            _sure(not getattr(node, "block", False))
            return self._slot((literal, node.value), str(kind))  # type: ignore[attr-defined]
        if isinstance(node, ListValueNode):
            _sure(is_list_type(plain))
            return ListValueNode(values=tuple(self._value(item, plain.of_type, False) for item in node.values))
        if isinstance(node, ObjectValueNode):
            return self._object(node, plain)
        self._constant(node, kind)
        return node

    def _object(self, node: ObjectValueNode, kind: Any) -> ObjectValueNode:
        _sure(is_input_object_type(kind) and not kind.is_one_of)
        given = {item.name.value: item for item in node.fields}
        _sure(len(given) == len(node.fields) and given.keys() <= kind.fields.keys())
        for name, item in kind.fields.items():
            _sure(name in given or not is_non_null_type(item.type) or _has_default(item))
        fields = (
            ObjectFieldNode(
                name=item.name,
                value=self._value(item.value, kind.fields[name].type, _has_default(kind.fields[name])),
            )
            for name, item in given.items()
        )
        return ObjectValueNode(fields=tuple(fields))

    def _usage(self, node: VariableNode, kind: Any, has_default: bool) -> None:
        name = node.name.value
        _sure(name in self.variables)
        default = self.variables[name].default_value
        location = None if has_default else Undefined
        _sure(allowed_variable_usage(self.schema, self.types[name], default, kind, location))
        self.used.add(name)

    def _slot(self, slot: Slot, place: str) -> VariableNode:
        """A variable for this literal at places of this type. No document can spell its name."""
        index = next((name for name, known in self.slots.items() if known == slot and self.places[name] == place), None)
        if index is None:
            index = f"{len(self.slots)}:{slot[0]}"
            self.slots[index], self.places[index] = slot, place
        return VariableNode(name=NameNode(value=index))

    def _constant(self, node: ValueNode, kind: Any) -> None:
        """A literal that stays in the form, with its value."""
        validate_input_literal(node, kind, _doubt, None, None, True)

    def _directives(self, nodes: Iterable[DirectiveNode]) -> None:
        seen: set[str] = set()
        for node in nodes:
            name = node.name.value
            _sure(name in {"skip", "include"} and name not in seen)
            seen.add(name)
            _sure(len(node.arguments or ()) == 1)
            [argument] = node.arguments or ()
            condition = self.schema.get_directive(name)
            if condition is None or argument.name.value != "if":
                raise _Doubt
            kind = condition.args["if"].type
            if isinstance(argument.value, VariableNode):
                self._usage(argument.value, kind, False)
            else:
                self._constant(argument.value, kind)


def _has_default(item: GraphQLArgument | GraphQLInputField) -> bool:
    return item.default is not None or item.default_value is not Undefined


def _note(scope: Scope, key: str, entry: tuple[str, Any, bool]) -> None:
    """Two fields at one place are proved to merge only where they are the same plain leaf."""
    before = scope.setdefault(key, entry)
    if before is not entry:
        _sure(before == entry and entry[2])


def _sure(holds: bool) -> None:
    if not holds:
        raise _Doubt


def _doubt(*_: Any) -> None:
    raise _Doubt
