"""What a question to another gateway, and its answer, hold on the wire, in fields of the catalogue: for the exam.

Read from the bytes themselves and not with what wrote them, so that a field too many in either is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import graphql
import orjson


def asked_in(question: bytes) -> frozenset[str]:
    """The fields of records that a question selects, those of objects as `object.field`. Raises ValueError."""
    try:
        tree = graphql.parse(orjson.loads(question)["query"])
    except (graphql.GraphQLError, KeyError, TypeError) as error:
        raise ValueError(f"no question to a gateway ({type(error).__name__})") from None
    found = _Records()
    graphql.visit(tree, found)
    return frozenset(found.fields)


class _Records(graphql.Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fields: list[str] = []

    def enter_field(self, node: graphql.FieldNode, *_: Any) -> None:
        if node.name.value == "nodes" and node.selection_set is not None:
            self.fields += _leaves(node.selection_set, "")


def _leaves(chosen: graphql.SelectionSetNode, before: str) -> Iterator[str]:
    for each in chosen.selections:
        if isinstance(each, graphql.FieldNode):
            name = before + each.name.value
            yield from [name] if each.selection_set is None else _leaves(each.selection_set, f"{name}.")


def given_in(answer: bytes) -> frozenset[str]:
    """The fields that records of an answer have. Raises ValueError."""
    try:
        subjects = orjson.loads(answer)["data"]["subjects"]
        return frozenset(
            name for each in subjects if each for node in each["records"]["nodes"] for name in _names(node, "")
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no answer of a gateway ({type(error).__name__})") from None


def _names(node: Any, before: str) -> Iterator[str]:
    for name, value in node.items():
        inner = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
        yield from (leaf for each in inner for leaf in _names(each, f"{before}{name}.")) if inner else [before + name]
