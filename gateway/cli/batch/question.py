"""The query of a batch: which variable takes the list, and the shape of what it asks of each subject.

A batch asks `subjects(ids: $ids)` and nothing beside it, so that chunks can be put together again. The shape is
what the query says, with fragments followed; the schema is the gateway's affair, which checks the query itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    print_ast,
)

from gateway.cli.asking import AskingError

WANTED = "[SubjectKey!]!"
EXAMPLE = "query($ids: [SubjectKey!]!) { subjects(ids: $ids) { ... } }"
PAGE = 20  # records of a connection when `first` is not given
OWN = ("id", "kind", "uscc", "__typename")  # of a subject: said by its key alone, no platform is asked


@dataclass(frozen=True, slots=True)
class Shape:
    """A field as asked: `key` is its name in the answer, `first` the size of a connection's page."""

    key: str
    name: str
    first: int
    below: tuple[Shape, ...]

    @property
    def is_connection(self) -> bool:
        return any(shape.name in ("nodes", "edges") for shape in self.below)

    def named(self, name: str) -> Shape | None:
        return next((shape for shape in self.below if shape.name == name), None)


@dataclass(frozen=True, slots=True)
class Question:
    """`variable` takes the keys; `root` is the field of the answer that holds one entry per key, in order."""

    text: str
    variable: str
    root: Shape


def question_of(text: str, variables: Mapping[str, Any]) -> Question:
    """`variables` are those beside the list. Raises AskingError for a query that is not a batch's."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise AskingError(f"the query: {error.message}") from None
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    if len(operations) != 1:
        raise AskingError(f"with --subjects the query holds one operation, such as {EXAMPLE}")
    [operation] = operations
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    defaults = {
        item.variable.name.value: int(item.default_value.value)
        for item in operation.variable_definitions or ()
        if isinstance(item.default_value, IntValueNode)
    }
    roots = _Reading(fragments, {**defaults, **variables}).shapes([operation.selection_set])
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    if len(roots) != 1 or roots[0].name != "subjects" or len(fields) != 1:
        raise AskingError(f"with --subjects the query asks `subjects` and nothing beside it: {EXAMPLE}")
    ids = [argument.value for argument in fields[0].arguments or () if argument.name.value == "ids"]
    types = {item.variable.name.value: print_ast(item.type) for item in operation.variable_definitions or ()}
    if len(ids) != 1 or not isinstance(ids[0], VariableNode) or types.get(ids[0].name.value) != WANTED:
        raise AskingError(f"with --subjects the ids come from a variable of type {WANTED}: {EXAMPLE}")
    return Question(text, ids[0].name.value, roots[0])


@dataclass(frozen=True, slots=True)
class _Reading:
    """Follows fragments, and variables where they give the size of a page."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def shapes(self, sets: Sequence[SelectionSetNode | None], open_now: tuple[str, ...] = ()) -> tuple[Shape, ...]:
        found: dict[str, list[tuple[FieldNode, tuple[str, ...]]]] = {}
        for selections in sets:
            for node, within in self._fields(selections, open_now):
                found.setdefault((node.alias or node.name).value, []).append((node, within))
        made = []
        for key, nodes in found.items():
            node = nodes[0][0]
            within = tuple({name: None for _, names in nodes for name in names})
            below = self.shapes([item.selection_set for item, _ in nodes], within)
            made.append(Shape(key, node.name.value, self._first(node), below))
        return tuple(made)

    def _fields(
        self, selections: SelectionSetNode | None, open_now: tuple[str, ...]
    ) -> Iterator[tuple[FieldNode, tuple[str, ...]]]:
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                yield node, open_now
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(node.selection_set, open_now)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in open_now:
                    raise AskingError(f"the query: fragment `{name}` spreads itself")
                if name in self.fragments:  # an unknown one is told by the gateway
                    yield from self._fields(self.fragments[name].selection_set, (*open_now, name))

    def _first(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    given = self.variables.get(argument.value.name.value)
                    return given if isinstance(given, int) else PAGE
        return PAGE
