"""Kind `soap` against a real HTTP server: what is asked, how it is read, and what becomes of faults."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connectors.contract import (
    AuthFailed,
    BadRequest,
    Condition,
    Connector,
    ConnectorError,
    ContractBroken,
    Denied,
    Maintenance,
    RateLimited,
    SubjectUnknown,
    TimedOut,
    Unavailable,
)
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw
from tests.edges.described import SOAP12, SOAP_SOURCE, SOAP_TYPE, described, enveloped, exchanged, fault, found, xml
from tests.edges.invented import FIRM, OTHER, PERSON, THIRD, ask, connector, in_use, pages, rows

FIELDS = """\
key: [id]
subject:
  uscc: {path: code}
  citizenId: {path: idNo, where: {path: idNo.@type, is: "111"}}
null: ["无", "\\\\N"]
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {path: NAME}
  decided: {path: day, date: ["%Y-%m-%d", "%Y%m%d"]}
  fine: {path: money.fine, unit: {from: yuan, to: wan}, number: text}
  kinds: {path: kind, vocabulary: {"罚款": FINE, "警告": WARNING}}
"""
BATCH = (
    'call: {operation: find}\ninput: {sysId: "env:SYSTEM", code: "{subjects}", fields: "{projection}"}\n'
    "rows: list.row\ntotal: total\nbatch: 2\n"
    'filters: {decided: {ops: [range], params: [from, to], date: "%Y%m%d"}, state: {ops: [eq], params: [state]}}\n'
    'asOf: {path: at, timestamp: "%Y-%m-%d %H:%M:%S"}\n'
) + FIELDS
EXCHANGE = (
    'call: {operation: exchange, join: ";"}\n'
    'input: {paramsXml: {xml: {Query: {"@version": "2", Header: {sender: "370000"}, Body: {codes: "{subjects}"}}}}}\n'
    "embedded: {path: return, rows: ExchangeMessage.Body.fields}\n"
    "filters: {state: {ops: [eq], params: [paramsXml.Query.Body.state]}}\nbatch: 5\n"
) + FIELDS
PAGED = (
    'call: {operation: find}\ninput: {sysId: "S1", code: "{subject}", page: {}}\nrows: list.row\n'
    "page: {number: page.number, size: page.size, rows: 3}\n"
) + FIELDS
SETTINGS = {"env:SYSTEM": "S<1>&", "env:USER": "gateway", "env:PASSWORD": "geheim&1"}
TOLD = (
    '    success: {path: ExchangeMessage.Header.code, is: ["0"]}\n'
    "    faults: {E1004: SubjectUnknown, E9: Maintenance, Server.Busy: RateLimited, Server: Denied, "
    'Refused: Denied, "429": Maintenance}\n'
)
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"


@asynccontextmanager
async def asked(
    behaviour: Behaviour, permit: str = SOAP_TYPE, more: str = "", path: str = "/ws/permits"
) -> AsyncIterator[tuple[Server, Connector]]:
    async with Server(behaviour) as server:
        made = connector(described(SOAP_SOURCE + more, permit))
        async with in_use(made, {"env:ENDPOINT": server.base + path, **SETTINGS}):
            yield server, made


def row(number: int, code: str = FIRM, more: str = "") -> str:
    return f"<id>{number}</id><code>{code}</code><state>1</state>{more}"


def message(*rows_: str, code: str = "0") -> str:
    """A document such as travels inside a text."""
    fields = "".join(f"<fields>{each}</fields>" for each in rows_)
    header = f"<Header><securityType>1</securityType><code>{code}</code></Header>"
    return f'<?xml version="1.0" encoding="GB18030"?><ExchangeMessage>{header}<Body>{fields}</Body></ExchangeMessage>'


def replying(reply: Callable[[Seen], str], encoding: str = "utf-8") -> Behaviour:
    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(xml(reply(seen), encoding=encoding))

    return behave


def sent(seen: Seen) -> Any:
    """The first element inside the body of a question."""
    return etree.fromstring(seen.body)[-1][0]


def texts(element: Any) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for child in element.iter():
        if len(child) == 0 and child.text:
            held.setdefault(etree.QName(child).localname, []).append(child.text)
    return held


async def test_a_batch_asks_for_needed_names_and_maps_what_comes() -> None:
    """Subjects are elements, the projection is in the platform's own names, and rows come in catalogue words."""
    money = "<money><fine>罚款2,000元</fine></money>"
    first = row(1, more=f"<NAME> 甲（青岛） </NAME><day>2019-01-01</day>{money}<kind>罚款</kind>")
    kinds = "<kind>罚款</kind><kind>警告</kind>"
    second = f"<x:ID xmlns:x='urn:x'>2</x:ID><CODE>{OTHER.lower()}</CODE><STATE>2</STATE><name>无</name>{kinds}"
    answer = found(first, second, beside="<at>2026-11-24 08:00:00</at><total>2</total>")
    async with asked(always(xml(answer)), BATCH) as (server, made):
        (page,) = await pages(made, ask("holder", "decided", "fine", "kinds", subjects=(FIRM, OTHER)))
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/ws/permits")
    assert texts(sent(seen)) == {
        "sysId": ["S<1>&"],
        "code": [FIRM, OTHER],
        "fields": ["id,code,NAME,day,money,kind"],
    }
    one, two = page.rows
    assert one.values == {
        "holder": "甲（青岛）",
        "decided": date(2019, 1, 1),
        "fine": Decimal("0.2"),
        "kinds": ("FINE",),
    }
    assert (two.id, two.subject.value) == ("2", OTHER)
    assert (two.values["holder"], two.values["kinds"]) == (None, ("FINE", "WARNING"))
    assert page.as_of == datetime(2026, 11, 24, tzinfo=UTC)
    assert not page.truncated


