"""Weihai's platform of the demo: a SOAP service with the manners of cities, asked as nobody's connector would."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import httpx2
import pytest
from lxml import etree

from deploy.demo.generator import WEIHAI
from deploy.demo.province import DECLARATIONS, Province, start

TOKEN = """<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
 xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><wsse:UsernameToken>
<wsse:Username>{user}</wsse:Username><wsse:Password>{digest}</wsse:Password><wsse:Nonce>{nonce}</wsse:Nonce>
<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"""


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 3, 60) as running:
        yield running


class City:
    """Weihai's service, spoken to by hand."""

    def __init__(self, province: Province) -> None:
        environment = province.environment
        self.url, self.user = environment["WEIHAI_ENDPOINT"], environment["WEIHAI_USER"]
        self.password = environment["WEIHAI_PASSWORD"]
        self.client = httpx2.Client(timeout=30, trust_env=False)

    def token(self, nonce: bytes = b"", age: timedelta = timedelta(), password: str = "") -> str:
        nonce = nonce or datetime.now(UTC).isoformat().encode()
        created = f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%SZ}"
        digest = hashlib.sha1(nonce + created.encode() + (password or self.password).encode()).digest()
        words = {"digest": base64.b64encode(digest).decode(), "nonce": base64.b64encode(nonce).decode()}
        return TOKEN.format(user=self.user, created=created, **words)

    def post(self, inside: str, token: str | None = None) -> Any:
        """The first element in the body of the answer, which is 200 and GB18030 whatever happens."""
        head = self.token() if token is None else token
        envelope = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<s:Header>{head}</s:Header><s:Body>{inside}</s:Body></s:Envelope>"
        )
        answer = self.client.post(self.url, content=envelope.encode(), headers={"Content-Type": "text/xml"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=GB18030")
        assert answer.content.startswith(b"<?xml version='1.0' encoding='GB18030'?>")
        return etree.fromstring(answer.content)[0][0]

    def ask(self, operation: str, item: str, codes: str, token: str | None = None, **more: str) -> Any:
        """The message inside the answer."""
        head = f"<sender>370000</sender><item>{item}</item><securityType>1</securityType>"
        body = "".join(f"<{name}>{text}</{name}>" for name, text in {"codes": codes, **more}.items())
        message = f"<ExchangeMessage><Header>{head}</Header><Body>{body}</Body></ExchangeMessage>"
        parameter = f"<paramsXml>{escape(message)}</paramsXml>"
        answer = self.post(f'<w:{operation} xmlns:w="urn:weihai:demo:exchange">{parameter}</w:{operation}>', token)
        assert etree.QName(answer).localname == f"{operation}Response"
        text = answer.findtext("return")
        return etree.fromstring(text.partition("?>")[2])


@pytest.fixture
def city(province: Province) -> Iterator[City]:
    made = City(province)
    with made.client:
        yield made


def code_of(answer: Any) -> str:
    """The code of a fault without its prefix."""
    assert etree.QName(answer).localname == "Fault"
    return str(answer.findtext("faultcode")).rpartition(":")[2]


def test_keys_are_spelled_by_the_operation(province: Province, city: City) -> None:
    """One operation has its keys in upper case, the other in lower case, and both give only the asked columns."""
    key = province.world.examples["many_platforms"].key
    for operation, names in (("exchange", ["XK_WSH", "XH"]), ("query", ["xk_wsh", "xh"])):
        answer = city.ask(operation, "xzxk", key, columns="XK_WSH,XH")
        assert (answer.findtext("Header/code"), answer.findtext("Body/total")) == ("0", "1")
        assert [[cell.tag for cell in row] for row in answer.iter("fields")] == [names]


def test_it_follows_its_own_description(city: City) -> None:
    """`?wsdl` is the pinned file, with the address at which it was asked."""
    given = city.client.get(f"{city.url}/?wsdl").text
    pinned = (DECLARATIONS / f"{WEIHAI}.wsdl").read_text("utf-8")
    assert given == pinned.replace("http://weihai.demo.example", city.url)


def test_it_refuses_inside_a_message(province: Province, city: City) -> None:
    """Parts of codes match nothing; too many codes, strange items and days are refused with a code and no rows."""
    key = province.world.examples["many_platforms"].key
    assert city.ask("query", "xzxk", key[:17]).findtext("Body/total") == "0"
    wrong = [("xzxk", ";".join([key] * 6), {}), ("xzxk", "", {}), ("hhmd", key, {}), ("xzxk", key, {"jdrqq": "2025"})]
    codes = []
    for item, asked, more in wrong:
        answer = city.ask("query", item, asked, **more)
        codes.append(answer.findtext("Header/code"))
        assert (len(answer.find("Body")), answer.findtext("Body/total")) == (0, None)
    assert codes == ["1003", "1003", "1002", "1004"]


def test_days_are_compared_as_days(province: Province, city: City) -> None:
    """A range of days lets through what was decided within it, however the day is spelled in the row."""
    key, today = province.world.examples["many_platforms"].key, province.world.today
    day = f"{today - timedelta(days=70)}"
    assert city.ask("query", "xzxk", key, jdrqq=day, jdrqz=day).findtext("Body/total") == "1"
    assert city.ask("query", "xzxk", key, jdrqq=f"{today - timedelta(days=69)}").findtext("Body/total") == "0"


def test_what_is_no_question_gets_a_fault_under_200(city: City) -> None:
    """Strange operations, messages that are none and document types are faults, as many services give them."""
    ours = 'xmlns:w="urn:weihai:demo:exchange"'
    for inside in (
        "",
        "<x/>",
        f"<w:delete {ours}/>",
        f"<w:query {ours}/>",
        f"<w:query {ours}><paramsXml>&lt;a/></paramsXml></w:query>",
        f"<w:query {ours}><paramsXml>&lt;!DOCTYPE a>&lt;ExchangeMessage/></paramsXml></w:query>",
    ):
        assert code_of(city.post(inside)) == "Client"


def test_a_token_is_believed_once_and_while_it_is_fresh(province: Province, city: City) -> None:
    """A right digest opens once: repeated, aged, with another password, or without a token there is a fault."""
    key = province.world.examples["many_platforms"].key
    once = city.token(b"sixteen bytes...")
    assert city.ask("query", "xzxk", key, once).findtext("Header/code") == "0"
    assert code_of(city.post("<x/>", once)) == "FailedAuthentication"
    assert code_of(city.post("<x/>", city.token(age=timedelta(minutes=6)))) == "FailedAuthentication"
    assert code_of(city.post("<x/>", city.token(password="wrong"))) == "FailedAuthentication"
    assert code_of(city.post("<x/>", "")) == "InvalidSecurity"
