"""Jinan's platform, a GraphQL service as a system built lately has: typed, with codes for errors and limits of its own.

Licences come as a connection for many holders at once, promises below one party. Whoever wants more than ten licences
turns pages, more than twenty holders or parties are refused, and introspection is off. Run by the province:
`python -m deploy.demo.servers.jinan`, settings on stdin.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import NoSchemaIntrospectionCustomRule
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.servers import leash, web
from deploy.demo.servers.rehearsal import Rehearsal

PAGE, HOLDERS, PARTIES = 10, 20, 20  # licences on a page, holders and parties in one question
SDL = """
scalar Date
scalar DateTime
enum PromiseState { IN_FORCE WITHDRAWN DISPUTED REPAIRED }
input Period { from: Date, to: Date }

type Query {
  licences(holders: [ID!]!, decided: Period, first: Int!, after: String): Licences!
  party(code: ID!): Party
}
type Licences { edges: [Edge!]!, pageInfo: PageInfo!, totalCount: Int!, asOf: DateTime! }
type Edge { cursor: String!, node: Licence! }
type PageInfo { hasNextPage: Boolean!, endCursor: String }
type Licence {
  id: ID!, title: String, number: String, kind: String, content: String, state: String, remark: String
  decided: Date, validFrom: Date, validTo: Date, updated: DateTime, area: String
  holder: Holder!, certificate: Certificate!, organ: Organ!, source: Organ!
}
type Holder { name: String, kind: String, uscc: ID, idNo: ID, registration: String, representative: Person! }
type Person { name: String, idNo: ID }
type Certificate { name: String, number: String }
type Organ { name: String, code: ID }
type Party { code: ID!, asOf: DateTime!, promises(states: [PromiseState!]): [Promise!]! }
type Promise {
  id: ID!, kind: String, matter: String, made: Date, fulfilment: String, state: PromiseState
  organ: Organ!, source: Organ!, area: String, updated: DateTime
}
"""


def application(settings: dict[str, Any]) -> Starlette:
    """The service for the rows in the file `settings["rows"]`; `token` must come in `X-Access-Token`."""
    schema, register = build_schema(SDL), Register(json.loads(Path(settings["rows"]).read_text("utf-8")))
    rehearsal, token = Rehearsal(), str(settings["token"])

    async def asked(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("x-access-token", ""), token):
            return failed("UNAUTHENTICATED", 401)
        try:
            body = json.loads(await request.body())
            document, variables = parse(body["query"]), body.get("variables") or {}
            if not isinstance(variables, dict):
                raise TypeError
        except (ValueError, LookupError, TypeError, GraphQLError):
            return failed("GRAPHQL_PARSE_FAILED", 400)
        return answered(schema, register, document, variables)

    return Starlette(routes=[Route("/", rehearsal.watch(asked), methods=["POST"]), *rehearsal.routes()])


def answered(schema: GraphQLSchema, register: Register, document: DocumentNode, variables: Any) -> Response:
    """Data, or data with errors, or the refusal of a question that does not fit the schema."""
    if validate(schema, document, [*specified_rules, NoSchemaIntrospectionCustomRule]):
        return failed("GRAPHQL_VALIDATION_FAILED", 400)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fields = [each for one in operations for each in one.selection_set.selections if isinstance(each, FieldNode)]
    if sum(each.name.value == "party" for each in fields) > PARTIES:
        return failed("BAD_USER_INPUT", 400)
    result = execute_sync(schema, document, register, variable_values=variables)
    if not isinstance(result, ExecutionResult):
        raise TypeError("a question is answered at once")
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [
            {"message": each.message, "path": each.path, "extensions": {"code": "BAD_USER_INPUT"}}
            for each in result.errors
        ]
    return JSONResponse(body)


class Register:
    """The root of every answer: its methods are the fields of `Query`."""

    def __init__(self, stored: Mapping[str, list[dict[str, Any]]]) -> None:
        self._held: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for name, rows in stored.items():
            held = self._held.setdefault(name, {})
            for row in rows:
                held.setdefault(row["code"], []).append({"day": row["day"], "object": _nested(row["cells"])})

    def licences(
        self, _: Any, holders: list[str], first: int, decided: Any = None, after: str | None = None
    ) -> dict[str, Any]:
        if len(holders) > HOLDERS or not 0 < first <= PAGE:
            raise GraphQLError(f"一次最多{HOLDERS}个主体，每页1至{PAGE}条")
        since, until = (_day((decided or {}).get(name)) for name in ("from", "to"))
        found = [
            each["object"]
            for code in holders
            for each in self._held["licences"].get(code, ())
            if (not since or each["day"] >= since) and (not until or each["day"] <= until)
        ]
        start = _number(after)
        edges = [{"cursor": str(at), "node": found[at]} for at in range(start, min(start + first, len(found)))]
        end = edges[-1]["cursor"] if edges else None
        info = {"hasNextPage": start + first < len(found), "endCursor": end}
        return {"edges": edges, "pageInfo": info, "totalCount": len(found), "asOf": _now()}

    def party(self, _: Any, code: str) -> dict[str, Any] | None:
        rows = self._held["promises"].get(code)
        if rows is None:
            return None

        def promises(_: Any, states: list[str] | None = None) -> list[dict[str, Any]]:
            return [each["object"] for each in rows if states is None or each["object"]["state"] in states]

        return {"code": code, "asOf": _now(), "promises": promises}


def failed(code: str, status: int) -> Response:
    return JSONResponse({"errors": [{"message": "请求被拒绝", "extensions": {"code": code}}]}, status_code=status)


def _nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for place, cell in cells.items():
        *outer, last = place.split(".")
        node = tree
        for name in outer:
            node = node.setdefault(name, {})
        node[last] = cell
    return tree


def _day(text: str | None) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except (TypeError, ValueError):
        raise GraphQLError("日期格式应为YYYY-MM-DD") from None


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise GraphQLError("游标无效")
    return int(cursor) + 1


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    given = leash.settings()
    web.serve(application(given), web.open_socket("127.0.0.1", int(given.get("port", 0))))
