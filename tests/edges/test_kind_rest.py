"""Kind `rest` against a real HTTP server: what is asked, how it is read, and what becomes of faults."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

import connectors.contract as contract
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
    Maintenance,
    RateLimited,
    SubjectUnknown,
    TimedOut,
    Unavailable,
)
from connectors.kinds.answers import MOST_PARTS, parsed
from connectors.kinds.soap.elements import MOST_TAGS, tree
from connectors.transport.port import Answer
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw, telling
from tests.edges.invented import (
    FIRM,
    OTHER,
    PERSON,
    REST_SOURCE,
    REST_TYPE,
    THIRD,
    ask,
    connector,
    in_use,
    pages,
    registered,
    rows,
)

FIELDS = """\
key: [id]
subject:
  uscc: {path: code}
  citizenId: {path: idNo, where: {path: idType, is: "111"}}
null: ["", "无"]
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {path: NAME}
  decided: {path: day, date: ["%Y-%m-%d", epochMillis]}
  fine: {path: fine, unit: {from: yuan, to: wan}}
  kinds: {path: kinds, vocabulary: {"罚款": FINE}}
"""
BATCH = (
    'request: {method: GET, path: /v1/permits, query: {codes: "{subjects}", fields: "{projection}"}, join: ";"}\n'
    "rows: data.list\nbatch: 2\n"
    'filters: {decided: {ops: [range], params: [from, to], date: "%Y%m%d"}, state: {ops: [eq], params: [zt]}}\n'
    "asOf: {path: data.at, timestamp: epochMillis}\n"
) + FIELDS
PAGED = (
    'request: {method: POST, path: /permits, form: {code: "{subject}"}}\nrows: rows\ntotal: total\n'
    "page: {number: pageNo, size: pageSize, rows: 3}\n"
) + FIELDS
SETTINGS = {
    "env:USER": "gateway",
    "env:PASSWORD": "geheim:1",
    "env:KEY": "k-42",
    "secret:city/pwd": "p w/d",
    "secret:city/odd": "{subject}{x}",
}
ENVELOPE = (
    '    success: {path: code, is: ["200"]}\n'
    '    errors: {"429": RateLimited, "E1004": SubjectUnknown, "E9": Maintenance, "*": Unavailable}\n'
)


@asynccontextmanager
async def asked(
    behaviour: Behaviour, permit: str = REST_TYPE, more: str = ""
) -> AsyncIterator[tuple[Server, Connector]]:
    async with Server(behaviour) as server:
        made = connector(registered(REST_SOURCE + more, permit))
        async with in_use(made, {"env:INVENTED_BASE": server.base + "/base/", **SETTINGS}):
            yield server, made


def row(number: int, code: str = FIRM, **more: Any) -> dict[str, Any]:
    return {"id": number, "code": code, "state": "1", **more}


async def test_a_batch_asks_for_needed_names_and_maps_what_comes() -> None:
    """Subjects are joined, the projection is in the platform's own names, and rows come in catalogue words."""

    def reply(seen: Seen) -> Any:
        list_ = [
            row(1, NAME="甲（青岛）", day=1546272000000, fine=0.1, kinds=["罚款"]),
            {"ID": 2, "CODE": OTHER.lower(), "STATE": "2", "name": "无", "day": "2019-01-02"},
        ]
        return {"data": {"at": 1764000000000, "list": list_}}

    async with asked(telling(reply), BATCH) as (server, made):
        (page,) = await pages(made, ask("holder", "decided", "fine", "kinds", subjects=(FIRM, OTHER)))
    (seen,) = server.seen
    assert seen.path == "/base/v1/permits"
    assert seen.query == {"codes": f"{FIRM};{OTHER}", "fields": "id,code,NAME,day,fine,kinds"}
    first, second = page.rows
    assert first.values == {
        "holder": "甲（青岛）",
        "decided": date(2019, 1, 1),
        "fine": Decimal("0.00001"),
        "kinds": ("FINE",),
    }
    assert (second.subject.value, second.values["holder"]) == (OTHER, None)
    assert page.as_of == datetime.fromtimestamp(1764000000, UTC)


async def test_numbers_of_json_are_exact() -> None:
    """An amount with more digits than a binary fraction holds arrives digit by digit."""
    body = b'{"rows": [{"id": 1, "code": "%s", "fine": 123456789012345678.123456}]}' % FIRM.encode()
    async with asked(always(raw(body)), REST_TYPE + "  fine: {path: fine, unit: {from: wan, to: wan}}\n") as (_, made):
        (found,) = await rows(made, ask("fine"))
    assert found.values["fine"] == Decimal("123456789012345678.123456")


