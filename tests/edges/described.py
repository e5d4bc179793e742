"""Invented SOAP: declarations on a pinned WSDL that stands beside them, and the bytes of a service's answers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from textwrap import indent
from xml.sax.saxutils import escape

from connectors.registry import Registry, load
from gateway.documents import Document
from tests.edges.crooked import raw
from tests.edges.invented import FIRM, HEAD, TERMS

HERE = Path(__file__).parent
WSDL = HERE / "invented.wsdl"
SHA256 = hashlib.sha256(WSDL.read_bytes()).hexdigest()
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

SOAP_SOURCE = f"""\
sources:
  main:
    kind: soap
    wsdl: invented.wsdl
    sha256: {SHA256}
    endpoint: env:ENDPOINT
    limits: {{timeout: 5s, maxRows: 100, maxBytes: 64KiB}}
"""
SOAP_TYPE = """\
call: {operation: find}
input: {sysId: "S1", code: "{subject}"}
rows: list.row
key: [id]
subject: {uscc: {path: code}}
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
"""


def soap(source: str, permit: str, folder: Path = HERE) -> Document:
    """The document of a platform with one SOAP source; its WSDL stands in `folder`."""
    text = f"{HEAD}{source}types:\n  Permit:\n{indent(permit, '    ')}"
    return Document("370100-invented.yaml", text.encode(), folder)


def described(source: str = SOAP_SOURCE, permit: str = SOAP_TYPE, folder: Path = HERE) -> Registry:
    return load([soap(source, permit, folder)], TERMS)


def enveloped(body: str, namespace: str = SOAP11) -> str:
    return f'<s:Envelope xmlns:s="{namespace}"><s:Body>{body}</s:Body></s:Envelope>'


def found(*rows: str, beside: str = "") -> str:
    """The answer to `find` with these rows, each the XML inside a row."""
    inside = "".join(f"<row>{row}</row>" for row in rows)
    return enveloped(f'<r:findResponse xmlns:r="urn:invented:permits">{beside}<list>{inside}</list></r:findResponse>')


def exchanged(text: str) -> str:
    """The answer to `exchange`: a text inside its only element."""
    return enveloped(f"<exchangeResponse><return>{escape(text)}</return></exchangeResponse>")


def xml(text: str, status: str = "200 OK", encoding: str = "utf-8", content_type: str = "text/xml") -> bytes:
    """An HTTP answer with this XML."""
    return raw(text.encode(encoding), status, content_type)


def fault(code: str, status: str = "500 Internal Server Error") -> bytes:
    """A fault of SOAP 1.1 that talks too much."""
    told = f"<faultcode>{code}</faultcode><faultstring>hunter2 {FIRM}</faultstring><detail><x>hunter2</x></detail>"
    return xml(enveloped(f"<s:Fault>{told}</s:Fault>"), status)
