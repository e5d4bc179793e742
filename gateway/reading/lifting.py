"""Arguments, variables and literals of a document that is being proved; literals are lifted into variables.

Each literal becomes a variable of the very type of its place, which no document can spell; the same literal at places
of the same type is one variable. What a literal's value must be (a date, a number of 32 bits) is not judged here: it is
when the variable is bound, as for any other. Whatever is not plainly in order is a `Doubt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    ListValueNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_nullable_type,
    is_input_object_type,
    is_input_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    type_from_ast,
)
from graphql.pyutils import Undefined
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from gateway.reading.normalising import Kind, Slot

# Which literals a scalar takes. A scalar that is not named is one of ours: written as text.
LITERALS: dict[str, frozenset[str]] = {
    "Int": frozenset({"Int"}), "Float": frozenset({"Int", "Float"}), "Boolean": frozenset(), "ID": frozenset({"String"})
}  # fmt: skip
TEXT = frozenset({"String"})
MOST = 300  # literals of one form: each is bound with every request, and a whole batch has fewer
KINDS: dict[str, Kind] = {"int_value": "Int", "float_value": "Float", "string_value": "String"}


class Doubt(Exception):
    """Not plainly in order: for the full validation to judge."""


@dataclass(slots=True)
class Values:
    """What one document says in values: its declared variables, those used, and its literals as variables."""

    schema: GraphQLSchema
    variables: dict[str, VariableDefinitionNode] = field(default_factory=dict)
    types: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    slots: dict[str, Slot] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # slot's variable -> its type as text
    lifted: dict[tuple[Slot, str], str] = field(default_factory=dict)  # slot and type -> its variable

    def declare(self, node: VariableDefinitionNode) -> None:
        name = node.variable.name.value
        kind = type_from_ast(self.schema, node.type)
        sure(name not in self.variables and is_input_type(kind) and not node.directives)
        if node.default_value is not None:
            self.constant(node.default_value, kind)
        self.variables[name], self.types[name] = node, kind

    def arguments(self, nodes: Sequence[Any], known: dict[str, GraphQLArgument]) -> tuple[Any, ...] | None:
        if not nodes and not known:
            return None
        given = {node.name.value: node for node in nodes}
        sure(len(given) == len(nodes) and given.keys() <= known.keys())
        for name, argument in known.items():
            if name not in given:
                sure(not is_non_null_type(argument.type) or _has_default(argument))
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
            self.usage(node, kind, has_default)
            return node
        literal = KINDS.get(node.kind)
        plain = get_nullable_type(kind)
        if literal is not None:
            scalar = plain
            while is_list_type(scalar):
                scalar = get_nullable_type(scalar.of_type)  # one value stands for a list of it
            sure(is_scalar_type(scalar) and literal in LITERALS.get(scalar.name, TEXT))
            sure(not getattr(node, "block", False))
            return self._slot((literal, node.value), str(kind))  # type: ignore[attr-defined]
        if isinstance(node, ListValueNode):
            sure(is_list_type(plain))
            return ListValueNode(values=tuple(self._value(item, plain.of_type, False) for item in node.values))
        if isinstance(node, ObjectValueNode):
            return self._object(node, plain)
        self.constant(node, kind)
        return node

    def _object(self, node: ObjectValueNode, kind: Any) -> ObjectValueNode:
        sure(is_input_object_type(kind) and not kind.is_one_of)
        given = {item.name.value: item for item in node.fields}
        sure(len(given) == len(node.fields) and given.keys() <= kind.fields.keys())
        for name, item in kind.fields.items():
            sure(name in given or not is_non_null_type(item.type) or _has_default(item))
        fields = (
            ObjectFieldNode(
                name=item.name,
                value=self._value(item.value, kind.fields[name].type, _has_default(kind.fields[name])),
            )
            for name, item in given.items()
        )
        return ObjectValueNode(fields=tuple(fields))

    def usage(self, node: VariableNode, kind: Any, has_default: bool) -> None:
        name = node.name.value
        sure(name in self.variables)
        default = self.variables[name].default_value
        location = None if has_default else Undefined
        sure(allowed_variable_usage(self.schema, self.types[name], default, kind, location))
        self.used.add(name)

    def _slot(self, slot: Slot, place: str) -> VariableNode:
        """A variable for this literal at places of this type. No document can spell its name."""
        index = self.lifted.get((slot, place))
        if index is None:
            sure(len(self.slots) < MOST)
            index = self.lifted[slot, place] = f"{len(self.slots)}:{slot[0]}"
            self.slots[index], self.places[index] = slot, place
        return VariableNode(name=NameNode(value=index))

    def constant(self, node: ValueNode, kind: Any) -> None:
        """A literal that stays in the form, with its value."""
        validate_input_literal(node, kind, _doubt, None, None, True)


def _has_default(item: GraphQLArgument | GraphQLInputField) -> bool:
    return item.default is not None or item.default_value is not Undefined


def sure(holds: bool) -> None:
    if not holds:
        raise Doubt


def _doubt(*_: Any) -> None:
    raise Doubt
