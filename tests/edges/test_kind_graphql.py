"""Kind `graphql` against a real GraphQL server: what its log shows that it was asked, and what becomes of answers.

The server is Strawberry on a socket; where a server must lie, a crooked one stands in its place.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count, repeat
from typing import Any

import httpx2
import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from connectors.conformance.samples import Recordable
from connectors.contract import (
    AuthFailed,
    BadRequest,
    Condition,
    Connector,
    ConnectorError,
    ContractBroken,
    Deadline,
    Denied,
    Fetch,
    RateLimited,
    SubjectUnknown,
    TimedOut,
    Turn,
    Unavailable,
)
from gateway.fetching.checking import recheck
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw, telling
from tests.edges.guarded import guard, outcome
from tests.edges.invented import FIRM, OTHER, THIRD, ask, connector, in_use, pages, registered, rows
from tests.edges.permits_service import STRANGE, UNKNOWN, Service
from tests.journeys.test_partner_connects import running as program

SOURCE = """\
sources:
  main:
    kind: graphql
    endpoint: env:INVENTED_URL
    errors: {NO_SUCH_FIRM: SubjectUnknown, REGISTER_DOWN: Unavailable, SLOW_DOWN: RateLimited, "502": RateLimited}
    limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}
"""
FIELDS = """\
key: [id]
subject: {uscc: {path: code}}
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {path: holder.name}
  decided: {path: day, date: "%Y-%m-%d"}
  fine: {path: fine, unit: {from: yuan, to: wan}}
  kinds: {path: kinds, vocabulary: {"1": WARNING, "2": FINE}}
objects:
  changes: {path: changes, fields: {item: {path: what}, on: {path: day, date: "%Y-%m-%d"}}}
"""
BELOW = FIELDS.replace("path: code}", "path: /code}")
FILTERS = """\
filters:
  state: {ops: [eq, in], params: [where.states]}
  decided: {ops: [range], params: [where.since, where.until], date: "%Y-%m-%d"}
