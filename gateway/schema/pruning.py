"""A schema's SDL with parts cut away, so that what is left is whole again: valid, and nothing in it out of reach.

What refers to a type that was cut goes with it; a type that has lost all it had is cut as well; an interface keeps the
fields that all of its types still have; and what a query can no longer reach is dropped. Knows no policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
)

ROOT = "Query"
BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})


@dataclass(slots=True)
class Cut:
    """What to cut away: types and places, `Type.field`, `Enum.VALUE` or `Type.field(argument)`. `said`: the directives
    that are written to a place that stays."""

    types: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    said: dict[str, list[str]] = field(default_factory=dict)


def pruned(whole: DocumentNode, cut: Cut) -> DocumentNode:
    """`whole` without what is cut, in the same order."""
    types = {
        node.name.value: node
        for node in whole.definitions
        if isinstance(node, TypeDefinitionNode) and node.name.value not in cut.types
    }
    before: Collection[str] = ()
    while len(before) != len(types):
        before = types.keys()
        smaller = {name: _without(node, cut.places, {*before, *BUILT_IN}) for name, node in types.items()}
        types = {name: node for name, node in smaller.items() if node is not None}
    directives = [node for node in whole.definitions if isinstance(node, DirectiveDefinitionNode)]
    types |= {name: _shared(node, types.values()) for name, node in types.items() if _is_interface(node)}
    reached = _reached(types, directives)
    kept = [_telling(node, cut.said) for name, node in types.items() if name in reached]
    return replace(whole, definitions=(*directives, *kept))


def _without(node: Any, places: Collection[str], known: Collection[str]) -> Any:
    """The type with the fields, arguments and values that stay; None when nothing does."""
    name = node.name.value
    if isinstance(node, EnumTypeDefinitionNode):
        values = tuple(value for value in node.values or () if f"{name}.{value.name.value}" not in places)
        return replace(node, values=values) if values else None
    if isinstance(node, InputObjectTypeDefinitionNode):
        inputs = tuple(_staying(node.fields, f"{name}.{{}}", places, known))
        return replace(node, fields=inputs) if inputs else None
    if isinstance(node, UnionTypeDefinitionNode):
        members = tuple(each for each in node.types or () if each.name.value in known)
        return replace(node, types=members) if members else None
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return node
    fields = []
    for each in _staying(node.fields, f"{name}.{{}}", places, known):
        arguments = _staying(each.arguments, f"{name}.{each.name.value}({{}})", places, known)
        fields.append(replace(each, arguments=tuple(arguments)))
    interfaces = tuple(each for each in node.interfaces or () if each.name.value in known)
    return replace(node, fields=tuple(fields), interfaces=interfaces) if fields else None


def _staying(nodes: Iterable[Any] | None, place: str, places: Collection[str], known: Collection[str]) -> Iterator[Any]:
    for node in nodes or ():
        if place.format(node.name.value) not in places and _named(node.type) in known:
            yield node


def _shared(node: Any, types: Iterable[Any]) -> Any:
    """The interface with the fields that each of its types has."""
    bearing = [{each.name.value for each in other.fields} for other in types if node.name.value in _above(other)]
    return replace(node, fields=tuple(f for f in node.fields if all(f.name.value in names for names in bearing)))


def _reached(types: Mapping[str, Any], directives: Iterable[DirectiveDefinitionNode]) -> set[str]:
    """What the query, and the directives, lead to."""
    found = set[str]()
    left = [ROOT, *(_named(argument.type) for node in directives for argument in node.arguments or ())]
    while left:
        name = left.pop()
        if name in found or name not in types:
            continue
        found.add(name)
        for each in getattr(types[name], "fields", None) or ():
            left += [_named(each.type), *(_named(a.type) for a in getattr(each, "arguments", None) or ())]
        left += [each.name.value for each in getattr(types[name], "types", None) or ()]
        left += [*_above(types[name]), *(other for other, node in types.items() if name in _above(node))]
    return found


def _telling(node: Any, said: Mapping[str, list[str]]) -> Any:
    """The type with the directives of its fields."""
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return node
    name = node.name.value
    told = [
        replace(each, directives=_directives(said.get(f"{name}.{each.name.value}", ()))) for each in node.fields or ()
    ]
    return replace(node, fields=tuple(told))


def _directives(texts: Collection[str]) -> tuple[ConstDirectiveNode, ...]:
    if not texts:
        return ()
    (made,) = parse(f"scalar Any {' '.join(texts)}").definitions
    found: tuple[ConstDirectiveNode, ...] = tuple(getattr(made, "directives", None) or ())
    return found


def _is_interface(node: Any) -> bool:
    return isinstance(node, InterfaceTypeDefinitionNode)


def _above(node: Any) -> set[str]:
    """The interfaces that a type says it has."""
    return {each.name.value for each in getattr(node, "interfaces", None) or ()}


def _named(node: Any) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type
    return node.name.value
