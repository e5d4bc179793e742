"""Weihai's platform, a SOAP 1.1 service as cities have them: a message inside a text, everything in GB18030.

It follows its own WSDL, which it gives at `?wsdl`, believes a username token once, answers a question that it
cannot read with a fault under HTTP 200, and one that it will not answer with a code inside the message. Keys are in
upper case in `exchange` and in lower case in `query`. Run by the province: `python -m deploy.demo.servers.weihai`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.demo.servers import leash, web
from deploy.demo.servers.rehearsal import Rehearsal

BATCH = 5  # codes in one question
FRESH = timedelta(minutes=5)  # how old a token may be
ENCODING = "GB18030"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OURS = "urn:weihai:demo:exchange"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
KEYS: dict[str, Callable[[str], str]] = {"exchange": str.upper, "query": str.lower}


class Fault(Exception):
    """A question that is no question; `code` is the fault's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Refused(Exception):
    """A question that this platform does not answer; `code` goes into the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Gate:
    """Believes each username token once, while it is fresh: a digest of nonce, time and password."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._seen: deque[bytes] = deque(maxlen=100_000)
        self._known: set[bytes] = set()

    def check(self, envelope: Any) -> None:
        """Raises Fault, without saying what was wrong."""
        token = envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        try:
            nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce"), validate=True)
            created = token.findtext(f"{{{WSU}}}Created")
            age = datetime.now(UTC) - datetime.fromisoformat(created)
            digest = hashlib.sha1(nonce + created.encode() + self._password.encode())  # noqa: S324  # the profile's own
            expected = base64.b64encode(digest.digest()).decode()
            named = hmac.compare_digest(token.findtext(f"{{{WSSE}}}Username").encode(), self._user.encode())
            proven = hmac.compare_digest(token.findtext(f"{{{WSSE}}}Password").encode(), expected.encode())
        except (AttributeError, TypeError, ValueError):
            raise Fault("wsse:InvalidSecurity", "安全头错误") from None
        if not (named and proven and abs(age) < FRESH and nonce not in self._known):
            raise Fault("wsse:FailedAuthentication", "认证失败")
        if len(self._seen) == self._seen.maxlen:
            self._known.discard(self._seen.popleft())
        self._seen.append(nonce)
        self._known.add(nonce)


def application(settings: dict[str, Any]) -> Starlette:
    """The service for the rows in the file `settings["rows"]`, by item; `user` and `password` must be proven."""
    tables: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for item, rows in json.loads(Path(settings["rows"]).read_text("utf-8")).items():
        table = tables.setdefault(item, {})
        for row in rows:
            table.setdefault(row["code"], []).append(row)
    description = Path(settings["wsdl"]).read_bytes()
    gate, rehearsal = Gate(settings["user"], settings["password"]), Rehearsal()

    async def asked(request: Request) -> Response:
        try:
            envelope = read(await request.body())
            if envelope.tag != f"{{{SOAP}}}Envelope":
                raise Fault("soap:VersionMismatch", "不是SOAP 1.1消息")
            gate.check(envelope)
            operation, message = question(envelope)
            return reply(f"{{{OURS}}}{operation}Response", answer(tables, message, KEYS[operation]))
        except Fault as fault:
            return failed(fault)

    async def described(request: Request) -> Response:
        here = str(request.base_url).encode()
        return Response(description.replace(b"http://weihai.demo.example/", here), media_type="text/xml")

    routes = [Route("/", rehearsal.watch(asked), methods=["POST"]), Route("/", described, methods=["GET"])]
    return Starlette(routes=[*routes, *rehearsal.routes()])


def read(text: bytes | str) -> Any:
    """XML without a document type. Raises Fault."""
    raw = text.encode() if isinstance(text, str) else text
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        if b"<!DOCTYPE" in raw:
            raise Fault("soap:Client", "消息不得含有DTD")
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Fault("soap:Client", "消息不是XML") from None


def question(envelope: Any) -> tuple[str, Any]:
    """The operation and the message inside its only parameter. Raises Fault."""
    body = envelope.find(f"{{{SOAP}}}Body")
    called = [etree.QName(child) for child in body] if body is not None else []
    if len(called) != 1 or called[0].namespace != OURS or called[0].localname not in KEYS:
        raise Fault("soap:Client", "无此操作")
    text = body[0].findtext("paramsXml")
    message = read(text or "")
    if message.tag != "ExchangeMessage":
        raise Fault("soap:Client", "不是交换消息")
    return called[0].localname, message


def answer(tables: dict[str, dict[str, list[dict[str, Any]]]], message: Any, key: Callable[[str], str]) -> str:
    """The message that answers a message: one `fields` for each row, a code that is not 0 when it is refused."""
    root = etree.Element("ExchangeMessage")
    header, body = etree.SubElement(root, "Header"), etree.SubElement(root, "Body")
    try:
        rows, code, said = found(tables, message), "0", "成功"
        etree.SubElement(body, "total").text = str(len(rows))
    except Refused as refused:
        rows, code, said = [], refused.code, str(refused)
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    told = {"sender": "371000", "receiver": message.findtext("Header/sender"), "securityType": "1", "code": code}
    for name, text in {**told, "message": said, "time": f"{now:%Y-%m-%d %H:%M:%S}"}.items():
        etree.SubElement(header, name).text = text
    columns = {name.upper() for name in (message.findtext("Body/columns") or "").split(",") if name}
    for row in rows:
        fields = etree.SubElement(body, "fields")
        for name, cell in row["cells"].items():
            if not columns or name.upper() in columns:
                etree.SubElement(fields, key(name)).text = None if cell is None else str(cell)
    return f'<?xml version="1.0" encoding="{ENCODING}"?>' + str(etree.tostring(root, encoding="unicode"))


def found(tables: dict[str, dict[str, list[dict[str, Any]]]], message: Any) -> list[dict[str, Any]]:
    """The rows of exactly these codes, decided within these days. Raises Refused."""
    sender, item = message.findtext("Header/sender") or "", message.findtext("Header/item")
    if not re.fullmatch("[0-9]{6}", sender) or message.findtext("Header/securityType") != "1":
        raise Refused("1001", "消息头错误")
    if item not in tables:
        raise Refused("1002", "无此事项")
    codes = [code for code in (message.findtext("Body/codes") or "").split(";") if code]
    if not 0 < len(codes) <= BATCH:
        raise Refused("1003", f"代码须为1至{BATCH}个")
    since, until = _day(message, "jdrqq"), _day(message, "jdrqz")
    rows = [row for code in codes for row in tables[item].get(code, ())]
    return [row for row in rows if (not since or row["day"] >= since) and (not until or row["day"] <= until)]


def _day(message: Any, name: str) -> str:
    text = message.findtext(f"Body/{name}") or ""
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refused("1004", "日期格式应为YYYY-MM-DD") from None


def reply(name: str, text: str) -> Response:
    """An envelope with one element that holds one text."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    element = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), name)
    etree.SubElement(element, "return").text = text
    return _sent(envelope)


def failed(fault: Fault) -> Response:
    """A fault under HTTP 200, which SOAP 1.1 forbids and many services do."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "wsse": WSSE})
    element = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = fault.code
    etree.SubElement(element, "faultstring").text = str(fault)
    return _sent(envelope)


def _sent(envelope: Any) -> Response:
    body = etree.tostring(envelope, encoding=ENCODING, xml_declaration=True)
    return Response(body, media_type=f"text/xml; charset={ENCODING}")


if __name__ == "__main__":
    given = leash.settings()
    web.serve(application(given), web.open_socket("127.0.0.1", int(given.get("port", 0))))