"""
WHERE = '{}where.states: {{type: "[Int!]"{}}}, where.since: {{type: String{}}}, where.until: {{type: String{}}}'
CURSOR = "page: {{cursor: after, size: first, next: {0}pageInfo.endCursor, more: {0}pageInfo.hasNextPage, rows: 2}}\n"
TURNS = "first: {{type: Int{0}}}, after: {{type: String{0}}}, "

ROOT = (
    'question: {field: permits, arguments: {codes: {type: "[String!]!", value: "{subjects}"}, '
    + TURNS.format("") + WHERE.format("", "", "", "") + "}}\n"
    + "rows: edges.node\ntotal: totalCount\nbatch: 2\n" + CURSOR.format("") + FIELDS + FILTERS
    + 'asOf: {path: updated, timestamp: "%Y-%m-%dT%H:%M:%S%z"}\n'
)  # fmt: skip
ON = ", on: permits"
INNER = TURNS.format(ON) + WHERE.format("", ON, ON, ON)
LISTED = (
    'question: {field: firms, arguments: {codes: {type: "[String!]!", value: "{subjects}"}, '
    + WHERE.format("", ON, ON, ON) + "}}\nrows: permits.edges.node\nbatch: 5\n" + BELOW + FILTERS
)  # fmt: skip
ALIASED = (
    'question: {field: firm, arguments: {code: {type: String!, value: "{subject}"}, ' + INNER + "}}\n"
    + "rows: permits.edges.node\nbatch: 5\n" + CURSOR.format("permits.") + BELOW + FILTERS
)  # fmt: skip
KNOWN = ALIASED.replace("field: firm,", "field: known,")
ENTITIES = (
    "question: {entities: {type: Firm, key: code}, arguments: {" + INNER + "}}\n"
    + "rows: permits.edges.node\nbatch: 5\n" + CURSOR.format("permits.") + BELOW + FILTERS
)  # fmt: skip
NUMBERED = (
    'question: {field: listed, arguments: {code: {type: String!, value: "{subject}"}, page: {type: Int}, '
    "size: {type: Int}}}\nbatch: 5\npage: {number: page, size: size, rows: 2}\n" + FIELDS
)
WAYS = {"root": ROOT, "listed": LISTED, "aliased": ALIASED, "known": KNOWN, "entities": ENTITIES, "numbered": NUMBERED}
ALL = [f"{code[-2:]}-{n}" for code, count in ((FIRM, 5), (OTHER, 1), (THIRD, 3)) for n in range(count)]
EVERYBODY = (FIRM, OTHER, THIRD)
EVERYTHING = ("state", "holder", "decided", "fine", "kinds", "changes.item", "changes.on")


@pytest.fixture(scope="module")
def serving() -> Iterator[Service]:
    with Service().running() as service:
        yield service


@pytest.fixture
def service(serving: Service) -> Service:
    serving.forget()
    return serving


def asked(url: str, permit: str, source: str = SOURCE) -> AbstractAsyncContextManager[Connector]:
    return in_use(connector(registered(source, permit)), {"env:INVENTED_URL": url, "env:KEY": "k-42"})


@asynccontextmanager
async def crooked(behaviour: Behaviour, permit: str = ROOT) -> AsyncIterator[tuple[Server, Connector]]:
    async with Server(behaviour) as server, asked(f"{server.base}/graphql", permit) as made:
        yield server, made


async def ids(service: Service, permit: str, question: Fetch) -> list[str]:
    async with asked(service.base, permit) as made:
        return [row.id for row in await rows(made, question)]


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_asking_gives_every_row_once(service: Service, way: str) -> None:
    """A list, aliases, entities, cursors at the root or below it, numbers: the same nine rows, in the order asked."""
    assert await ids(service, WAYS[way], ask(subjects=EVERYBODY)) == ALL


@pytest.mark.parametrize(
    ("way", "documents"),
    # two chunks, whose six and three rows lie on pages of two: three and two
    [("root", 5), ("listed", 1), ("aliased", 4), ("entities", 4), ("numbered", 7)],
)
async def test_subjects_share_documents(service: Service, way: str, documents: int) -> None:
    """A batch is one document; only those who have more rows than a page are asked again, by themselves."""
    await ids(service, WAYS[way], ask(subjects=EVERYBODY))
    assert len(service.asked) == documents


async def test_values_are_catalogue_values(service: Service) -> None:
    """Names inside objects, lists, exact amounts, dates and nested objects come in catalogue words and types."""
    async with asked(service.base, ROOT) as made:
        (page,) = await pages(made, ask(*EVERYTHING, subjects=(FIRM,)))
    assert page.rows[1].values == {
        "state": "REVOKED",
        "holder": "甲1（青岛）",
        "decided": date(2026, 1, 2),
        "fine": Decimal("1.00005"),
        "kinds": ("WARNING", "FINE"),
        "changes.item": ("变更1",),
        "changes.on": (date(2026, 2, 2),),
    }
    assert page.as_of == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_not_asked_is_not_in_the_document(service: Service, way: str) -> None:
    """Of the fields, the platform works out the asked one alone: its log shows no other, at any depth."""
    places = {
        "state": "Permit.state", "holder": "Holder.name", "decided": "Permit.day", "fine": "Permit.fine",
        "kinds": "Permit.kinds", "changes.item": "Change.what", "changes.on": "Change.day",
    }  # fmt: skip
    async with asked(service.base, WAYS[way]) as made:
        for field in EVERYTHING:
            service.forget()
            assert await rows(made, ask(field, subjects=(FIRM, OTHER)))
            worked_out = service.resolved & {*places.values(), "Holder.phone", "Change.clerk", "Firm.name"}
            assert worked_out == {places[field]}


@pytest.mark.parametrize("way", WAYS)
async def test_only_queries_are_sent_and_no_value_is_in_their_text(service: Service, way: str) -> None:
    """Whatever a code holds, it is a variable: each document is one query, the same for every subject."""
    odd = '") { firms } mutation { x } #'
    for codes in (EVERYBODY, (FIRM, odd, UNKNOWN)):
        await ids(service, WAYS[way], ask(subjects=codes, where=()))
    for text in service.documents:
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.operation is OperationType.QUERY
        assert not any(code in text for code in (*EVERYBODY, UNKNOWN, "mutation", "#", '"'))
    sent = json.dumps([each["variables"] for each in service.asked], ensure_ascii=False)
    assert json.dumps(odd)[1:-1] in sent.replace("\\\\", "\\")


CONDITIONS = [
    (Condition("state", "eq", ("ACTIVE",)),),
    (Condition("state", "in", ("ACTIVE", "REVOKED")),),
    (Condition("decided", "range", (date(2026, 1, 2), date(2026, 1, 3))),),
    (Condition("decided", "range", (date(2026, 1, 3), None)), Condition("state", "eq", ("REVOKED",))),
    (Condition("decided", "range", (date(2027, 1, 1), None)),),
    (Condition("state", "eq", ("REPAIRED",)),),  # for which the platform has no code: an empty list filters nothing
]


@pytest.mark.parametrize("way", ["root", "listed", "aliased", "entities"])
async def test_filters_are_arguments_and_exact(service: Service, way: str) -> None:
    """Pushed down as typed variables, a condition gives what filtering all rows by itself would give."""
    async with asked(service.base, WAYS[way]) as made:
        every = await pages(made, ask("state", "decided", subjects=EVERYBODY))
        for where in CONDITIONS:
            service.forget()
            question = ask("state", "decided", subjects=EVERYBODY, where=where)
            wanted, _ = recheck(question, every)
            given, dropped = recheck(question, await pages(made, question))
            assert given == wanted
            assert dropped == 0 or where is CONDITIONS[-1]
            assert all("where" in text for text in service.documents)


async def test_a_condition_that_was_not_declared_is_never_asked(service: Service) -> None:
    """What is no filter of the declaration is refused before anything is sent."""
    async with asked(service.base, ROOT) as made:
        with pytest.raises(BadRequest):
            await rows(made, ask(where=(Condition("holder", "eq", ("甲",)),)))
    assert service.asked == []


@pytest.mark.parametrize("way", ["aliased", "known", "entities"])
async def test_one_unknown_subject_does_not_hide_the_others(service: Service, way: str) -> None:
    """A null or a declared code at one alias or entity is that subject's alone; when all are unknown, that is said."""
    assert await ids(service, WAYS[way], ask(subjects=(FIRM, UNKNOWN, OTHER))) == [*ALL[:5], ALL[5]]
    with pytest.raises(SubjectUnknown):
        await ids(service, WAYS[way], ask(subjects=(UNKNOWN,)))


