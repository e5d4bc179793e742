"""The schema's one door: parse, validate, run. It never asks a platform and never decides.

Validation is always against the full schema, so that a stored query keeps working when an agreement ends
(what a caller may see is decided per field, later). Errors tell the author of the query names and places, and
no value (see `saying`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute,
    parse,
    print_schema,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.schema.config import StrawberryConfig

from gateway.errors import GatewayError, Refusal
from gateway.model import Operation, Seen
from gateway.schema.collecting import Collector, Collectors
from gateway.schema.describing import Data, Described, Descriptions
from gateway.schema.federating import told_by_the_tree
from gateway.schema.projecting import Read, Unfit, projection
from gateway.schema.questions import Enums, query_type
from gateway.schema.records import build
from gateway.schema.saying import misfit, said
from gateway.schema.words import SCALARS, enum_of
from policies.model import Catalogue, Words

MAX_TOKENS = 8_000
TOO_DEAR = "Validation aborted."  # graphql-core's own budget of comparisons is spent
NESTING = Words("嵌套过深", "nesting")
TOO_LONG = Words("校验耗时过长", "validation would take too long")


class Face:
    """The schema of one catalogue. Cheap to use, costly to build (about half a second).

    `compiled` says whether answers are read out by projections, or always by graphql-core's executor.
    """

    def __init__(self, catalogue: Catalogue, compiled: bool = True) -> None:
        kind_enum = enum_of(
            "SubjectKind", {k.name: f"{k.title.zh} · {k.title.en}" for k in catalogue.kinds.values()}, "主体类型"
        )
        type_enum = enum_of(
            "RecordType", {t.name: f"{t.title.zh} · {t.title.en}" for t in catalogue.types.values()}, "记录类型"
        )
        purpose_enum = enum_of(
            "Purpose",
            {p.enum: f"{p.title.zh} · {p.title.en} · {p.code}" for p in catalogue.purposes.values()},
            "查询目的",
        )
        built = build(catalogue, kind_enum, type_enum)
        schema = strawberry.Schema(
            query=query_type(catalogue, built, Enums(kind_enum, type_enum, purpose_enum)),
            types=built.concrete,
            config=StrawberryConfig(auto_camel_case=False, default_resolver=_read, scalar_map=SCALARS),
        )
        self._schema: GraphQLSchema = schema._schema  # Strawberry's own execute would parse and validate again
        told_by_the_tree(self._schema)
        self._collectors = Collectors(self._schema)
        self._compiled = compiled
        self.descriptions = Descriptions(self._schema, catalogue)

    @property
    def graphql(self) -> GraphQLSchema:
        return self._schema

    def sdl(self) -> str:
        return print_schema(self._schema) + "\n"

    def parse(self, query: str) -> DocumentNode:
        """Raises GatewayError GRAPHQL_PARSE_FAILED."""
        try:
            return _unchained(parse(query, max_tokens=MAX_TOKENS))
        except GraphQLSyntaxError as error:
            raise GatewayError("GRAPHQL_PARSE_FAILED", detail=said(error), locations=_at(error)) from None
        except RecursionError:
            raise GatewayError("LIMIT_EXCEEDED", detail=NESTING) from None

    def validate(self, document: DocumentNode) -> None:
        """Raises Refusal with every finding, at most 20."""
        errors = validate(self._schema, document, max_errors=20, hide_suggestions=True)
        if errors and errors[-1].message == TOO_DEAR:
            raise GatewayError("LIMIT_EXCEEDED", detail=TOO_LONG)
        if errors:
            raise Refusal([GatewayError("GRAPHQL_VALIDATION_FAILED", detail=said(e), locations=_at(e)) for e in errors])

    def coerce(self, node: OperationDefinitionNode, variables: Mapping[str, Any]) -> VariableValues:
        """The operation's variables, coerced to the schema's types. Raises Refusal BAD_VARIABLES."""
        coerced = get_variable_values(
            self._schema, node.variable_definitions or (), dict(variables), max_errors=20, hide_suggestions=True
        )
        if isinstance(coerced, list):
            raise Refusal([GatewayError("BAD_VARIABLES", detail=misfit(node, e), locations=_at(e)) for e in coerced])
        return coerced

    def run(self, operation: Operation, tree: Mapping[str, Any], seen: Seen | None = None) -> Data:
        """Read the finished tree out in the shape that the operation asks for; introspection tells what is `seen`."""
        if self._compiled:
            try:
                return self._projection(operation)(tree), ()
            except Unfit:
                pass  # introspection, or something in the tree that the executor must judge
        described = self.descriptions.of(seen) if seen else None
        if described is None or tree or not self._compiled or operation.form.node.variable_definitions:
            return self._executed(operation, tree, described)
        return described.once(operation.form, lambda: self._executed(operation, tree, described))

    def _executed(self, operation: Operation, tree: Mapping[str, Any], described: Described | None) -> Data:
        form = operation.form
        result = execute(
            self._schema, form.document, root_value=tree, variable_values=dict(operation.variables),
            operation_name=form.node.name.value if form.node.name else None,
            executor_class=described.executor if described else None,
        )  # fmt: skip
        return result.data, tuple(result.errors or ())  # type: ignore[union-attr]

    def collector(self, operation: Operation) -> Collector:
        """What the operation selects, under its present `@skip` and `@include`."""
        return self._collectors.of(operation)

    def _projection(self, operation: Operation) -> Read:
        collector = self.collector(operation)
        if collector.projection is None:
            try:
                collector.projection = projection(self._schema, collector)
            except Unfit:
                collector.projection = _unfit
        return collector.projection


def _unfit(tree: Any) -> Any:
    raise Unfit


def _read(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name)


def _at(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


def _unchained(document: DocumentNode) -> DocumentNode:
    """The document with its tokens let go of one another: chained both ways they are a ring, which is not freed when
    the document is, and collecting what a flood of them leaves halts all answers. Errors tell places by positions."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following
    return document
