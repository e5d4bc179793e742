"""The schema's one door: parse, validate, run. It never asks a platform and never decides.

Validation is always against the full schema, so that a stored query keeps working when an agreement ends
(what a caller may see is decided per field, later). Errors are graphql-core's own words for the author of
the query, less suggestions, because they rebuild a hidden schema, and less every value, which may be a
citizen ID: of what the caller wrote only names are said back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    execute,
    parse,
    print_ast,
    print_schema,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.schema.config import StrawberryConfig

from gateway.errors import GatewayError, Refusal
from gateway.schema.questions import Enums, query_type
from gateway.schema.records import build
from gateway.schema.words import SCALARS, enum_of
from policies.model import Catalogue

MAX_TOKENS = 8_000
TOO_DEAR = "Validation aborted."  # graphql-core's own budget of comparisons is spent
# What graphql-core adds to its words: what it found instead, and hints that rebuild a schema
EXTRAS = re.compile(
    r"[,;] (?:found|did you mean)\b.*| Did you mean .*| (?:Name|Int|Float|(?:Block)?String) ['\"].*", re.DOTALL
)
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
SAYABLE = re.compile(r".[@$\[]*[A-Za-z_]\w*(?:[.(]+[A-Za-z_]\w*)*[:)\]!]*.|.[!-~]{1,3}.", re.ASCII)  # a name, a sign
CODE = re.compile(r"[0-9]{6}")
VARIABLE = re.compile(r"Variable '\$(?P<name>\w+)'(?: has invalid value)?(?P<place> at [.\w\[\]]+)?")


class Face:
    """The schema of one catalogue. Cheap to use, costly to build (about half a second)."""

    def __init__(self, catalogue: Catalogue) -> None:
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

    @property
    def graphql(self) -> GraphQLSchema:
        return self._schema

    def sdl(self) -> str:
        return print_schema(self._schema) + "\n"

    def parse(self, query: str) -> DocumentNode:
        """Raises GatewayError GRAPHQL_PARSE_FAILED."""
        try:
            return parse(query, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            raise _said("GRAPHQL_PARSE_FAILED", error) from None
        except RecursionError:
            raise GatewayError("LIMIT_EXCEEDED", detail="nesting") from None

    def validate(self, document: DocumentNode) -> None:
        """Raises Refusal with every finding, at most 20."""
        errors = validate(self._schema, document, max_errors=20, hide_suggestions=True)
        if errors and errors[-1].message == TOO_DEAR:
            raise GatewayError("LIMIT_EXCEEDED", detail="validation would take too long")
        if errors:
            raise Refusal([_said("GRAPHQL_VALIDATION_FAILED", error) for error in errors])

    def coerce(self, node: OperationDefinitionNode, variables: Mapping[str, Any]) -> VariableValues:
        """The operation's variables, coerced to the schema's types. Raises Refusal BAD_VARIABLES."""
        coerced = get_variable_values(
            self._schema, node.variable_definitions or (), dict(variables), max_errors=20, hide_suggestions=True
        )
        if isinstance(coerced, list):
            raise Refusal([_misfit(node, error) for error in coerced])
        return coerced

    def run(
        self, document: DocumentNode, name: str | None, variables: Mapping[str, Any], tree: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any] | None, tuple[GraphQLError, ...]]:
        """Read the finished tree out in the shape that the operation asks for."""
        result = execute(self._schema, document, root_value=tree, variable_values=dict(variables), operation_name=name)
        return result.data, tuple(result.errors or ())  # type: ignore[union-attr]


def _read(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name)


def _said(code: str, error: GraphQLError) -> GatewayError:
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return GatewayError(code, detail=_without_values(error), locations=locations)


def _without_values(error: GraphQLError) -> str:
    """A wrong literal is told by its place, and by the words of our own scalars; names are told, values never."""
    if any(isinstance(node, ValueNode) and not isinstance(node, VariableNode) for node in error.nodes or ()):
        own = f": {error.original_error}" if isinstance(error.original_error, ValueError) else ""
        return f"the value here does not fit its type{own}"

    def sayable(quoted: re.Match[str]) -> str:
        return quoted[0] if SAYABLE.fullmatch(quoted[0]) and not CODE.search(quoted[0]) else "…"

    return QUOTED.sub(sayable, EXTRAS.sub("", error.message))


def _misfit(node: OperationDefinitionNode, error: GraphQLError) -> GatewayError:
    """A variable that does not fit: named with its place and its type, never with what was given."""
    types = {item.variable.name.value: print_ast(item.type) for item in node.variable_definitions or ()}
    match = VARIABLE.match(error.message)
    if match is None or match["name"] not in types:
        return GatewayError("BAD_VARIABLES", detail="a variable does not fit the type that the query declares")
    words = f"variable `${match['name']}`{match['place'] or ''} does not fit its type `{types[match['name']]}`"
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return GatewayError("BAD_VARIABLES", detail=words, locations=locations)
