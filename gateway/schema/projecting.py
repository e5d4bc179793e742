"""The finished tree -> the answer's data, by functions made once for a form: graphql-core's executor, unrolled.

A projection gives exactly what the executor would give, or nothing: whatever it does not find as it expects (null where
null cannot stand, a value that is not of its scalar, a code outside of its list) makes it step aside with `Unfit`, and
the executor then says what is wrong. Nothing of the schema's resolvers is called; where values lie is told by `places`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    is_interface_type,
    is_leaf_type,
)

from gateway.schema.collecting import Collector, Selected
from gateway.schema.places import place_of

Read = Callable[[Any], Any]  # what lies in the tree -> what stands in the answer

MOST_WHOLE = 2**31
PLAIN: dict[str, type] = {"Boolean": bool}  # scalars that are no text


class Unfit(Exception):
    """The tree holds something that the executor must judge."""


def projection(schema: GraphQLSchema, collector: Collector) -> Read:
    """The whole answer's data from the whole tree. Raises Unfit when called or, for introspection, at once."""
    made = _Making(schema, collector)
    return made.object_of("Query", collector.query)


class _Making:
    def __init__(self, schema: GraphQLSchema, collector: Collector) -> None:
        self._schema = schema
        self._collector = collector

    def object_of(self, type_name: str, selected: Selected) -> Read:
        """Reads an object of one concrete type. Keys stand in the order of the selection."""
        owner = cast("GraphQLObjectType", self._schema.type_map[type_name])
        empty: dict[str, Any] = dict.fromkeys(selected)
        scalars: list[tuple[str, str, frozenset[type]]] = []  # whose values stand as they are
        leaves: list[tuple[str, str, Read]] = []
        others: list[tuple[str, Read]] = []
        for key, nodes in selected.items():
            name = nodes[0].name.value
            if name == "__typename":
                empty[key] = type_name
                continue
            field = owner.fields.get(name)
            if field is None:
                raise Unfit  # introspection
            place, complete = place_of(field), self._complete(field.type, nodes)
            if place.below is not None or place.by_key:
                others.append((key, _placed(place.of, name, key, complete)))
            elif (kinds := _kinds(field.type)) is not None:
                scalars.append((key, name, kinds))
            else:
                leaves.append((key, name, complete))

        def read(source: Any) -> dict[str, Any]:
            if source.__class__ is not dict:
                raise Unfit
            found = empty.copy()
            get = source.get
            for key, name, kinds in scalars:
                value = get(name)
                if value.__class__ not in kinds:
                    raise Unfit
                found[key] = value
            for key, name, complete in leaves:
                found[key] = complete(get(name))
            for key, look in others:
                found[key] = look(source)
            return found

        return read

    def _complete(self, kind: Any, nodes: list[FieldNode]) -> Read:
        if isinstance(kind, GraphQLNonNull):
            return _never_null(self._complete(kind.of_type, nodes))
        if isinstance(kind, GraphQLList):
            return _each(self._complete(kind.of_type, nodes))
        if isinstance(kind, GraphQLEnumType):
            return _code(kind)
        if is_leaf_type(kind):
            return _whole if kind.name == "Int" else _scalar(PLAIN.get(kind.name, str))
        if isinstance(kind, GraphQLUnionType) or is_interface_type(kind):
            return self._by_type_name(nodes)
        return _object(self.object_of(kind.name, self._collector.below(kind.name, nodes)))

    def _by_type_name(self, nodes: list[FieldNode]) -> Read:
        """Of an interface: the concrete type is told by the tree, and its reader made when it is first met."""
        known: dict[str, Read] = {}

        def read(value: Any) -> Any:
            if value is None:
                return None
            if value.__class__ is not dict:
                raise Unfit
            name = str(value.get("__typename"))
            if name not in known:
                if not isinstance(self._schema.type_map.get(name), GraphQLObjectType):
                    raise Unfit
                known[name] = self.object_of(name, self._collector.below(name, nodes))
            return known[name](value)

        return read


def _kinds(kind: Any) -> frozenset[type] | None:
    """The Python types that a scalar passes on unchanged; None for what needs more than a look at the type."""
    nullable = not isinstance(kind, GraphQLNonNull)
    scalar = kind if nullable else kind.of_type
    if not isinstance(scalar, GraphQLScalarType) or scalar.name == "Int":
        return None
    return frozenset({PLAIN.get(scalar.name, str), *([NoneType] if nullable else [])})


def _placed(look: Callable[[Any, str, str], Any], name: str, key: str, complete: Read) -> Read:
    def read(source: Any) -> Any:
        try:
            value = look(source, name, key)
        except (KeyError, TypeError, AttributeError):
            raise Unfit from None
        return complete(value)

    return read


def _never_null(complete: Read) -> Read:
    def read(value: Any) -> Any:
        found = complete(value)
        if found is None:
            raise Unfit
        return found

    return read


def _each(complete: Read) -> Read:
    def read(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not list and value.__class__ is not tuple:
            raise Unfit
        return [complete(item) for item in value]

    return read


def _object(inner: Read) -> Read:
    return lambda value: None if value is None else inner(value)


def _scalar(kind: type) -> Read:
    def read(value: Any) -> Any:
        if value.__class__ is kind or value is None:
            return value
        raise Unfit

    return read


def _whole(value: Any) -> Any:
    if value is None or (value.__class__ is int and -MOST_WHOLE <= value < MOST_WHOLE):
        return value
    raise Unfit


def _code(kind: GraphQLEnumType) -> Read:
    known = {name: name for name in kind.values if kind.serialize(name) == name} | {None: None}

    def read(value: Any) -> Any:
        if value.__class__ is str or value is None:
            try:
                return known[value]
            except KeyError:
                pass
        raise Unfit

    return read