@pytest.mark.parametrize(
    ("words", "namespace", "headers"),
    [
        ("{operation: find}", None, {"content-type": "text/xml; charset=utf-8", "soapaction": '"urn:find"'}),
        (
            "{operation: find, service: PermitService, port: Soap12}",
            SOAP12,
            {"content-type": 'application/soap+xml; charset=utf-8; action="urn:find"'},
        ),
    ],
)
async def test_both_versions_of_soap_are_spoken(words: str, namespace: str | None, headers: dict[str, str]) -> None:
    """The port decides the version: the envelope and the headers of SOAP 1.1 or of 1.2."""
    answer = (
        found(row(1))
        if namespace is None
        else found(row(1)).replace("http://schemas.xmlsoap.org/soap/envelope/", namespace)
    )
    async with asked(always(xml(answer)), SOAP_TYPE.replace("{operation: find}", words)) as (server, made):
        assert len(await rows(made, ask())) == 1
    (seen,) = server.seen
    assert {name: seen.headers.get(name) for name in headers} == headers
    if namespace is not None:
        assert etree.QName(etree.fromstring(seen.body)).namespace == namespace


async def test_an_operation_of_the_old_style_is_asked_as_well() -> None:
    """RPC with encoding, as old services have it: types written on every element change nothing."""
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    inside = f'<result {xsi}><row><id xsi:type="x:int">1</id><code>{FIRM}</code><state xsi:nil="true"/></row></result>'
    answer = enveloped(f'<o:oldResponse xmlns:o="urn:invented:old">{inside}</o:oldResponse>')
    permit = (
        SOAP_TYPE.replace("operation: find", "operation: old")
        .replace('sysId: "S1", ', "")
        .replace("list.row", "result.row")
    )
    async with asked(always(xml(answer)), permit) as (server, made):
        (only,) = await rows(made, ask())
    assert only.values == {"state": None}
    assert etree.QName(sent(server.seen[0])).text == "{urn:invented:old}old"


