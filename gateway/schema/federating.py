"""The schema as one subgraph among others (Apollo Federation 2): subjects are its entities, by their codes.

`_entities` is one more way to ask what `subjects` asks: it is planned, decided, fetched and recorded by the same plan,
and nothing here fetches. `_service` prints what a composition reads: the schema without these two fields, each kind of
subject with its key, and the one type that other graphs are likely to have too as shareable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NewType, Union

import strawberry
from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    GraphQLSchema,
    GraphQLUnionType,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    parse,
    print_ast,
)

from gateway.schema.words import SCALARS, NotACode

SPECIFICATION = "https://specs.apollo.dev/federation/v2.3"
OWN_TYPES = frozenset({"_Any", "_Entity", "_Service"})
OWN_FIELDS = frozenset({"_entities", "_service"})
SHARED = "PageInfo"  # Relay's: every graph with connections has it

Representation = NewType("Representation", dict[str, Any])


def _representation(value: Any) -> Any:
    """Whether its key is one is told with its place (see `planning`): here one would spoil the others."""
    if not isinstance(value, Mapping) or not isinstance(value.get("__typename"), str):
        raise NotACode(
            "实体写作含 `__typename` 与其主键的对象", "an entity is an object with its `__typename` and its key"
        )
    return value


SCALARS[Representation] = strawberry.scalar(
    name="_Any",
    description="An entity as another graph represents it: `__typename`, and `uscc` or `citizenId`; with `name`, if "
    "given, as in `SubjectKey`.",
    serialize=dict,
    parse_value=_representation,
)


@strawberry.type(name="_Service")
class Subgraph:
    sdl: str


def entity(kinds: Iterable[Any]) -> Any:
    """The union `_Entity` of the types of subjects."""
    return Annotated[Union[tuple(kinds)], strawberry.union("_Entity")]  # noqa: UP007  # made at run time


def told_by_the_tree(schema: GraphQLSchema) -> None:
    """Strawberry asks for instances of its classes; the finished tree says by `__typename` which type an entity is."""
    union = schema.type_map["_Entity"]
    assert isinstance(union, GraphQLUnionType)  # noqa: S101  # for the type checker
    union.resolve_type = None


def subgraph(document: DocumentNode, keys: Mapping[str, str]) -> str:
    """SDL for a composition; `keys` says by type which field is an entity's key."""
    head = f'extend schema @link(url: "{SPECIFICATION}", import: ["@key", "@shareable"])\n\n'
    kept = []
    for definition in document.definitions:
        name: Any = getattr(definition, "name", None)
        if name is None or name.value in OWN_TYPES:
            continue
        kept.append(_told(definition, keys) if isinstance(definition, ObjectTypeDefinitionNode) else definition)
    return head + print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _told(node: ObjectTypeDefinitionNode, keys: Mapping[str, str]) -> ObjectTypeDefinitionNode:
    """A type with what a composition must know of it, and without the fields that are its machinery."""
    name = node.name.value
    directives = [*(node.directives or ())]
    if name in keys:
        directives.append(_directive(f'@key(fields: "{keys[name]}")'))
    if name == SHARED:
        directives.append(_directive("@shareable"))
    return ObjectTypeDefinitionNode(
        name=node.name,
        description=node.description,
        interfaces=node.interfaces,
        directives=tuple(directives),
        fields=tuple(item for item in node.fields or () if item.name.value not in OWN_FIELDS),
    )


def _directive(text: str) -> ConstDirectiveNode:
    [scalar] = parse(f"scalar Any {text}").definitions
    assert isinstance(scalar, ScalarTypeDefinitionNode)  # noqa: S101  # for the type checker
    [directive] = scalar.directives or ()
    return directive
