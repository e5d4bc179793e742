"""A declared call, filled in: subjects, projection, conditions and page numbers become one SOAP message.

`input` is a tree of texts by the names of the WSDL. Under the word `xml`, the tree of another document stands,
which travels as a text: `{paramsXml: {xml: {Query: {code: "{subject}"}}}}`. Every value is written by an XML
library, so that none can become syntax. Parameters of filters and pages are places in that tree, `a.b`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lxml import etree

from connectors.contract import BadRequest
from connectors.declaration import TypeWords
from connectors.identities import WsseAuth
from connectors.kinds.soap.description import Operation, Wrong, signed
from connectors.kinds.soap.elements import written
from connectors.kinds.templates import Resolve, filled, resolved
from connectors.sources import SoapSource
from connectors.transport.port import Question

XML = "xml"  # no element may be called so
Token = Callable[[Any], Any]  # an envelope in, the same with our credentials out


class Asking:
    """One declared call, ready to be filled in."""

    def __init__(
        self, words: TypeWords, operation: Operation, target: str, headers: Mapping[str, str], token: Token,
        resolve: Resolve,
    ) -> None:  # fmt: skip
        self._input = resolved(words.input, resolve)
        self._join = words.call.join if words.call is not None else None
        self._operation, self._target, self._token = operation, target, token
        self._headers = {**headers, **operation.headers()}

    def question(self, subjects: Sequence[str], projection: Sequence[str], more: Mapping[str, str | int]) -> Question:
        """A question about these subjects. Raises BadRequest for a value that cannot travel."""
        join = self._join
        if join is not None and any(join in subject for subject in subjects):
            raise BadRequest("a subject's key holds the separator of the request")
        slots: dict[str, Any] = {
            "subject": subjects[0],
            "subjects": list(subjects) if join is None else join.join(subjects),
            "projection": ",".join(projection),
        }
        try:
            envelope = self._token(self._operation.envelope(_content(self._input, slots, more)))
        except ValueError:  # a control character, a place that the message has not got: checked, but for the values
            raise BadRequest("the question cannot be written as the declared message") from None
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        return Question("POST", self._target, self._headers, body)


def token(source: SoapSource, resolve: Resolve, now: Callable[[], datetime]) -> Token:
    """Puts the source's credentials into envelopes; nothing where they do not belong there."""
    if not isinstance(source.auth, WsseAuth):
        return lambda envelope: envelope
    user, password, digest = resolve(source.auth.user), resolve(source.auth.password), source.auth.digest
    return lambda envelope: signed(envelope, user, password, digest, now())


def rehearse(words: TypeWords, operation: Operation) -> None:
    """Make one message of each declared shape, of which nothing is sent. Raises Wrong."""
    for name, value in _leaves(words.input):
        if not isinstance(value, str):
            raise Wrong(f"`{name}`: a text is expected; write it in quotes", "input")
    subjects: Any = "x" if words.call is not None and words.call.join else ["x"]
    slots = {"subject": "x", "subjects": subjects, "projection": "x"}
    places = [("page", name) for name in (words.page.params if words.page else ())]
    places += [("filters", name) for each in words.filters.values() for name in each.params]
    places += [("order", name) for name in (words.order.params if words.order else ())]
    operation.envelope(_content(words.input, slots, {}))
    for word, name in places:
        try:
            operation.envelope(_content(words.input, slots, {name: "1"}))
        except Wrong as wrong:
            raise Wrong(str(wrong), word, wrong.word, wrong.known) from None


def _content(template: Mapping[str, Any], slots: Mapping[str, Any], more: Mapping[str, str | int]) -> dict[str, Any]:
    content: dict[str, Any] = filled(template, slots)
    for place, value in more.items():
        _put(content, place, str(value))
    return {name: _sent(value) for name, value in content.items()}


def _put(content: dict[str, Any], place: str, value: str) -> None:
    *way, last = place.split(".")
    node: Any = content
    for step in way:
        node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict) and node.keys() == {XML}:
            node = node[XML]
    if not isinstance(node, dict):
        raise Wrong(f"`{place}` is no place in `input`", "input")
    node[last] = value


def _sent(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() != {XML}:
            return {name: _sent(part) for name, part in value.items()}
        inner = value[XML]
        if not isinstance(inner, dict) or len(inner) != 1:
            raise Wrong("`xml` holds one element, the root of the document that is sent as text", "input")
        try:
            return written(inner)
        except (ValueError, TypeError):
            raise Wrong("`xml` holds a name or a text that XML cannot", "input") from None
    return [_sent(part) for part in value] if isinstance(value, list) else value


def _leaves(template: Any, name: str = "input") -> Iterator[tuple[str, Any]]:
    if isinstance(template, dict):
        for key, value in template.items():
            yield from _leaves(value, key)
    elif isinstance(template, list):
        for value in template:
            yield from _leaves(value, name)
    else:
        yield name, template