async def test_rows_in_a_document_inside_a_text_are_read() -> None:
    """The question's own document is written as XML, and the rows of the answer's are found in either letter case."""
    upper = f"<ID>1</ID><CODE>{FIRM}</CODE><STATE>1</STATE><name>甲&amp;乙 &lt;厂&gt;</name>"
    answer = exchanged(message(upper, row(2)).replace("gb18030", "utf-8"))
    async with asked(always(xml(answer)), EXCHANGE, TOLD) as (server, made):
        where = (Condition("state", "eq", ("ACTIVE",)),)
        mapped = await rows(made, ask("state", "holder", subjects=(FIRM, OTHER), where=where))
    assert [(each.id, each.values["state"]) for each in mapped] == [("1", "ACTIVE"), ("2", "ACTIVE")]
    assert mapped[0].values["holder"] == "甲&乙 <厂>"
    document = etree.fromstring(texts(sent(server.seen[0]))["paramsXml"][0])
    assert (document.tag, document.get("version")) == ("Query", "2")
    assert texts(document) == {"sender": ["370000"], "codes": [f"{FIRM};{OTHER}"], "state": ["1"]}


async def test_an_old_encoding_may_be_declared_for_both_envelope_and_document() -> None:
    """Answers in GB18030 are read as such, and a document as base64 in the encoding declared for it."""
    inner = base64.b64encode(message(row(1, more="<name>虚构㐂公司</name>")).encode("gb18030")).decode()
    permit = EXCHANGE.replace("rows: Exch", "encoding: gb18030, rows: Exch")
    whole = '<?xml version="1.0" encoding="GB2312"?>' + exchanged(inner)
    async with asked(always(xml(whole, encoding="gb18030")), permit, "    encoding: gb18030\n") as (_, made):
        (only,) = await rows(made, ask("holder"))
    plain = found(row(1, more="<NAME>中文</NAME>"), beside="<total>1</total>")
    async with asked(always(xml(plain)), BATCH, "    encoding: gb18030\n") as (_, made):
        with pytest.raises(Unavailable, match="not in the declared encoding"):
            await rows(made, ask("holder"))
    assert only.values == {"holder": "虚构㐂公司"}


EXCHANGED = (
    "call: {operation: exchange}\n"
    'input: {paramsXml: {xml: {ExchangeMessage: {Header: {sender: "370600", receiver: "370000", cc: "", flow: "1", '
    'sn: "{subject}", securityType: "1", operator: env:USER, password: env:PASSWORD}, '
    'Body: {fields: {CF_XDR_SHXYM: "{subject}", columns: "{projection}"}}}}}}\n'
    "embedded: {path: return, rows: ExchangeMessage.Body.fields}\n"
    "key: [XK_WSH]\nsubject: {uscc: {path: CF_XDR_SHXYM}}\nfields:\n"
    '  state: {path: ZT, vocabulary: {"1": ACTIVE}}\n  holder: {path: CF_XDR_MC}\n'
)


async def test_an_exchange_message_is_sent_and_read() -> None:
    """A message with header and body travels as a text, there and back; credentials in its header are references, and
    the names of its fields are in capitals in one row and in small letters in the next, of one platform."""
    upper = (
        f"<XK_WSH>甲〔2019〕1号</XK_WSH><CF_XDR_SHXYM>{FIRM}</CF_XDR_SHXYM><ZT>1</ZT><CF_XDR_MC>虚构㐀公司</CF_XDR_MC>"
    )
    lower = f"<xk_wsh>2</xk_wsh><cf_xdr_shxym>{FIRM}</cf_xdr_shxym><zt>1</zt><cf_xdr_mc>乙</cf_xdr_mc>"
    answer = exchanged(message(upper, lower))
    async with asked(always(xml(answer, encoding="gb18030")), EXCHANGED, "    encoding: gb18030\n") as (server, made):
        found_ = await rows(made, ask("holder"))
    assert [(each.id, each.values["holder"]) for each in found_] == [("甲〔2019〕1号", "虚构㐀公司"), ("2", "乙")]
    document = etree.fromstring(texts(sent(server.seen[0]))["paramsXml"][0])
    header = {child.tag: child.text for child in document.find("Header")}
    assert document.tag == "ExchangeMessage"
    assert (header["sender"], header["receiver"]) == ("370600", "370000")
    assert (header["operator"], header["password"], header["sn"]) == ("gateway", "geheim&1", FIRM)
    assert document.findtext("Body/fields/columns") == "XK_WSH,CF_XDR_SHXYM,CF_XDR_MC"