async def test_batches_are_as_large_as_declared() -> None:
    """Three subjects in batches of two are two questions; every subject is asked for once."""
    async with asked(telling(lambda seen: {"data": {"list": []}}), BATCH) as (server, made):
        assert await rows(made, ask(subjects=(FIRM, OTHER, THIRD))) == []
    assert sorted(seen.query["codes"] for seen in server.seen) == sorted([f"{FIRM};{OTHER}", THIRD])


async def test_single_questions_run_at_most_four_at_a_time() -> None:
    """Without batches each subject is a question of its own, four of them together, rows in the order asked."""
    running: list[int] = []
    most = 0

    async def slowly(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        async with asyncio.timeout(30):
            while most < 4:
                await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        running.pop()
        writer.write(raw(json.dumps({"rows": [row(1, seen.query["code"])]}).encode()))

    codes = tuple(f"91370000INVENTED{number:02}" for number in range(10, 20))
    async with asked(slowly) as (server, made):
        found = await rows(made, ask(subjects=codes))
    assert [each.subject.value for each in found] == list(codes)
    assert most == 4
    assert len(server.seen) == 10


async def test_declared_filters_become_parameters() -> None:
    """A range becomes two parameters in the platform's format, a code its own code; open ends are left out."""
    where = (Condition("decided", "range", (date(2020, 1, 2), None)), Condition("state", "eq", ("REVOKED",)))
    async with asked(telling(lambda seen: {"data": {"list": []}}), BATCH) as (server, made):
        await rows(made, ask(where=where))
        assert server.seen[0].query == {"codes": FIRM, "fields": "id,code,state", "from": "20200102", "zt": "2"}
        with pytest.raises(BadRequest):
            await rows(made, ask(where=(Condition("holder", "eq", ("甲",)),)))
        assert len(server.seen) == 1


async def test_a_subject_in_a_path_or_a_list_is_never_syntax() -> None:
    """A path segment is percent-encoded, and a code that holds the separator is refused."""
    permit = REST_TYPE.replace('path: /permits, query: {code: "{subject}"}', 'path: "/of/{subject}/permits"')
    async with asked(telling(lambda seen: {"rows": []}), permit) as (server, made):
        await rows(made, ask(subjects=("../x?y=1&z#",)))
        assert server.seen[0].target == "/base/of/..%2Fx%3Fy%3D1%26z%23/permits"
    async with asked(telling(lambda seen: {"data": {"list": []}}), BATCH) as (server, made):
        with pytest.raises(BadRequest):
            await rows(made, ask(subjects=(f"{FIRM};{OTHER}",)))
        assert server.seen == []


async def test_a_value_with_the_sign_that_stands_between_values_is_not_sent() -> None:
    """The platform would take it for two, and lose the rows of the one that was meant."""
    permit = REST_TYPE + '  number: {path: no}\nfilters: {number: {ops: [eq, in], params: [no], join: ","}}\n'
    async with asked(telling(lambda seen: {"rows": []}), permit) as (server, made):
        await rows(made, ask(where=(Condition("number", "in", ("A-1", "A-2")),)))
        assert server.seen[0].query["no"] == "A-1,A-2"
        with pytest.raises(BadRequest, match="holds the sign between values"):
            await rows(made, ask(where=(Condition("number", "in", ("A,1", "A-2")),)))
        assert len(server.seen) == 1


async def test_forms_and_json_carry_subjects_and_resolved_secrets() -> None:
    """A form and a JSON body are filled in and encoded; references are resolved, lists stay lists."""
    form = (
        REST_TYPE.replace("GET", "POST")
        .replace("query:", "form:")
        .replace('"{subject}"}', '"{subject}", pwd: "secret:city/pwd"}')
    )
    async with asked(telling(lambda seen: {"rows": []}), form) as (server, made):
        await rows(made, ask())
        assert server.seen[0].body == f"code={FIRM}&pwd=p+w%2Fd".encode()
        assert server.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    body = REST_TYPE.replace("GET", "POST").replace(
        'query: {code: "{subject}"}', 'json: {q: {codes: "{subjects}", n: 5}}'
    )
    async with asked(telling(lambda seen: {"rows": []}), body + "batch: 3\n") as (server, made):
        await rows(made, ask(subjects=(FIRM, OTHER)))
        assert json.loads(server.seen[0].body) == {"q": {"codes": [FIRM, OTHER], "n": 5}}


@pytest.mark.parametrize("word", ["form", "json", "query"])
async def test_what_a_reference_stands_for_is_no_template(word: str) -> None:
    """A password may hold braces: it is sent as it is, and no subject becomes part of it."""
    permit = REST_TYPE.replace("GET", "POST").replace("query:", f"{word}:")
    permit = permit.replace('"{subject}"}', '"{subject}", pwd: "secret:city/odd"}')
    async with asked(telling(lambda seen: {"rows": []}), permit) as (server, made):
        await rows(made, ask())
        (seen,) = server.seen
        given = json.loads(seen.body) if word == "json" else dict(parse_qsl(seen.body.decode())) or seen.query
        assert given == {"code": FIRM, "pwd": "{subject}{x}"}


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ("{kind: none}", "authorization", None),
        (
            "{kind: basic, user: env:USER, password: env:PASSWORD}",
            "authorization",
            "Basic " + b64encode(b"gateway:geheim:1").decode(),
        ),
        ("{kind: apiKey, header: X-Api-Key, value: env:KEY}", "x-api-key", "k-42"),
    ],
)
async def test_credentials_go_where_they_are_declared(auth: str, header: str, value: str | None) -> None:
    """Each way of authentication sets its one header, beside the declared ones, for health checks too."""
    more = f"    auth: {auth}\n    headers: {{X-App: invented}}\n    health: {{path: /ping}}\n"
    async with asked(telling(lambda seen: {"rows": []}), more=more) as (server, made):
        await rows(made, ask())
        await made.health(Deadline.within(5))
    assert [seen.headers.get(header) for seen in server.seen] == [value, value]
    assert server.seen[0].headers["x-app"] == "invented"
    assert server.seen[1].path == "/base/ping"


