"""Which fields a selection asks of one concrete type, as the GraphQL specification collects them (6.3.2).

What is collected follows from the form of the operation and from the variables of its `@skip` and `@include` alone, so
it is collected once and kept as long as the form is; arguments are prepared, and filled in with each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    Visitor,
    is_non_null_type,
    is_required_argument,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values

from gateway.errors import GatewayError
from gateway.model import Form, Operation, Path
from policies.model import Words

T = TypeVar("T")
Selected = dict[str, list[FieldNode]]
Arguments = Callable[[VariableValues], dict[str, Any]]

VARIANTS = 16  # of one form, by its skipped parts, that are kept
NULL_GIVEN = Words("此处的参数不能为 null", "an argument here cannot be null")


class Collector:
    """One variant of one form: `fields` are merged by response key, in order of appearance. Its answers are kept: the
    same selection gives the same lists, which nobody changes."""

    def __init__(self, schema: GraphQLSchema, form: Form, conditions: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = form.fragments
        self._conditions = conditions
        self._below: dict[tuple[str, int], Selected] = {}
        self._arguments: dict[tuple[str, int], Arguments] = {}
        self._once: dict[tuple[str, int], Any] = {}
        self._kept: list[Any] = []  # what was collected for by identity stays alive
        self.projection: Callable[[Any], Any] | None = None  # how its answers are read out, once that is made
        self.query = self.of("Query", [form.node.selection_set])

    def of(self, type_name: str, sets: Iterable[SelectionSetNode | None]) -> Selected:
        found: Selected = {}
        visited: set[str] = set()
        for selections in sets:
            if selections is not None:
                self._collect(type_name, selections, found, visited)
        return found

    def below(self, type_name: str, nodes: list[FieldNode]) -> Selected:
        """What is selected below the nodes of one response key, a list that `of` or `below` gave."""
        key = (type_name, id(nodes))
        found = self._below.get(key)
        if found is None:
            self._kept.append(nodes)
            found = self._below[key] = self.of(type_name, [node.selection_set for node in nodes])
        return found

    def once(self, about: str, nodes: list[FieldNode], make: Callable[[], T]) -> T:
        """What somebody makes of the nodes of one response key, about one thing."""
        key = (about, id(nodes))
        if key not in self._once:
            self._kept.append(nodes)
            self._once[key] = make()
        found: T = self._once[key]
        return found

    def arguments(self, type_name: str, node: FieldNode, values: VariableValues, path: Path) -> dict[str, Any]:
        """Coerced arguments of a field of an object type, by their GraphQL names.

        Raises GatewayError INVALID_ARGUMENT for a variable that is null where its argument cannot be.
        """
        key = (type_name, id(node))
        read = self._arguments.get(key)
        if read is None:
            self._kept.append(node)
            owner = cast("GraphQLObjectType", self._schema.type_map[type_name])
            read = self._arguments[key] = _prepared(owner, node)
        try:
            return read(values)
        except GraphQLError:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=NULL_GIVEN) from None

    def _collect(self, type_name: str, selections: SelectionSetNode, found: Selected, visited: set[str]) -> None:
        for node in selections.selections:
            if node.directives and not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in visited:
                    visited.add(name)
                    fragment = self._fragments[name]
                    if self._applies(fragment.type_condition.name.value, type_name):
                        self._collect(type_name, fragment.selection_set, found, visited)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_name):
                    self._collect(type_name, node.selection_set, found, visited)

    def _included(self, node: Any) -> bool:
        """By `@skip` and `@include`, of which validation allows one each, with one argument."""
        for directive in node.directives:
            name = directive.name.value
            if name in CONDITIONS:
                value = _truth(directive.arguments[0].value, self._conditions)
                if value is not CONDITIONS[name]:
                    return False
        return True

    def _applies(self, condition: str, type_name: str) -> bool:
        if condition == type_name:
            return True
        abstract = self._schema.type_map.get(condition)
        concrete = self._schema.type_map[type_name]
        return bool(abstract and self._schema.is_sub_type(abstract, concrete))  # type: ignore[arg-type]


CONDITIONS = {"skip": False, "include": True}


class Collectors:
    """The collectors of all forms that are alive."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: WeakKeyDictionary[Form, tuple[tuple[str, ...], dict[tuple[Any, ...], Collector]]] = (
            WeakKeyDictionary()
        )

    def of(self, operation: Operation) -> Collector:
        """Raises GatewayError INVALID_ARGUMENT where a variable that decides what is left out is null: its default
        allows it to be, and its place does not."""
        known = self._known.get(operation.form)
        if known is None:
            known = self._known[operation.form] = (_deciding(operation.form), {})
        names, variants = known
        variant = tuple(operation.values.coerced.get(name) for name in names)
        if None in variant:
            raise GatewayError("INVALID_ARGUMENT", detail=NULL_GIVEN)
        found = variants.get(variant)
        if found is None:
            found = Collector(self._schema, operation.form, dict(zip(names, variant, strict=True)))
            if len(variants) < VARIANTS:
                variants[variant] = found
        return found


