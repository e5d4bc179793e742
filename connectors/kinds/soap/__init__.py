"""Kind `soap`: a SOAP 1.1 or 1.2 service, asked by the operations of a pinned WSDL.

The WSDL makes the questions; answers are read from their bytes. Nothing is fetched but answers, at the declared
endpoint, whatever address the WSDL names. No subject is judged here: a foreign subject's row is reported as it
is and dropped by the gateway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from connectors.agreement import Finding, KindWords
from connectors.contract import Claim, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import Call, TypeWords
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.kinds.answers import parsed
from connectors.kinds.collecting import AskedType, Heard, collect
from connectors.kinds.credentials import Account
from connectors.kinds.soap.answering import Reading, layout
from connectors.kinds.soap.asking import Asking, rehearse, token
from connectors.kinds.soap.description import Wrong, operation, pinned
from connectors.kinds.soap.elements import lookup
from connectors.kinds.templates import KNOWN, Resolve, faults, placeholders
from connectors.mapping.conditions import NotInvertible, to_params
from connectors.mapping.paths import Look, Lookup, Raw
from connectors.mapping.records import RecordMap
from connectors.mapping.values import name_of
from connectors.sources import Beside, SoapSource
from connectors.terms import FieldTerm, Terms, TypeTerm
from connectors.transport.address import origin
from connectors.transport.port import Answer, Question


class Soap:
    """One SOAP service. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: SoapSource, types: Mapping[str, TypeWords], terms: Terms, beside: Beside) -> None:
        self._source = source
        self._words = types
        description = pinned(source.wsdl, source.sha256, beside)
        self._operations = {name: operation(description, _call(words)) for name, words in types.items()}
        self._types = {
            name: AskedType(name, words, terms, _lookup(words, terms.types[name]), layout(words))
            for name, words in types.items()
        }
        self._claims = {name: each.record.claim for name, each in self._types.items()}
        self._reading = {name: Reading(source, types[name], each.answer) for name, each in self._operations.items()}
        self._account: Account[Mapping[str, Asking]] | None = None

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._types[type_name].record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of a recorded message. Raises what such an answer stands for."""
        return self._types[type_name].layout.rows(self._reading[type_name].message(Answer(200, {}, answer)))

    async def open(self, environment: Environment) -> None:
        """Raises ValueError, naming the reference and never its value, when `endpoint` is not usable."""
        self._account = Account(
            self._source,
            environment,
            self._source.endpoint,
            partial(self._prepare, environment.now),
            parsed,
            "*/*",
            origin,
        )

    async def close(self) -> None:
        account, self._account = self._account, None
        if account is not None:
            await account.close()

    async def health(self, deadline: Deadline) -> None:
        """Only that the source is open is known: SOAP has no question that is about nobody."""
        self._open()

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with the rows of every subject, in the order of the subjects."""
        if not ask.subjects:
            return
        each = self._types[ask.type]
        names = each.record.names(ask.fields, ask.subjects[0].kind)
        projection = list(dict.fromkeys(name.partition(".")[0] for name in names if not name.startswith("@")))

        async def send(
            chunk: Sequence[str], more: Mapping[str, str | int], deadline: Deadline, most: int, heard: Heard
        ) -> Any:
            def write(mine: Mapping[str, Asking]) -> Question:
                return mine[ask.type].question(chunk, projection, more)

            return await self._open().ask(write, heard, deadline, most, ask.turn)

        yield await collect(ask, each, self._source.limits, send, self._reading[ask.type].message)

    def _open(self) -> Account[Mapping[str, Asking]]:
        if self._account is None:
            raise Unavailable("the source is not open")
        return self._account

    def _prepare(self, now: Callable[[], datetime], resolve: Resolve, headers: dict[str, str]) -> Mapping[str, Asking]:
        endpoint, signing = urlsplit(resolve(self._source.endpoint)), token(self._source, resolve, now)
        return {
            name: Asking(words, self._operations[name], endpoint.path or "/", headers, signing, resolve)
            for name, words in self._words.items()
        }


def _call(words: TypeWords) -> Call:
    if words.call is None:
        raise ValueError("kind soap needs `call`")
    return words.call


def _lookup(words: TypeWords, term: TypeTerm) -> Lookup:
    """Origins of fields that are lists give lists: XML writes a list of one as a single element."""
    many = [each for name, each in words.fields.items() if term.fields[name].many and each.split is None]
    listed = {name_of(origin) for each in many for origin in each.origins}

    def of(place: str) -> Look:
        look = lookup(place)
        if place not in listed:
            return look

        def every(row: Raw) -> Any:
            found = look(row)
            return found if found is None or isinstance(found, list) else [found]

        return every

    return of


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    if "contains" in each.filters[name].ops:  # such a question is about nobody, and a call names its subject
        raise NotInvertible("`contains` is not possible: the call names a subject; leave the filter out")
    return to_params(words, term, each.filters[name])


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    places: list[tuple[Loc, str | None]] = [(("rows",), words.rows), (("total",), words.total)]
    places += [(("key", index), part) for index, part in enumerate(words.key)]
    places += [(("page", word), place) for word, place in (words.page.places if words.page else ())]
    if words.page is not None and words.page.link is not None:
        yield ("page", "link"), "a SOAP service has no links to pages: turn them by `number`, `offset` or `cursor`"
    if words.embedded is not None:
        places += [(("embedded", "path"), words.embedded.path), (("embedded", "rows"), words.embedded.rows)]
    elif words.rows is None:
        yield ("call",), "say where the rows are: `rows`, or `embedded` when they lie in a document inside a text"
    for loc, place in places:
        try:
            lookup(place or "any")
        except ValueError as reason:
            yield loc, str(reason)
    for word, message in faults(placeholders(words.input), words.batch or 1):
        yield (word or "input",), message


def _described(source: SoapSource, types: Mapping[str, TypeWords], beside: Beside) -> Iterator[Finding]:
    """What does not fit the WSDL; nothing more is said when the WSDL itself cannot be read."""
    if source.success is not None:
        try:
            lookup(source.success.path)
        except ValueError as reason:
            yield ("success", "path"), str(reason), None, ()
    try:
        description = pinned(source.wsdl, source.sha256, beside)
    except Wrong as wrong:
        yield (wrong.place,), str(wrong), None, ()
        return
    for name, words in types.items():
        if words.call is None or not placeholders(words.input) <= KNOWN:
            continue  # said already
        try:
            rehearse(words, operation(description, words.call))
        except Wrong as wrong:
            inside = ("call", wrong.place) if wrong.place in {"service", "port", "operation"} else (wrong.place,)
            yield ("types", name, *inside), str(wrong), wrong.word, wrong.known


Soap.words = KindWords(
    "path",
    frozenset({"call", "input"}),
    frozenset({"rows", "embedded", "total", "page"}),
    _filter,
    _inspect,
    lookup,
    _described,
)