async def test_several_documents_inside_one_answer_are_all_read() -> None:
    """Where each item of an answer holds a document of its own, the rows of all are taken together."""
    items = "".join(
        f"<item><payload><![CDATA[<SET><ROW>{row(number)}</ROW></SET>]]></payload></item>" for number in (1, 2)
    )
    permit = SOAP_TYPE.replace("rows: list.row", "rows: item\nembedded: {path: payload, rows: SET.ROW}")
    async with asked(always(xml(enveloped(f"<findResponse>{items}</findResponse>"))), permit) as (_, made):
        assert [each.id for each in await rows(made, ask())] == ["1", "2"]


@pytest.mark.parametrize("digest", [True, False])
async def test_credentials_are_a_username_token(digest: bool) -> None:
    """WSS UsernameToken Profile 1.1: a digest of nonce, time and password, new for each question, or the password."""
    auth = f"    auth: {{kind: wsseUsername, user: env:USER, password: env:PASSWORD, digest: {str(digest).lower()}}}\n"
    async with asked(always(xml(found(row(1)))), more=auth) as (server, made):
        await rows(made, ask())
        await rows(made, ask())
    nonces = set()
    for seen in server.seen:
        token = etree.fromstring(seen.body).find(f".//{WSSE}UsernameToken")
        assert token.findtext(f"{WSSE}Username") == "gateway"
        password = token.find(f"{WSSE}Password")
        if not digest:
            assert (password.text, password.get("Type").rpartition("#")[2]) == ("geheim&1", "PasswordText")
            continue
        nonce, created = base64.b64decode(token.findtext(f"{WSSE}Nonce")), token.findtext(f"{WSU}Created")
        expected = base64.b64encode(hashlib.sha1(nonce + created.encode() + b"geheim&1").digest()).decode()
        assert (password.text, password.get("Type").rpartition("#")[2]) == (expected, "PasswordDigest")
        assert created == "2026-11-24T00:00:00Z"
        assert b"geheim" not in seen.body
        nonces.add(nonce)
    assert len(nonces) == (2 if digest else 0)


async def test_credentials_of_http_go_into_headers() -> None:
    """A SOAP service may ask for them where any other does; the envelope then holds none."""
    more = "    auth: {kind: basic, user: env:USER, password: env:PASSWORD}\n    headers: {X-App: invented}\n"
    async with asked(replying(lambda seen: found(row(1))), more=more) as (server, made):
        assert len(await rows(made, ask())) == 1
    (seen,) = server.seen
    assert seen.headers["authorization"] == "Basic " + base64.b64encode(b"gateway:geheim&1").decode()
    assert (seen.headers["x-app"], seen.headers["content-type"]) == ("invented", "text/xml; charset=utf-8")
    assert b"geheim" not in seen.body


async def test_batches_are_as_large_as_declared() -> None:
    """Three subjects in batches of two are two questions; every subject is asked for once."""
    async with asked(always(xml(found(beside="<total>0</total>"))), BATCH) as (server, made):
        assert await rows(made, ask(subjects=(FIRM, OTHER, THIRD))) == []
    assert sorted(texts(sent(seen))["code"] for seen in server.seen) == sorted([[FIRM, OTHER], [THIRD]])


async def test_declared_filters_become_elements() -> None:
    """A range becomes two elements in the platform's format; what is not declared is our own fault and not asked."""
    where = (Condition("decided", "range", (date(2020, 1, 2), None)), Condition("state", "eq", ("REVOKED",)))
    async with asked(always(xml(found(beside="<total>0</total>"))), BATCH) as (server, made):
        await rows(made, ask(where=where))
        held = texts(sent(server.seen[0]))
        assert (held["from"], held["state"], held.get("to")) == (["20200102"], ["2"], None)
        with pytest.raises(BadRequest):
            await rows(made, ask(where=(Condition("holder", "eq", ("甲",)),)))
        assert len(server.seen) == 1