async def test_health_is_a_good_status() -> None:
    """A health path that answers anything but 2xx is Unavailable."""
    async with asked(always(raw(b"{}", "503 Busy")), more="    health: {path: /ping}\n") as (_, made):
        with pytest.raises(Unavailable):
            await made.health(Deadline.within(5))


def stock(count: int, told: int | Callable[[int], int] | None = None, size: int | None = None) -> Callable[[Seen], Any]:
    """A paged platform with `count` rows, that says it has `told`, and gives `size` on a page whatever is asked."""

    def reply(seen: Seen) -> Any:
        form = dict(part.split("=") for part in seen.body.decode().split("&"))
        each = size or int(form["pageSize"])
        start = (int(form["pageNo"]) - 1) * each
        total = told(start) if callable(told) else told
        return {
            "total": count if total is None else total,
            "rows": [row(n) for n in range(count)][start : start + each],
        }

    return reply


UNCOUNTED = PAGED.replace("total: total\n", "")
PAGES = [
    ("no rows are one call", PAGED, stock(0), 100, 0, 1, False),
    ("a last page that is short", PAGED, stock(7), 100, 7, 3, False),
    ("a last page that is full ends at the total", PAGED, stock(6), 100, 6, 2, False),
    ("without a total a short page may be cut short: the end is an empty one", UNCOUNTED, stock(7), 100, 7, 4, False),
    ("a platform that caps its pages lower and counts nothing", UNCOUNTED, stock(7, size=2), 100, 7, 5, False),
    ("totals that change from page to page are told", PAGED, stock(7, told=lambda start: 7 + start), 100, 7, 4, True),
    ("more rows than the platform counts are told", PAGED, stock(3, told=2), 100, 3, 1, True),
    ("without a total a full page is followed by an empty one", UNCOUNTED, stock(6), 100, 6, 3, False),
    ("a platform that caps its pages lower is read to its total", PAGED, stock(7, size=2), 100, 7, 4, False),
    ("a total that never comes is told", PAGED, stock(4, told=9), 100, 4, 3, True),
    ("more than the limit is cut with a mark", PAGED, stock(50), 5, 5, 2, True),
    ("just the limit is not cut", PAGED, stock(6), 6, 6, 2, False),
]


@pytest.mark.parametrize(
    ("permit", "reply", "limit", "count", "calls", "truncated"),
    [case[1:] for case in PAGES],
    ids=[case[0] for case in PAGES],
)
async def test_paging_loses_and_repeats_nothing(
    permit: str, reply: Callable[[Seen], Any], limit: int, count: int, calls: int, truncated: bool
) -> None:
    """Pages are read until the platform has no more, or the limit is passed, which is told."""
    async with asked(telling(reply), permit) as (server, made):
        (page,) = await pages(made, ask(limit=limit))
    assert [each.id for each in page.rows] == [str(number) for number in range(count)]
    assert (len(server.seen), page.truncated) == (calls, truncated)


