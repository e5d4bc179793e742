"""A declared question as a document of GraphQL, built as a tree and printed: a subset of what the platform offers.

Only asked fields are selected, and every value is a variable: neither a caller nor a platform's data can become
syntax. A document is made once for each set of fields and arguments; subjects go into it as a list, as aliased
questions of one document, or as representations of entities (Apollo Federation's `_entities`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    parse_type,
    print_ast,
)
from graphql.utilities import strip_ignored_characters

from connectors.contract import BadRequest
from connectors.kinds.graphql.selecting import Tree, Way, way
from connectors.kinds.templates import filled, placeholders, resolved
from connectors.questions import Argument, Question

ENTITIES, REPRESENTATIONS = "_entities", "representations"
_TEXT_TO: Mapping[str, Callable[[str], Any]] = {
    "Int": int,
    "Float": float,
    "Boolean": {"true": True, "false": False}.__getitem__,
}


class Asking:
    """One declared question with its references resolved. `apart`: each subject of a batch has an answer of its own."""

    def __init__(self, name: str, question: Question, batch: int, resolve: Callable[[str], str]) -> None:
        self._name, self._question, self._resolve = name, question, resolve
        self.entities = question.entities
        self.root: Way = (ENTITIES,) if question.field is None else way(question.field)
        self.aliased = batch > 1 and "subject" in placeholders([each.value for each in question.arguments.values()])
        self._arguments = question.arguments
        self._values = {
            place: resolved(each.value, resolve) for place, each in question.arguments.items() if each.value is not None
        }
        self._of_one = {place for place, value in self._values.items() if "subject" in placeholders(value)}

    def document(self, tree: Tree, given: Collection[str], count: int) -> str:
        """The text that asks for `tree` below the root field, once for each of `count` aliases.

        `given` are the arguments that have no value of their own and get one.
        """
        used = [place for place in self._arguments if place in self._values or place in given]
        roots, variables = [], []
        for number in range(count if self.aliased else 1):
            names = {place: self._variable(place, number) for place in used if not number or self._of_each(place)}
            variables += [_defined(name, self._arguments[place].type) for place, name in names.items()]
            names = {place: self._variable(place, number if self._of_each(place) else 0) for place in used}
            roots.append(self._rooted(tree, names, f"s{number}" if self.aliased else None))
        if self.entities is not None:
            variables.append(_defined(REPRESENTATIONS, "[_Any!]!"))
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            name=NameNode(value=self._name),
            variable_definitions=tuple(variables),
            selection_set=SelectionSetNode(selections=tuple(roots)),
        )
        return strip_ignored_characters(print_ast(DocumentNode(definitions=(operation,))))

    def variables(self, subjects: Sequence[str], more: Mapping[str, Any]) -> dict[str, Any]:
        """What the variables of the document stand for. Raises BadRequest for a value that its type cannot hold."""
        found: dict[str, Any] = {}
        for number in range(len(subjects) if self.aliased else 1):
            slots = {"subject": subjects[number] if subjects else "", "subjects": list(subjects)}
            for place, value in self._values.items():
                if not number or self._of_each(place):
                    found[self._variable(place, number)] = filled(value, slots)
        for place, value in more.items():
            found[self._variable(place, 0)] = _typed(value, self._arguments[place].type)
        if self.entities is not None:
            found[REPRESENTATIONS] = [_representation(self.entities.type, self.entities.key, each) for each in subjects]
        return found

    def roots(self, data: Mapping[str, Any], count: int) -> list[Any]:
        """The values of the root field: one for all subjects, or one for each. Raises KeyError when one is missing."""
        found = []
        for number in range(count if self.aliased else 1):
            value: Any = data
            for index, name in enumerate(self.root):
                value = None if value is None else value[f"s{number}" if self.aliased and not index else name]
            found.append(value)
        return found

    def _of_each(self, place: str) -> bool:
        return self.aliased and place in self._of_one

    def _variable(self, place: str, number: int) -> str:
        name = place.replace(".", "_")
        return f"{name}_{number}" if self._of_each(place) else name

    def _rooted(self, tree: Tree, names: Mapping[str, str], alias: str | None) -> SelectionNode:
        if self.entities is not None:
            fragment = InlineFragmentNode(
                type_condition=NamedTypeNode(name=NameNode(value=self.entities.type)),
                selection_set=self._selected(tree, (), names),
            )
            below = SelectionSetNode(selections=(fragment,))
            return _field(ENTITIES, None, {REPRESENTATIONS: REPRESENTATIONS}, below)
        below = self._selected(tree, (), names)
        *outer, last = self.root
        root = _field(last, None if outer else alias, self._taken((), names), below)
        for name in reversed(outer):
            first = name == outer[0]
            root = _field(name, alias if first else None, {}, SelectionSetNode(selections=(root,)))
        return root

    def _selected(self, tree: Tree, place: Way, names: Mapping[str, str]) -> SelectionSetNode:
        fields = []
        for name, below in tree.items():
            at = (*place, name)
            fields.append(
                _field(name, None, self._taken(at, names), self._selected(below, at, names) if below else None)
            )
        return SelectionSetNode(selections=tuple(fields))

    def _taken(self, at: Way, names: Mapping[str, str]) -> dict[str, str]:
        """The arguments that the field at a place takes, with their variables."""
        return {place: name for place, name in names.items() if _on(self._arguments[place]) == at}


def posted(document: str) -> bytes:
    """The beginning of a question's body, to be followed by its variables as JSON and a brace."""
    return b'{"query":' + json.dumps(document).encode() + b',"variables":'


def _on(argument: Argument) -> Way:
    return () if argument.on is None else way(argument.on)


def _field(name: str, alias: str | None, arguments: Mapping[str, str], below: SelectionSetNode | None) -> FieldNode:
    tree: dict[str, Any] = {}
    for place, variable in arguments.items():
        *outer, last = place.split(".")
        node = tree
        for step in outer:
            node = node.setdefault(step, {})
        node[last] = variable
    return FieldNode(
        name=NameNode(value=name),
        alias=None if alias is None else NameNode(value=alias),
        arguments=tuple(ArgumentNode(name=NameNode(value=key), value=_value(value)) for key, value in tree.items()),
        selection_set=below,
    )


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return VariableNode(name=NameNode(value=value))
    fields = (ObjectFieldNode(name=NameNode(value=key), value=_value(each)) for key, each in value.items())
    return ObjectValueNode(fields=tuple(fields))


def _defined(name: str, type_: str) -> VariableDefinitionNode:
    return VariableDefinitionNode(variable=VariableNode(name=NameNode(value=name)), type=parse_type(type_))


def _representation(type_: str, key: str, value: str) -> dict[str, Any]:
    held: Any = value
    for name in reversed(way(key)):
        held = {name: held}
    return {"__typename": type_, **held}


def _typed(value: Any, type_: str) -> Any:
    if isinstance(value, tuple):
        return [_typed(each, type_) for each in value]
    if value == "":  # a code that the platform has not got: the gateway drops the rows of others
        return None
    convert = _TEXT_TO.get(type_.strip("[]! "))
    try:
        return convert(value) if convert is not None and isinstance(value, str) else value
    except (ValueError, KeyError):
        raise BadRequest("a condition's value does not fit the type of its argument") from None