def _deciding(form: Form) -> tuple[str, ...]:
    """The variables that decide what is left out of the operation."""
    names: set[str] = set()
    reached: set[str] = set()
    waiting: list[Node] = [form.node]

    class Conditions(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in CONDITIONS:
                names.update(a.value.name.value for a in node.arguments if isinstance(a.value, VariableNode))

        def enter_fragment_spread(self, node: Any, *_: Any) -> None:
            if node.name.value not in reached:
                reached.add(node.name.value)
                waiting.append(form.fragments[node.name.value])

    while waiting:
        visit(waiting.pop(), Conditions())
    return tuple(sorted(names))


def refuse_null(node: FieldNode, values: VariableValues, path: Path) -> None:
    """Of a field of the schema itself, `__type`, whose argument is never null. Raises GatewayError INVALID_ARGUMENT."""
    for argument in node.arguments or ():
        if isinstance(argument.value, VariableNode) and values.coerced.get(argument.value.name.value) is None:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=NULL_GIVEN)


def _truth(node: ValueNode, values: Mapping[str, Any]) -> bool:
    if isinstance(node, BooleanValueNode):
        return node.value
    return bool(values[cast("VariableNode", node).name.value])


def _prepared(owner: GraphQLObjectType, node: FieldNode) -> Arguments:
    """What holds no variable is read once; a variable that is a whole argument is put in as it is. Whatever is in
    between, such as a list with a variable in it, is read anew."""
    field = owner.fields[node.name.value]
    given = node.arguments or ()
    plain = {a.name.value: a.value.name.value for a in given if isinstance(a.value, VariableNode)}
    rest = tuple(argument for argument in given if argument.name.value not in plain)

    def read(names: Iterable[str], nodes: Any, values: VariableValues | None = None) -> dict[str, Any]:
        part = {name: field.args[name] for name in names}
        found = get_argument_values(
            GraphQLField(field.type, args=part), FieldNode(name=node.name, arguments=nodes), values
        )
        return {name: found[out] for name, item in part.items() if (out := item.out_name or name) in found}

    if any(_holds_variable(argument.value) for argument in rest):
        return lambda values: read(field.args, given, values)
    fixed = read(field.args.keys() - plain.keys(), rest)
    optional = [name for name in plain if not is_required_argument(field.args[name])]
    fixed |= read(optional, ())  # where their variables have no value
    never_null = {name for name in plain if is_non_null_type(field.args[name].type)}

    def filled(values: VariableValues) -> dict[str, Any]:
        found = dict(fixed)
        for name, variable in plain.items():
            if variable in values.coerced:
                found[name] = values.coerced[variable]
                if found[name] is None and name in never_null:
                    raise GraphQLError("null")
        return found

    return filled


def _holds_variable(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(map(_holds_variable, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_holds_variable(item.value) for item in node.fields)
    return isinstance(node, VariableNode)
