"""What an operation asks, told twice: by graphql-core's executor, and by the collector that the gateway plans by.

Every field gives a value of its type, lists have an item or two, an abstract type is one of its objects by its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
)

from gateway.errors import GatewayError
from gateway.model import Operation
from gateway.schema.collecting import Collector

LEAVES = {"Int": 1, "Float": 1.5, "Boolean": True}
Asked = dict[tuple[str | int, ...], tuple[str, str]]  # response path -> field, its arguments as they are spelt


def concrete(schema: GraphQLSchema, kind: Any, path: Sequence[str | int]) -> GraphQLObjectType:
    if not is_abstract_type(kind):
        found: GraphQLObjectType = kind
        return found
    possible = sorted(schema.get_possible_types(kind), key=lambda each: each.name)
    return possible[sum(map(len, map(str, path))) % len(possible)]


def by_the_executor(schema: GraphQLSchema, operation: Operation) -> tuple[Asked, Any, list[str]]:
    """What graphql-core asks, the data that it gives, and its errors."""
    asked: Asked = {}

    def resolve(_: Any, info: Any, **arguments: Any) -> Any:
        path = tuple(info.path.as_list())
        names = {item.out_name or name: name for name, item in info.parent_type.fields[info.field_name].args.items()}
        found = {names[name]: value for name, value in arguments.items()}
        asked[path] = info.field_name, repr(sorted(found.items()))
        return _value(schema, info.return_type, path)

    def type_of(value: Any, info: Any, kind: Any) -> str:
        return str(value["__typename"])

    name = operation.form.node.name.value if operation.form.node.name else None
    result = execute(
        schema,
        operation.form.document,
        variable_values=dict(operation.variables),
        operation_name=name,
        field_resolver=resolve,
        type_resolver=type_of,
    )
    return asked, result.data, [f"{error.path} {error.message}" for error in result.errors or ()]  # type: ignore[union-attr]


def by_the_collector(schema: GraphQLSchema, operation: Operation, collector: Collector) -> tuple[Asked, int]:
    """The same as the gateway collects it, and at how many places an argument cannot be null."""
    asked: Asked = {}
    wrong = 0

    def within(owner: GraphQLObjectType, selected: Any, path: tuple[str | int, ...]) -> None:
        nonlocal wrong
        for key, nodes in selected.items():
            name, here = nodes[0].name.value, (*path, key)
            if name.startswith("__"):
                continue
            try:
                arguments = collector.arguments(owner.name, nodes[0], operation.values, here)
            except GatewayError as error:
                assert error.code == "INVALID_ARGUMENT"  # noqa: PT017
                wrong += 1
                continue
            asked[here] = name, repr(sorted(arguments.items()))
            each(owner.fields[name].type, here, nodes)

    def each(kind: Any, path: tuple[str | int, ...], nodes: Any) -> None:
        plain = get_nullable_type(kind)
        if is_list_type(plain):
            for index in _items(path):
                each(plain.of_type, (*path, index), nodes)
        elif not is_leaf_type(plain):
            owner = concrete(schema, plain, path)
            within(owner, collector.below(owner.name, nodes), path)

    query = schema.query_type
    assert query is not None
    within(query, collector.query, ())
    return asked, wrong


def _items(path: tuple[str | int, ...]) -> range:
    return range(1 if any(isinstance(step, int) for step in path) else 2)


def _value(schema: GraphQLSchema, kind: Any, path: tuple[str | int, ...]) -> Any:
    plain = get_nullable_type(kind)
    if is_list_type(plain):
        return [_value(schema, plain.of_type, (*path, index)) for index in _items(path)]
    if is_enum_type(plain):
        return next(iter(plain.values.values())).value
    if is_leaf_type(plain):
        return LEAVES.get(plain.name, "t")
    return {"__typename": concrete(schema, plain, path).name}