@pytest.mark.parametrize("permit", [PAGED, UNCOUNTED])
async def test_the_same_page_twice_is_a_broken_contract(permit: str) -> None:
    """A platform that ignores the page number would be read for ever, or give rows twice."""
    async with asked(telling(lambda seen: {"total": 99, "rows": [row(1), row(2), row(3)]}), permit) as (server, made):
        with pytest.raises(ContractBroken, match="same page"):
            await rows(made, ask())
        assert len(server.seen) == 2


async def test_an_unpaged_answer_is_cut_at_the_limit() -> None:
    """More rows than allowed, or fewer than the platform counts, are told as truncated."""
    many = telling(lambda seen: {"total": 3, "rows": [row(n) for n in range(3)]})
    async with asked(many) as (_, made):
        (page,) = await pages(made, ask(limit=2))
        assert (len(page.rows), page.truncated) == (2, True)
    fewer = telling(lambda seen: {"total": 3, "rows": [row(1)]})
    async with asked(fewer, REST_TYPE + "total: total\n") as (_, made):
        (page,) = await pages(made, ask())
        assert (len(page.rows), page.truncated) == (1, True)


async def test_bounds_count_over_everything_that_is_collected() -> None:
    """Pages together may not exceed `maxBytes`, and once `maxRows` are collected no more subjects are asked."""

    async def another_page(seen: Seen, writer: asyncio.StreamWriter) -> None:
        number = int(seen.body.decode().split("pageNo=")[1].split("&")[0])
        body = {"rows": [row(number * 3 + n, x="y" * 10_000) for n in range(3)]}
        writer.write(raw(json.dumps(body).encode()))

    async with asked(another_page, UNCOUNTED) as (server, made):
        with pytest.raises(ContractBroken):
            await rows(made, ask())
        assert len(server.seen) == 3
    codes = tuple(f"91370000INVENTED{number:02}" for number in range(10, 50))
    light = telling(lambda seen: {"rows": [row(n, seen.query["code"]) for n in range(9)]})
    async with asked(light) as (server, made):
        (page,) = await pages(made, ask(limit=20, subjects=codes))
        assert (len(page.rows), page.truncated) == (20, True)
        assert len(server.seen) <= 3 + 4


def said(code: str) -> Behaviour:
    return telling(lambda seen: {"code": code, "msg": "内部信息 hunter2", "rows": []})


ERRORS: list[tuple[str, Behaviour, type[ConnectorError]]] = [
    ("an unknown code inside a 200", said("E7777"), Unavailable),
    ("a declared code inside a 200", said("E9"), Maintenance),
    ("no code inside a 200", telling(lambda seen: {"rows": []}), Unavailable),
    ("an unknown subject inside a 200", said("E1004"), SubjectUnknown),
    ("an unknown subject inside a 404", always(raw(b'{"code": "E1004"}', "404 Not Found")), SubjectUnknown),
    ("401", always(raw(b"hunter2", "401 Unauthorized")), AuthFailed),
    ("403", always(raw(b"hunter2", "403 Forbidden")), Denied),
    ("400", always(raw(b"hunter2", "400 Bad Request")), BadRequest),
    ("404", always(raw(b"hunter2", "404 Not Found")), Unavailable),
    ("429", always(raw(b"hunter2", "429 Too Many")), RateLimited),
    ("503", always(raw(b"hunter2", "503 Busy")), Unavailable),
    ("a redirect", always(raw(b"", "302 Found", extra="Location: http://127.0.0.1:1/hunter2\r\n")), Unavailable),
    ("a page with 200", always(raw(b"<html>hunter2</html>", content_type="text/html")), Unavailable),
    ("a page that says it is JSON", always(raw(b"\n <!doctype html>hunter2")), Unavailable),
    ("an empty answer", always(raw(b"")), Unavailable),
    ("half of a JSON", always(raw(b'{"code": "200", "rows": [')), Unavailable),
    ("NaN", always(raw(b'{"code": "200", "rows": [], "x": NaN}')), Unavailable),
    ("broken UTF-8", always(raw(b'{"code": "200", "rows": [], "x": "\xff"}')), Unavailable),
    (
        "a number of five thousand digits",
        always(raw(b'{"code": "200", "rows": [], "x": ' + b"9" * 5000 + b"}")),
        Unavailable,
    ),
    ("JSON of forty levels", always(raw(b"[" * 40 + b"]" * 40)), ContractBroken),
    ("JSON of ten thousand levels", always(raw(b"[" * 10_000 + b"]" * 10_000)), Unavailable),
    ("a list instead of an object", always(raw(b"[]")), Unavailable),
    ("rows that are no list", telling(lambda seen: {"code": "200", "rows": {"id": 1}}), ContractBroken),
    ("rows that are missing", telling(lambda seen: {"code": "200"}), ContractBroken),
    ("rows that are no objects", telling(lambda seen: {"code": 200, "rows": [1]}), ContractBroken),
    ("too many bytes", telling(lambda seen: {"code": "200", "rows": [row(1, x="y" * 70_000)]}), ContractBroken),
    ("silence", hang, TimedOut),
]