@pytest.mark.parametrize("way", WAYS)
async def test_data_beside_an_error_is_no_answer(service: Service, way: str) -> None:
    """When the platform fails for one of three subjects, what it says of the others is never taken for all."""
    if way == "known":  # which asks nobody about strange firms
        return
    with pytest.raises(Unavailable) as caught:
        await ids(service, WAYS[way], ask(subjects=(FIRM, STRANGE, OTHER)))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
async def test_recorded_answers_are_read_as_they_came(service: Service, way: str) -> None:
    """A body that was recorded, of whatever fields and aliases, gives its raw rows to whoever examines a mapping."""
    async with asked(service.base, WAYS[way]) as made:
        assert isinstance(made, Recordable)
        await rows(made, ask("state", subjects=(FIRM, OTHER)))
        first = service.asked[0]
        body = httpx2.post(service.base, json=first, trust_env=False).content
        found = made.recorded("Permit", body)
        assert "1A-0" in {row["id"] for row in found}
        assert len(made.record("Permit").rows(found, ask("state")).rows) == len(found)
        with pytest.raises(ContractBroken):
            made.recorded("Permit", b'{"data": {"x": 7}}')


async def test_questions_without_a_subject_are_filters_alone(service: Service) -> None:
    """An open question is a document of its own, which names nobody; without one, nothing is asked."""
    sought = (
        "openQuestion: {field: permits, arguments: {keyword: {type: String}, "
        + TURNS.format("") + WHERE.format("", "", "", "") + "}}\n"
    )  # fmt: skip
    permit = sought + ROOT.replace("filters:\n", "filters:\n  holder: {ops: [contains], params: [keyword]}\n")
    question = ask("holder", subjects=(), where=(Condition("holder", "contains", ("甲2",)),))
    async with asked(service.base, permit) as made:
        (kept,) = recheck(question, await pages(made, question))[0].values()
    assert [row.id for row in kept] == ["1A-2", "3C-2"]
    assert "codes" not in service.documents[0]
    with pytest.raises(BadRequest):
        await ids(service, ROOT, ask(subjects=()))


