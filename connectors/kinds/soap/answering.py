"""What a SOAP answer means: rows, or one error of the contract. Upstream text is never repeated.

An answer is read from its bytes, without the WSDL but for the name of its element: elements that the platform
added since do no harm. A fault is a fault under any HTTP status; a page with 200 is no answer. Rows may lie in a
whole XML document inside a string. No rows at all are believed only where the element around them stands, holding
nothing else that has parts, or where the platform itself counts none: a renamed row is not an empty answer.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from connectors.contract import ConnectorError, ContractBroken, Unavailable
from connectors.declaration import TypeWords
from connectors.kinds.paging import Layout, count_reader, freshness_reader, turning
from connectors.kinds.soap.elements import children, local, plain, text_at, tree
from connectors.mapping.texts import is_utf8
from connectors.sources import SoapSource
from connectors.transport.meaning import by_status, error, is_page
from connectors.transport.port import Answer

ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
# codes that the standards define; WS-Security's own, then SOAP 1.1 and 1.2
_SECURITY = dict.fromkeys(
    ("FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable",
     "UnsupportedSecurityToken"),
    "AuthFailed",
)  # fmt: skip
_GENERAL = {"Client": "BadRequest", "Sender": "BadRequest", "Server": "Unavailable", "Receiver": "Unavailable"} | (
    dict.fromkeys(("VersionMismatch", "MustUnderstand", "DataEncodingUnknown"), "ContractBroken")
)


@dataclass(frozen=True, slots=True)
class Message:
    """A successful answer: its element, and the documents inside it when they are declared."""

    answer: etree._Element
    documents: tuple[etree._Element, ...]  # each below an element of our own, so that a path begins with its root

    def said(self, path: str) -> list[str]:
        """The texts at a path of the answer; when there is none, of each document inside it."""
        for holders in ([self.answer], self.documents):
            found = [text for holder in holders if (text := text_at(holder, path)) is not None]
            if found:
                return found
        return []


class Reading:
    """How the answers to one declared call are read."""

    def __init__(self, source: SoapSource, words: TypeWords, name: str | None) -> None:
        self._source, self._words, self._name = source, words, name

    def message(self, answer: Answer) -> Message:
        """Raises the error that the answer stands for."""
        envelope = self._envelope(answer)
        body = next((each for each in envelope if local(each) == "Body"), None)
        first = next(iter(body), None) if body is not None else None
        if first is not None and local(first) == "Fault":
            raise error(self._named(_codes(first)), "the platform answered with a fault", answer.headers)
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        if first is None or (self._name is not None and local(first) != self._name):
            raise ContractBroken("the answer is not the one that the WSDL describes")
        message = Message(first, ())
        told = self._believe(message, answer)
        message = Message(first, tuple(self._documents(first)))
        if not told and not self._believe(message, answer) and self._source.success is not None:
            raise self._reported("", answer)
        return message

    def _believe(self, message: Message, answer: Answer) -> bool:
        """Whether the message says that it is one; raises the error that it stands for when it says otherwise."""
        success = self._source.success
        codes = [] if success is None else message.said(success.path)
        for code in codes:
            if success is not None and code not in success.is_:
                raise self._reported(code, answer)
        return bool(codes)

    def _reported(self, code: str, answer: Answer) -> ConnectorError:
        name = self._source.faults.get(code) or self._source.faults.get("*") or "Unavailable"
        return error(name, "the platform reported an error inside a successful answer", answer.headers)

    def _envelope(self, answer: Answer) -> etree._Element:
        try:
            if is_page(answer):
                raise Unavailable("the platform answered with a page instead of data")
            try:
                if self._source.encoding != "utf-8" and is_utf8(answer.body):
                    raise ValueError(self._source.encoding)
                text = answer.body.decode(self._source.encoding)
            except ValueError:
                raise Unavailable("the platform's answer is not in the declared encoding") from None
            if text.lstrip("\ufeff \t\r\n")[:9].lower().startswith(("<!doctype", "<html")) and "<html" in text.lower():
                raise Unavailable("the platform answered with a page instead of data")
            envelope = tree(text)
            if etree.QName(envelope).namespace not in ENVELOPES or local(envelope) != "Envelope":
                raise Unavailable("the platform's answer is no SOAP envelope")
        except ConnectorError:
            if not 200 <= answer.status < 300:  # it failed, and says no more than that
                raise self._refused(answer) from None
            raise
        return envelope

    def _refused(self, answer: Answer) -> ConnectorError:
        name = self._source.faults.get(str(answer.status)) or by_status(answer.status)
        return error(name, f"the platform answered with status {answer.status}", answer.headers)

    def _named(self, codes: Iterable[str]) -> str:
        """The declared error of a fault's codes, most particular first: `Server.Busy` is a `Server` too."""
        codes = list(codes)
        faults = self._source.faults
        declared = next((faults[code] for code in codes if code in faults), None)
        standard = next((_SECURITY[code] for code in codes if code in _SECURITY), None)
        general = next((_GENERAL[code] for code in codes if code in _GENERAL), None)
        return declared or standard or faults.get("*") or general or "Unavailable"

    def _documents(self, answer: etree._Element) -> Iterator[etree._Element]:
        embedded, rows = self._words.embedded, self._words.rows
        if embedded is None:
            return
        for holder in _rows(answer, rows, None) if rows is not None else [answer]:
            text = text_at(holder, embedded.path)
            if text is None:
                raise ContractBroken("the answer has no document where the declaration says")
            if embedded.encoding is not None:
                try:
                    text = base64.b64decode("".join(text.split()), validate=True).decode(embedded.encoding)
                except (binascii.Error, ValueError):
                    raise Unavailable("the document inside the answer is not in the declared encoding") from None
            around = etree.Element("document")
            around.append(tree(text))
            yield around