@pytest.mark.parametrize(("behaviour", "error"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
async def test_faults_are_errors_of_the_contract(behaviour: Behaviour, error: type[ConnectorError]) -> None:
    """Every way to fail is one error of the tree, and no upstream text or subject is in its message."""
    async with asked(behaviour, more=ENVELOPE) as (_, made):
        with pytest.raises(error) as caught:
            await rows(made, ask(seconds=0.5 if error is TimedOut else 30.0))
    assert type(caught.value) is error
    assert "hunter2" not in str(caught.value)
    assert FIRM not in str(caught.value)


def test_an_answer_of_very_many_parts_is_refused_before_it_is_read() -> None:
    """What fits into `maxBytes` may still be millions of empty lists or elements, over which everybody would wait."""
    begun = time.thread_time()
    parsed(Answer(200, {}, b"[" + b"[]," * (MOST_PARTS - 2) + b"[]]"))
    bearable = time.thread_time() - begun
    begun = time.thread_time()
    with pytest.raises(ContractBroken, match=f"more than {MOST_PARTS} objects and lists"):
        parsed(Answer(200, {}, b"[" + b"[]," * (10 * MOST_PARTS) + b"[]]"))
    with pytest.raises(ContractBroken, match=f"more than {MOST_TAGS} tags"):
        tree("<r>" + "<x/>" * MOST_TAGS + "</r>")
    assert time.thread_time() - begun < bearable


async def test_every_error_name_of_a_declaration_is_an_error_of_the_contract() -> None:
    """What `errors` may name exists in the tree."""
    names = [
        "Unavailable",
        "TimedOut",
        "RateLimited",
        "AuthFailed",
        "Denied",
        "SubjectUnknown",
        "BadRequest",
        "ContractBroken",
        "Maintenance",
    ]
    for name in names:
        more = f'    success: {{path: code, is: ["0"]}}\n    errors: {{E5: {name}}}\n'
        async with asked(said("E5"), more=more) as (_, made):
            with pytest.raises(getattr(contract, name)):
                await rows(made, ask())


@pytest.mark.parametrize(("header", "after"), [("7", 7.0), ("999999", 300.0), ("soon", None), ("", None), ("²", None)])
async def test_a_wait_is_passed_on_with_a_cap(header: str, after: float | None) -> None:
    """Retry-After in seconds is told to the gateway, never more than five minutes."""
    busy = raw(b"", "429 Too Many", extra=f"Retry-After: {header}\r\n")
    async with asked(always(busy)) as (_, made):
        with pytest.raises(RateLimited) as caught:
            await rows(made, ask())
    assert caught.value.after == after


@pytest.mark.parametrize(("status", "error"), [("429 Too Many", RateLimited), ("503 Busy", Unavailable)])
async def test_a_wait_may_be_told_as_a_date(status: str, error: type[ConnectorError]) -> None:
    """A date is reckoned by the platform's own clock, which may be another than ours; one that is past is no wait."""
    now = "Date: Tue, 24 Nov 2020 08:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2020 08:00:0{} GMT\r\n"
    for second, after in ((7, 7.0), (0, 0.0)):
        async with asked(always(raw(b"", status, extra=now.format(second)))) as (_, made):
            with pytest.raises(error) as caught:
                await rows(made, ask())
        assert caught.value.after == after


async def test_one_unknown_subject_does_not_hide_the_others() -> None:
    """In single questions an unknown subject has no rows; only when all are unknown is that the answer."""

    def reply(seen: Seen) -> Any:
        if seen.query["code"] == OTHER:
            return {"code": "E1004"}
        return {"code": "200", "rows": [row(1, seen.query["code"])]}

    async with asked(telling(reply), more=ENVELOPE) as (_, made):
        found = await rows(made, ask(subjects=(FIRM, OTHER)))
        assert [each.subject.value for each in found] == [FIRM]
        with pytest.raises(SubjectUnknown):
            await rows(made, ask(subjects=(OTHER,)))


async def test_one_failed_question_fails_the_whole_and_stops_the_others() -> None:
    """A partial answer is never passed off as whole: the error is told and running questions are cancelled."""

    async def mixed(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.query["code"] == FIRM:
            await hang(seen, writer)
        writer.write(raw(b"", "503 Busy"))

    async with asked(mixed) as (server, made):
        with pytest.raises(Unavailable):
            await rows(made, ask(subjects=(FIRM, OTHER)))
        await asyncio.wait_for(server.closed.wait(), 30)


async def test_a_foreign_subjects_row_is_reported_as_it_is() -> None:
    """The connector tells whose row it is; the gateway, which asked, drops what it did not ask for."""
    foreign = telling(lambda seen: {"rows": [row(1, OTHER), row(2, "not a code")]})
    async with asked(foreign) as (_, made):
        (page,) = await pages(made, ask())
    assert [each.subject.value for each in page.rows] == [OTHER]
    assert page.rejected == ["Permit.subject is not a `uscc`"]


async def test_a_persons_rows_are_told_from_a_firms() -> None:
    """A question about a person reads the person's key, and only from rows with the right kind of document."""
    person = {"idNo": PERSON, "idType": "111"}
    reply = telling(lambda seen: {"data": {"list": [row(1, **person), row(2, **{**person, "idType": "414"})]}})
    async with asked(reply, BATCH) as (server, made):
        found = await rows(made, ask("holder", subjects=(PERSON,)))
    assert server.seen[0].query["fields"] == "id,idNo,idType,NAME"
    assert [(each.subject.kind, each.id) for each in found] == [("citizenId", "1")]


async def test_an_old_encoding_may_be_declared() -> None:
    """A platform that still speaks GB18030 is read as such."""
    body = json.dumps({"rows": [row(1, NAME="虚构公司")]}, ensure_ascii=False).encode("gb18030")
    permit = REST_TYPE + "  holder: {path: NAME}\n"
    misread = json.dumps({"rows": [row(1, NAME="中文")]}, ensure_ascii=False).encode()
    async with asked(always(raw(misread)), permit, "    encoding: gb18030\n") as (_, made):
        with pytest.raises(Unavailable, match="not in the declared encoding"):
            await rows(made, ask("holder"))
    async with asked(always(raw(body)), permit, "    encoding: gb18030\n") as (_, made):
        found = await rows(made, ask("holder"))
    assert found[0].values == {"holder": "虚构公司"}


async def test_a_question_without_a_subject_needs_a_request_of_its_own() -> None:
    """Where the declaration has none, the platform is not asked, and says so beforehand."""
    async with asked(telling(lambda seen: {"rows": []})) as (server, made):
        nobody = Fetch("Permit", frozenset({"state"}), (), deadline=Deadline.within(5))
        assert not made.claims()["Permit"].open
        with pytest.raises(BadRequest):
            await pages(made, nobody)
        assert server.seen == []


SEEKING = """\
openRequest: {method: GET, path: /search, query: {cols: "{projection}"}}
filters: {holder: {ops: [contains], params: [keyword]}}
"""


async def test_an_open_question_is_asked_by_its_own_request() -> None:
    """The longest run of Chinese characters travels, which has one spelling only; the rows are whoever's they are."""
    rows = [{"id": "1", "code": FIRM, "state": "1", "who": "示例（青岛）公司"}]
    permit = REST_TYPE.replace("fields:\n", "fields:\n  holder: {path: who}\n") + SEEKING
    async with asked(telling(lambda seen: {"rows": rows}), permit) as (server, made):
        where = (Condition("holder", "contains", ("示例(青岛)公",)),)
        fields = frozenset({"state", "holder"})
        question = Fetch("Permit", fields, (), where, deadline=Deadline.within(5))
        assert made.claims()["Permit"].open
        (page,) = await pages(made, question)
        assert [row.subject.value for row in page.rows] == [FIRM]
        [seen] = server.seen
        assert seen.path == "/base/search"
        assert seen.query == {"cols": "id,code,who,state", "keyword": "示例"}
