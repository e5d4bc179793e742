"""A GraphQL service as a city might run one: Strawberry on uvicorn, on a real socket, with a log of what it was asked.

Its firms are invented. It offers what is usual: a list of firms, one firm, a connection with cursors at the root and
below a firm, numbered pages, entities of Apollo Federation; and errors with codes. `resolved` are the fields that it
worked out, so a test sees what reached the platform and what did not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import strawberry
import uvicorn
from graphql import GraphQLError
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension
from strawberry.federation import Schema as FederatedSchema
from strawberry.federation import type as federated

from tests.edges.invented import FIRM, OTHER, THIRD

UNKNOWN = "91370000INVENTED9Z"
STRANGE = "91370000INVENTEDXX"  # whoever asks about it gets an error of the service
PERMITS = {FIRM: 5, OTHER: 1, THIRD: 3}


@strawberry.type
class Holder:
    name: str
    phone: str


@strawberry.type
class Change:
    what: str
    day: str
    clerk: str


@strawberry.type
class Permit:
    id: strawberry.ID
    code: str
    state: int
    day: str
    fine: float
    kinds: list[str]
    holder: Holder
    changes: list[Change]


@strawberry.type
class PageInfo:
    hasNextPage: bool
    endCursor: str | None


@strawberry.type
class Edge:
    node: Permit


@strawberry.type
class Permits:
    edges: list[Edge]
    pageInfo: PageInfo
    totalCount: int
    updated: str = "2026-11-23T08:00:00+08:00"


@strawberry.input
class Wanted:
    states: list[int] | None = None
    since: str | None = None
    until: str | None = None


def permit(code: str, number: int) -> Permit:
    return Permit(
        id=strawberry.ID(f"{code[-2:]}-{number}"),
        code=code,
        state=1 + number % 2,
        day=f"2026-01-{number + 1:02}",
        fine=number * 10000 + 0.5,
        kinds=["1", "2"] if number % 2 else ["2"],
        holder=Holder(name=f"甲{number}（青岛）", phone="5550000"),
        changes=[Change(what=f"变更{number}", day=f"2026-02-{number + 1:02}", clerk="书记员")],
    )


def held(codes: Sequence[str], where: Wanted | None = None) -> list[Permit]:
    found = [permit(code, number) for code in codes for number in range(PERMITS.get(code, 0))]
    if where is not None:
        found = [
            each
            for each in found
            if (not where.states or each.state in where.states)
            and (where.since is None or each.day >= where.since)
            and (where.until is None or each.day <= where.until)
        ]
    return found


def connection(found: list[Permit], first: int | None, after: str | None) -> Permits:
    start = int(after.removeprefix("c")) if after else 0
    end = len(found) if first is None else start + first
    info = PageInfo(hasNextPage=end < len(found), endCursor=f"c{end}")
    return Permits(edges=[Edge(node=each) for each in found[start:end]], pageInfo=info, totalCount=len(found))


def check(codes: Sequence[str]) -> None:
    if STRANGE in codes:
        raise GraphQLError("内部错误 hunter2", extensions={"code": "REGISTER_DOWN"})


@federated(keys=["code"])
class Firm:
    code: str
    name: str

    @strawberry.field
    def permits(
        self, info: strawberry.Info, first: int | None = None, after: str | None = None, where: Wanted | None = None
    ) -> Permits:
        return connection(held([self.code], where), first, after)

    @classmethod
    def resolve_reference(cls, code: str) -> Firm | None:
        return firm(code)


def firm(code: str) -> Firm | None:
    check([code])
    return Firm(code=code, name="甲公司") if code in PERMITS else None


@strawberry.type
class Query:
    @strawberry.field
    def firms(self, codes: list[str]) -> list[Firm | None]:
        return [firm(code) for code in codes]

    @strawberry.field
    def firm(self, code: str) -> Firm | None:
        return firm(code)

    @strawberry.field
    def known(self, code: str) -> Firm | None:
        if code not in PERMITS:
            raise GraphQLError("没有这个主体 hunter2", extensions={"code": "NO_SUCH_FIRM"})
        return firm(code)

    @strawberry.field
    def permits(
        self, codes: list[str] | None = None, first: int | None = None, after: str | None = None,
        where: Wanted | None = None, keyword: str | None = None,
    ) -> Permits:  # fmt: skip
        check(codes or [])
        found = held(list(PERMITS) if codes is None else codes, where)
        return connection([each for each in found if keyword is None or keyword in each.holder.name], first, after)

    @strawberry.field
    def listed(self, code: str, page: int = 1, size: int = 100) -> list[Permit]:
        check([code])
        return held([code])[(page - 1) * size : page * size]


class Quiet(FederatedSchema):
    """Says nothing of errors on the terminal of the tests."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        return


class Service:
    """`base` is where it is asked; `documents` and `variables` are what it was asked, `resolved` what it worked out."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.resolved: set[str] = set()
        self.headers: list[dict[str, str]] = []
        service = self

        class Log(SchemaExtension):
            def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
                service.resolved.add(f"{info.parent_type.name}.{info.field_name}")
                return _next(root, info, *args, **kwargs)

        schema = Quiet(query=Query, types=[Firm], extensions=[Log])
        self._answer: Any = GraphQL(schema, graphql_ide=None)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()  # who comes before the server runs waits, and is not refused
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}/graphql"

    @property
    def documents(self) -> list[str]:
        return [each["query"] for each in self.asked]

    def forget(self) -> None:
        self.asked.clear()
        self.resolved.clear()
        self.headers.clear()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""

        async def heard() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.request" and not message.get("more_body"):
                self.asked.append(json.loads(body))
                self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            return message

        await self._answer(scope, heard, send)

    @contextmanager
    def running(self) -> Iterator[Service]:
        server = uvicorn.Server(uvicorn.Config(self, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[self._socket])), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(10)
            self._socket.close()