async def test_credentials_and_headers_go_with_every_question(service: Service) -> None:
    """The declared header and key are on questions and on the health check, which asks about nobody."""
    more = "    auth: {kind: apiKey, header: X-Api-Key, value: env:KEY}\n    headers: {X-App: invented}\n"
    async with asked(service.base, ROOT, SOURCE + more) as made:
        await rows(made, ask())
        await made.health(Deadline.within(5))
    assert {(each["x-api-key"], each["x-app"]) for each in service.headers} == {("k-42", "invented")}
    assert service.asked[-1] == {"query": "{__typename}", "variables": {}}


def failing(code: str | None, path: Any = None, data: Any = None, status: str = "200 OK", **more: Any) -> Behaviour:
    error = {"message": "内部信息 hunter2", **({"extensions": {"code": code}} if code else {}), **more}
    body = {"errors": [error | ({"path": path} if path else {})], "data": data}
    return always(raw(json.dumps(body).encode(), status))


def permits(*nodes: Any, **more: Any) -> Any:
    info = {"hasNextPage": False, "endCursor": None}
    return {
        "edges": [{"node": node} for node in nodes],
        "pageInfo": info,
        "totalCount": len(nodes),
        "updated": None,
    } | more


def node(number: int = 1, code: str = FIRM) -> dict[str, Any]:
    return {"id": number, "code": code, "state": 1}


def saying(data: Any) -> Behaviour:
    return telling(lambda seen: {"data": data})