def layout(words: TypeWords) -> Layout:
    """How messages of a type are read, once they are known to be answers."""
    count, moment = count_reader(_itself), freshness_reader(words.asOf, lambda path: _itself)

    def total(message: Message) -> int | None:
        if words.total is None:
            return None
        return sum(count(text) or 0 for text in message.said(words.total) or [""])

    def rows(message: Message) -> list[dict[str, Any]]:
        counted = total(message)
        if words.embedded is not None:
            found = [row for each in message.documents for row in _rows(each, words.embedded.rows, counted)]
        else:
            found = list(_rows(message.answer, words.rows or "", counted))
        read = [value for row in found if (value := plain(row)) is not None]
        if not all(isinstance(row, dict) for row in read):
            raise ContractBroken("a row of the answer holds no elements")
        return read

    def as_of(message: Message) -> datetime | None:
        if words.asOf is None:
            return None
        said = message.said(words.asOf.path or "")
        return min((found for text in said if (found := moment(text)) is not None), default=None)

    def said(path: str) -> Callable[[Message], str | None]:
        return lambda message: next(iter(message.said(path)), None)

    return Layout(rows, total, as_of, turning(words.page, said))


def _rows(element: etree._Element, path: str, counted: int | None) -> list[etree._Element]:
    *way, last = path.split(".")
    level = [element]
    for step in way:
        level = [child for each in level for child in children(each, step)]
        if not level:
            raise ContractBroken("the answer has no rows where the declaration says")
    rows = [row for each in level for row in children(each, last)]
    if not rows and counted is None and any(len(child) for each in level for child in each):
        raise ContractBroken("the answer has no rows where the declaration says, but something else")
    return rows


def _itself(text: Any) -> Any:
    return text


def _codes(fault: etree._Element) -> Iterator[str]:
    """Every code of a fault without its prefix, the most particular first, each with what it is a kind of."""
    texts = [each.text or "" for each in fault if local(each) == "faultcode"]
    for code in children(fault, "Code"):  # of SOAP 1.2, with codes inside codes
        texts = [each.text or "" for each in code.iter() if local(each) == "Value"][::-1]
    for text in texts:
        name = text.strip().rpartition(":")[2]
        while name:
            yield name
            name = name.rpartition(".")[0]