@pytest.mark.parametrize("permit", [SOAP_TYPE, EXCHANGE], ids=["element", "document"])
async def test_a_subject_is_never_syntax(permit: str) -> None:
    """Signs of XML arrive as the text that they are; a separator or a control character is refused unasked."""
    evil = '</code><code>]]>"&#38<!--{subject}'
    empty = found() if permit == SOAP_TYPE else exchanged(message())
    async with asked(always(xml(empty)), permit) as (server, made):
        await rows(made, ask(subjects=(evil,)))
        inside = sent(server.seen[0])
        if permit == EXCHANGE:
            inside = etree.fromstring(texts(inside)["paramsXml"][0])
        assert evil in [value for held in texts(inside).values() for value in held]
        with pytest.raises(BadRequest):
            await rows(made, ask(subjects=("a\x01b",)))
        assert len(server.seen) == 1
    async with asked(always(xml(exchanged(message()))), EXCHANGE) as (server, made):
        with pytest.raises(BadRequest):
            await rows(made, ask(subjects=(f"{FIRM};{OTHER}",)))
        assert server.seen == []


async def test_pages_are_read_to_the_end() -> None:
    """Page number and size are places in the message; an empty page is the end, and the limit cuts with a mark."""

    def reply(seen: Seen) -> str:
        number = int(texts(sent(seen))["number"][0])
        return found(*[row(each) for each in range(7)][(number - 1) * 3 : number * 3])

    async with asked(replying(reply), PAGED) as (server, made):
        (page,) = await pages(made, ask())
        assert ([each.id for each in page.rows], page.truncated) == ([str(each) for each in range(7)], False)
        assert [texts(sent(seen))["size"] for seen in server.seen] == [["3"]] * 4
        (page,) = await pages(made, ask(limit=5))
        assert (len(page.rows), page.truncated) == (5, True)


async def test_fewer_rows_than_the_platform_counts_are_told() -> None:
    """A total above the rows that came is a truncated answer, and so are more rows than allowed."""
    async with asked(always(xml(found(row(1), beside="<total>3</total>"))), BATCH) as (_, made):
        (page,) = await pages(made, ask())
        assert (len(page.rows), page.truncated) == (1, True)
    async with asked(always(xml(found(*[row(number) for number in range(4)])))) as (_, made):
        (page,) = await pages(made, ask(limit=3))
        assert (len(page.rows), page.truncated) == (3, True)


async def test_an_empty_element_with_attributes_is_nothing_and_several_are_a_list() -> None:
    """`<NAME type="text"/>` holds nothing; an amount that lies in two elements is not taken for none."""
    empty, twice = '<NAME type="text"/><money><fine xsd="x"/></money>', "<money><fine>1</fine></money>" * 2
    rows_ = found(row(1, more=empty), row(2, more=twice), beside="<total>2</total>")
    async with asked(always(xml(rows_)), BATCH) as (_, made):
        (page,) = await pages(made, ask("holder", "fine"))
    assert [(each.id, each.values) for each in page.rows] == [("1", {"holder": None, "fine": None})]
    assert page.rejected == ["Permit.fine is not a single value"]


async def test_a_section_of_characters_without_any_is_nothing() -> None:
    """Services that put every value into CDATA do so with none at all too: it is unknown, and identifies no row."""
    nothing = "<![CDATA[]]>"
    empty = f"<NAME>{nothing}</NAME><day>{nothing}</day><money><fine>{nothing}</fine></money>"
    unnamed = row(2).replace("<id>2</id>", f"<id>{nothing}</id>")
    answer = found(row(1, more=empty), unnamed, beside="<total>2</total>")
    async with asked(always(xml(answer)), BATCH) as (_, made):
        (page,) = await pages(made, ask("holder", "decided", "fine"))
    assert [(each.id, each.values) for each in page.rows] == [("1", {"holder": None, "decided": None, "fine": None})]
    assert page.rejected == ["Permit.key is empty in part, and identifies the row"]