NOWHERE = {"hasNextPage": True, "endCursor": {}}
DEEP = b'{"data": {"permits": ' + b'{"edges":[' * 20 + b"]}" * 20 + b"}}"
FAULTS: list[tuple[str, Behaviour, type[ConnectorError]]] = [
    ("a declared code", failing("SLOW_DOWN"), RateLimited),
    ("a code that nobody knows", failing("E7"), Unavailable),
    ("UNAUTHENTICATED", failing("UNAUTHENTICATED"), AuthFailed),
    ("FORBIDDEN in a field", failing("FORBIDDEN", ["permits"], {"permits": None}), Denied),
    ("BAD_USER_INPUT", failing("BAD_USER_INPUT"), BadRequest),
    ("GRAPHQL_VALIDATION_FAILED", failing("GRAPHQL_VALIDATION_FAILED", status="400 Bad Request"), ContractBroken),
    ("a question that is refused without a code", failing(None), ContractBroken),
    ("the same as a bad request", failing(None, status="400 Bad Request"), ContractBroken),
    ("an error in a field without a code", failing(None, ["permits"], {"permits": permits(node())}), Unavailable),
    ("a code under another status", failing("SLOW_DOWN", status="500 Oops"), RateLimited),
    ("a declared status", failing(None, status="502 Oops"), RateLimited),
    ("401 without GraphQL", always(raw(b"hunter2", "401 Unauthorized")), AuthFailed),
    ("503 without GraphQL", always(raw(b"hunter2", "503 Busy")), Unavailable),
    ("an unknown subject inside of a row",
     failing("NO_SUCH_FIRM", ["permits", "edges", 0, "node"], {"permits": permits(None)}), ContractBroken),
    ("an unknown subject that is nowhere", failing("NO_SUCH_FIRM", ["other"], {"permits": permits()}), ContractBroken),
    ("errors that are a text", always(raw(b'{"errors": "hunter2", "data": {}}')), ContractBroken),
    ("errors that hold a number", always(raw(b'{"errors": [7], "data": {}}')), Unavailable),
    ("no data", always(raw(b"{}")), ContractBroken),
    ("a list instead of an answer", always(raw(b"[]")), ContractBroken),
    ("data that is a list", saying([]), ContractBroken),
    ("another field than was asked", saying({"firms": []}), ContractBroken),
    ("rows that are a number", saying({"permits": 7}), ContractBroken),
    ("rows that are missing", saying({"permits": {"pageInfo": {}, "totalCount": 0}}), ContractBroken),
    ("a row that is null", saying({"permits": permits(None)}), ContractBroken),
    ("a row without an asked field", saying({"permits": permits({"id": 1, "code": FIRM})}), ContractBroken),
    ("a row that is a text", saying({"permits": permits("x")}), ContractBroken),
    ("a page that says nothing of others", saying({"permits": permits(node(), pageInfo=None)}), ContractBroken),
    ("a next page that is nowhere", saying({"permits": permits(node(), pageInfo=NOWHERE, totalCount=9)}),
     ContractBroken),
    ("a count that is a text", saying({"permits": permits(node(), totalCount="many")}), ContractBroken),
    ("JSON of forty levels", always(raw(DEEP)), ContractBroken),
    ("JSON of ten thousand levels", always(raw(b"[" * 10_000 + b"]" * 10_000)), Unavailable),
    ("half of a JSON", always(raw(b'{"data": {"permits"')), Unavailable),
    ("a page with 200", always(raw(b"<html>hunter2</html>", content_type="text/html")), Unavailable),
    ("too many bytes", saying({"permits": permits(node(), pageInfo="y" * 70_000)}), ContractBroken),
    ("silence", hang, TimedOut),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "error"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
async def test_faults_are_errors_of_the_contract(behaviour: Behaviour, error: type[ConnectorError]) -> None:
    """Every way to fail or to lie is one error of the tree, and no upstream text or subject is in its message."""
    async with crooked(behaviour) as (_, made):
        with pytest.raises(ConnectorError) as caught:
            await rows(made, ask(seconds=0.5 if error is TimedOut else 30.0))
    assert type(caught.value) is error
    assert "hunter2" not in str(caught.value)
    assert FIRM not in str(caught.value)


@pytest.mark.parametrize(
    ("permit", "data"),
    [
        (ROOT, {"permits": None}),
        (ALIASED, {"s0": None}),
        (ENTITIES, {"_entities": [None]}),
        (ENTITIES, {"_entities": None}),
        (ENTITIES, {"_entities": [{"code": FIRM, "permits": permits()}] * 3}),
    ],
    ids=["all of a list", "a missing alias", "too few entities", "no entities", "too many entities"],
)
async def test_subjects_are_never_guessed(permit: str, data: Any) -> None:
    """An answer from which one cannot tell what belongs to whom is refused as a whole."""
    async with crooked(saying(data), permit) as (_, made):
        with pytest.raises(ContractBroken):
            await rows(made, ask(subjects=(FIRM, OTHER)))


async def test_what_a_platform_says_null_to_without_an_error_is_nothing() -> None:
    """An object on the way to the rows may be null: then this subject has no such records."""
    data = {"s0": {"code": FIRM, "permits": None}, "s1": {"code": OTHER, "permits": permits({"id": 1, "state": 1})}}
    async with crooked(saying(data), ALIASED.replace(CURSOR.format("permits."), "")) as (_, made):
        assert [row.subject.value for row in await rows(made, ask(subjects=(FIRM, OTHER)))] == [OTHER]


UNPAGED = NUMBERED.replace("page: {number: page, size: size, rows: 2}\n", "")
MANY = UNPAGED.replace('{type: String!, value: "{subject}"}', '{type: "[String!]!", value: "{subjects}"}')


async def test_a_row_that_was_taken_out_of_a_list_is_missed() -> None:
    """Where the root field's own values are the rows, a null among them is a row that is not told; but in a list of one
    for each that was asked it is a subject of whom there is nothing."""
    for permit, data in (
        (UNPAGED, {"s0": [node(1), None], "s1": []}),
        (MANY, {"listed": [node(1), None, node(2, OTHER)]}),
    ):
        async with crooked(saying(data), permit) as (_, made):
            with pytest.raises(ContractBroken, match="row of the answer is null"):
                await rows(made, ask(subjects=(FIRM, OTHER)))
    async with crooked(saying({"listed": [None, node(2, OTHER)]}), MANY) as (_, made):
        assert [row.id for row in await rows(made, ask(subjects=(FIRM, OTHER)))] == ["2"]


async def test_a_cursor_that_leads_nowhere_ends() -> None:
    """The same page or the same cursor again is a broken contract, not an endless loop."""
    for numbers in (repeat(1), count(1)):

        def reply(seen: Seen, numbers: Iterator[int] = numbers) -> Any:
            again = {"hasNextPage": True, "endCursor": "c1"}
            return {"data": {"permits": permits(node(next(numbers)), pageInfo=again, totalCount=9)}}

        async with crooked(telling(reply)) as (server, made):
            with pytest.raises(ContractBroken):
                await rows(made, ask())
            assert len(server.seen) <= 3


async def test_rows_of_others_are_dropped() -> None:
    """A row of a subject that nobody asked about is reported as it is, and the gateway's check drops it."""
    async with crooked(saying({"permits": permits(node(1), node(2, THIRD))})) as (_, made):
        question = ask()
        kept, dropped = recheck(question, await pages(made, question))
    assert [[row.id for row in held] for held in kept.values()] == [["1"]]
    assert dropped == 1


async def test_more_rows_than_allowed_are_cut_with_a_mark(service: Service) -> None:
    """`maxRows` counts over all subjects and pages, and what was left out is told."""
    for permit in (ROOT, ALIASED, ENTITIES):
        async with asked(service.base, permit) as made:
            (page,) = await pages(made, ask(limit=3, subjects=EVERYBODY))
        assert (len(page.rows), page.truncated) == (3, True)


async def test_the_guard_stops_a_platform_that_says_nothing() -> None:
    """The gateway's own bound ends a question that is never answered, and the source is left alone after failures."""
    async with crooked(hang) as (server, made):
        bulkhead = guard(failures=2, within=0.0)

        async def question(deadline: Deadline, turn: Turn) -> list[Any]:
            return await pages(made, ask(seconds=0.2, turn=turn))

        names = [await outcome(bulkhead, question, 0.3) for _ in range(3)]
        assert names == ["TimedOut", "TimedOut", "BreakerOpen"]
        assert len(server.seen) == 2


async def test_a_subgraph_of_apollo_answers_by_entities() -> None:
    """Apollo's own subgraph library, in Node, is asked for a batch of entities as its router would ask it."""
    codes = {FIRM: 3, OTHER: 1}
    permit = (
        "question: {entities: {type: Enterprise, key: uscc}}\nrows: permits\nkey: [id]\nbatch: 10\n"
        "subject: {uscc: {path: /uscc}}\nfields:\n  state: {path: state, vocabulary: {A: ACTIVE}}\n"
        "  holder: {path: holder.name}\n"
    )
    with program("subgraph.mjs", codes) as line:
        told = json.loads(line)
        async with asked(told["url"], permit) as made:
            found = await rows(made, ask("state", subjects=(FIRM, UNKNOWN, OTHER)))
            with pytest.raises(ConnectorError) as caught:
                await rows(made, ask("holder", subjects=(FIRM,)))
        documents = httpx2.get(told["log"], trust_env=False).json()
    assert [row.id for row in found] == [f"{FIRM}-0", f"{FIRM}-1", f"{FIRM}-2", f"{OTHER}-0"]
    assert len(documents) == 2
    assert "holder" not in documents[0]
    assert type(caught.value) is Denied  # the subgraph forbids this field with Apollo's own code