async def test_rows_that_do_not_map_are_told_and_too_many_are_a_changed_platform() -> None:
    """A few bad rows are reasons without values; a platform most of whose rows are strange has changed."""
    bad = f"<id>9</id><code>{FIRM}</code><state>hunter2</state>"
    async with asked(always(xml(found(row(1), bad)))) as (_, made):
        (page,) = await pages(made, ask())
    assert page.rejected == ["Permit.state has a code that the vocabulary does not know"]
    async with asked(always(xml(found(*[bad] * 4, row(1))))) as (_, made):
        with pytest.raises(ContractBroken):
            await pages(made, ask())


async def test_a_persons_rows_are_told_from_a_firms() -> None:
    """A question about a person reads the person's key, and an attribute of it says of which kind it is."""
    mine, other = (
        row(number, "", f'<idNo type="{kind}"> {PERSON}</idNo>') for number, kind in ((1, "111"), (2, "414"))
    )
    async with asked(always(xml(found(mine, other, beside="<total>2</total>"))), BATCH) as (_, made):
        (page,) = await pages(made, ask(subjects=(PERSON,)))
    assert [(each.subject.kind, each.id) for each in page.rows] == [("citizenId", "1")]
    assert page.rejected == ["Permit.subject is not a `citizenId`"]


NONE = found(beside="<total>0</total>")
NOTHING: list[tuple[str, str, str, bool]] = [
    ("an empty element around the rows", SOAP_TYPE, found(), True),
    ("leaves beside, a message in words", SOAP_TYPE, found().replace("<list>", "<list><msg>无记录</msg>"), True),
    ("an empty row, as some write it", SOAP_TYPE, found(""), True),
    ("no element around the rows", SOAP_TYPE, enveloped("<findResponse/>"), False),
    ("a renamed row", SOAP_TYPE, found(row(1)).replace("row>", "item>"), False),
    ("another part, but the platform counts none", BATCH, NONE.replace("<list>", "<list><h><x/></h>"), True),
    ("no total where one is declared", BATCH, found(row(1)), False),
    ("a total in words", BATCH, found(row(1), beside="<total>无</total>"), False),
    ("a row that is a text", SOAP_TYPE, found("text"), False),
    ("another answer", SOAP_TYPE, enveloped("<exchangeResponse><list/></exchangeResponse>"), False),
    ("an empty body", SOAP_TYPE, enveloped(""), False),
    ("another document inside", EXCHANGE, exchanged("<error><text>x</text></error>"), False),
    ("no document inside", EXCHANGE, enveloped("<exchangeResponse><return/></exchangeResponse>"), False),
    ("no rows in the document", EXCHANGE, exchanged(message()), True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("permit", "answer", "empty"), [case[1:] for case in NOTHING], ids=[case[0] for case in NOTHING]
)
async def test_no_rows_are_believed_only_where_nothing_else_stands(permit: str, answer: str, empty: bool) -> None:
    """An answer without rows is empty when its frame says so; a frame that changed is a broken contract."""
    async with asked(always(xml(answer)), permit) as (_, made):
        if empty:
            assert await rows(made, ask()) == []
        else:
            with pytest.raises(ContractBroken):
                await rows(made, ask())


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
PAGE = "<html>hunter2</html>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
BUSY12 = (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>x:Server.Busy</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>hunter2</s:Text></s:Reason></s:Fault>"
)
ERRORS: list[tuple[str, str, Behaviour, type[ConnectorError]]] = [
    ("a fault with 500", SOAP_TYPE, always(fault("s:Receiver")), Unavailable),
    ("a fault with 200", SOAP_TYPE, always(fault("soap:Server", "200 OK")), Denied),
    ("a fault that is declared", SOAP_TYPE, always(fault("x:Refused", "200 OK")), Denied),
    ("a kind of a fault that is declared", SOAP_TYPE, always(fault("soap:Server.Busy.Often")), RateLimited),
    ("a fault that blames us", SOAP_TYPE, always(fault("soap:Client")), BadRequest),
    ("a fault about our credentials", SOAP_TYPE, always(fault("wsse:FailedAuthentication")), AuthFailed),
    ("a fault of another version", SOAP_TYPE, always(fault("s:VersionMismatch")), ContractBroken),
    ("a fault that nobody knows", SOAP_TYPE, always(fault("E42", "200 OK")), Unavailable),
    ("a fault without a code", SOAP_TYPE, always(xml(enveloped("<s:Fault/>"))), Unavailable),
    ("a fault of SOAP 1.2", SOAP_TYPE, always(xml(enveloped(BUSY12, SOAP12), "500 Oops")), RateLimited),
    ("a declared code inside a document", EXCHANGE, always(xml(exchanged(message(code="E9")))), Maintenance),
    ("an unknown subject", EXCHANGE, always(xml(exchanged(message(code=" E1004 ")))), SubjectUnknown),
    ("an unknown code inside a document", EXCHANGE, always(xml(exchanged(message(code="hunter2")))), Unavailable),
    ("no code where one is declared", EXCHANGE, always(xml(exchanged("<ExchangeMessage/>"))), Unavailable),
    ("words instead of a document", EXCHANGE, always(xml(exchanged("系统繁忙 hunter2"))), Unavailable),
    ("half of a document", EXCHANGE, always(xml(exchanged(message(row(1))[:-30]))), Unavailable),
    ("a document with a document type", EXCHANGE, always(xml(exchanged(OUTSIDE + "<x>&e;</x>"))), ContractBroken),
    ("a document of forty levels", EXCHANGE, always(xml(exchanged("<a>" * 40 + "</a>" * 40))), ContractBroken),
    ("401", SOAP_TYPE, always(raw(b"hunter2", "401 Unauthorized")), AuthFailed),
    ("403", SOAP_TYPE, always(raw(b"hunter2", "403 Forbidden")), Denied),
    ("415", SOAP_TYPE, always(raw(b"hunter2", "415 Media")), BadRequest),
    ("a status that is declared", SOAP_TYPE, always(raw(b"hunter2", "429 Slow")), Maintenance),
    ("503", SOAP_TYPE, always(raw(b"hunter2", "503 Busy")), Unavailable),
    ("202 without a body", SOAP_TYPE, always(raw(b"", "202 Accepted")), Unavailable),
    ("a page with 502", SOAP_TYPE, always(xml(PAGE, "502 Bad", content_type="text/html")), Unavailable),
    ("a page with 200", SOAP_TYPE, always(xml(PAGE, content_type="text/html")), Unavailable),
    ("a page that says it is XML", SOAP_TYPE, always(xml("\n<!DOCTYPE html><html>hunter2</html>")), Unavailable),
    ("another XML", SOAP_TYPE, always(xml("<error>hunter2</error>")), Unavailable),
    ("JSON", SOAP_TYPE, always(raw(b'{"code": 200}')), Unavailable),
    ("half of an envelope", SOAP_TYPE, always(xml(found(row(1))[:-20])), Unavailable),
    ("two envelopes", SOAP_TYPE, always(xml(found(row(1)) * 2)), Unavailable),
    ("another encoding", SOAP_TYPE, always(xml(found(row(1, more="<n>虚构</n>")), encoding="gb18030")), Unavailable),
    ("UTF-16", SOAP_TYPE, always(xml(found(row(1)), encoding="utf-16")), Unavailable),
    ("a control character", SOAP_TYPE, always(xml(found(row(1, more="<n>&#1;</n>")))), Unavailable),
    ("an entity without a declaration", SOAP_TYPE, always(xml(found(row(1, more="<n>&hunter2;</n>")))), Unavailable),
    ("entities that unfold", SOAP_TYPE, always(xml(BOMB + found(row(1, more="<n>&d;</n>")))), ContractBroken),
    ("an entity from outside", SOAP_TYPE, always(xml(OUTSIDE + found(row(1, more="<n>&e;</n>")))), ContractBroken),
    ("a document type", SOAP_TYPE, always(xml('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x">' + found())), ContractBroken),
    ("forty levels", SOAP_TYPE, always(xml(found("<a>" * 40 + "</a>" * 40))), ContractBroken),
    ("ten thousand levels", SOAP_TYPE, always(xml(found("<a>" * 4_000 + "</a>" * 4_000))), Unavailable),
    ("too many bytes", SOAP_TYPE, always(xml(found(row(1, more="<n>" + "y" * 70_000 + "</n>")))), ContractBroken),
    ("silence", SOAP_TYPE, hang, TimedOut),
]  # fmt: skip


@pytest.mark.parametrize(
    ("permit", "behaviour", "error"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
async def test_faults_are_errors_of_the_contract(
    permit: str, behaviour: Behaviour, error: type[ConnectorError]
) -> None:
    """Every way to fail is one error of the tree, and no upstream text or subject is in its message."""
    more = TOLD if permit == EXCHANGE else TOLD.partition("\n")[2]
    async with asked(behaviour, permit, more) as (_, made):
        with pytest.raises(error) as caught:
            await rows(made, ask(seconds=0.5 if error is TimedOut else 30.0))
    assert type(caught.value) is error
    assert "hunter2" not in str(caught.value)
    assert FIRM not in str(caught.value)


async def test_any_other_code_may_be_declared() -> None:
    """`*` stands for every code that is neither declared nor defined by the standards."""
    more = '    faults: {"*": Maintenance}\n'
    for code, error in (("s:Client", Maintenance), ("E42", Maintenance), ("wsse:InvalidSecurity", AuthFailed)):
        async with asked(always(fault(code)), more=more) as (_, made):
            with pytest.raises(error):
                await rows(made, ask())


async def test_one_unknown_subject_does_not_hide_the_others() -> None:
    """In single questions an unknown subject has no rows; only when all are unknown is that the answer."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        unknown = texts(sent(seen))["code"] == [OTHER]
        writer.write(fault("E1004", "200 OK") if unknown else xml(found(row(1))))

    async with asked(behave, more=TOLD.partition("\n")[2]) as (_, made):
        assert [each.subject.value for each in await rows(made, ask(subjects=(FIRM, OTHER)))] == [FIRM]
        with pytest.raises(SubjectUnknown):
            await rows(made, ask(subjects=(OTHER,)))


async def test_one_failed_question_fails_the_whole_and_stops_the_others() -> None:
    """A partial answer is never passed off as whole: the error is told and running questions are cancelled."""

    async def mixed(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if texts(sent(seen))["code"] == [FIRM]:
            await hang(seen, writer)
        writer.write(raw(b"", "503 Busy"))

    async with asked(mixed) as (server, made):
        with pytest.raises(Unavailable):
            await rows(made, ask(subjects=(FIRM, OTHER)))
        await asyncio.wait_for(server.closed.wait(), 30)


async def test_the_address_in_the_wsdl_is_never_asked() -> None:
    """Questions go to the declared endpoint, path and all, whatever the description says."""
    async with asked(always(xml(found(row(1)))), path="/Permits.asmx/") as (server, made):
        assert len(await rows(made, ask())) == 1
    assert server.seen[0].target == "/Permits.asmx/"


async def test_a_question_about_nobody_asks_nothing() -> None:
    """Without a subject there is no question."""
    async with asked(always(xml(found()))) as (server, made):
        assert await pages(made, ask(subjects=())) == []
        assert server.seen == []


def test_the_library_is_loaded_for_soap_alone() -> None:
    """A gateway without SOAP sources does not pay for reading WSDLs: only a declaration of the kind loads it."""
    code = (
        "import sys, connectors.registry; assert 'zeep' not in sys.modules;"
        "from tests.edges.described import described; described(); assert 'zeep' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
