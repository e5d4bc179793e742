"""Kind `rest`: a JSON API over HTTP, asked by template, one subject or a batch at a time, page by page.

Only declared parameters travel, and no subject is judged here: a foreign subject's row is reported as it is
and dropped by the gateway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

from connectors.agreement import KindWords
from connectors.contract import BadRequest, Claim, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import Key, TypeWords
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.kinds.collecting import AskedType, collect, within
from connectors.kinds.paging import Layout, count_reader, freshness_reader
from connectors.kinds.rest.answering import Reading, rows_reader
from connectors.kinds.rest.asking import Asking, Outline, source_headers, used_in
from connectors.kinds.templates import faults
from connectors.mapping.conditions import to_params
from connectors.mapping.paths import Raw, expression, head, path
from connectors.mapping.records import EXTRACTS, RecordMap, key_kind
from connectors.mapping.values import name_of
from connectors.sources import RestSource
from connectors.terms import FieldTerm, Terms
from connectors.transport.pool import Pool
from connectors.transport.port import Answer, Question, Transport


class Rest:
    """One JSON API. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: RestSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._words = types
        self._types = {name: AskedType(name, words, terms, path, _layout(words)) for name, words in types.items()}
        self._claims = {name: each.record.claim for name, each in self._types.items()}
        self._reading = Reading(source)
        self._transport: Transport | None = None
        self._asking: dict[str, Asking] = {}
        self._seeking: dict[str, Asking] = {}  # for questions that name no subject
        self._headers: dict[str, str] = {}
        self._outline = lru_cache(EXTRACTS)(self._outlined)

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._types[type_name].record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of a recorded body. Raises what such an answer stands for."""
        return self._types[type_name].layout.rows(self._reading.body(Answer(200, {}, answer)))

    async def open(self, environment: Environment) -> None:
        """Raises ValueError, naming the reference and never its value, when `base` is not usable."""
        source = self._source
        authority = environment.resolve(source.ca) if source.ca is not None else None
        base = environment.resolve(source.base)
        try:
            self._transport = Pool(base, source.limits.concurrency, source.plaintext, authority)
        except ValueError as reason:
            raise ValueError(f"`{source.base}`: {reason}") from None
        self._headers = source_headers(source, environment.resolve)
        self._asking = {
            name: Asking(words.request, self._headers, environment.resolve)
            for name, words in self._words.items()
            if words.request is not None
        }
        self._seeking = {
            name: Asking(words.openRequest, self._headers, environment.resolve)
            for name, words in self._words.items()
            if words.openRequest is not None
        }
        self._outline.cache_clear()  # those of an earlier life hold what references stood for then

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def health(self, deadline: Deadline) -> None:
        """Asks the declared health path; without one, only that the source is open is known."""
        health = self._source.health
        if health is not None:
            answer = await self._open().send(
                Question(health.method, health.path, self._headers), within(deadline, self._source.limits), 1 << 16
            )
            if not 200 <= answer.status < 300:
                raise Unavailable(f"health answered with status {answer.status}")

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with the rows of every subject, in the order of the subjects."""
        each = self._types[ask.type]
        if not ask.subjects and not each.record.claim.open:
            raise BadRequest(f"{ask.type}: this platform answers no question without a subject")

        async def send(chunk: Sequence[str], more: Mapping[str, str | int], deadline: Deadline, most: int) -> Answer:
            transport = self._open()
            outline = self._outline(ask.type, ask.fields, key_kind(ask), not chunk)
            return await transport.send(outline.question(chunk, more), deadline, most)

        yield await collect(ask, each, self._source.limits, send, self._reading.body)

    def _outlined(self, type_name: str, fields: frozenset[str], kind: Key, anybody: bool) -> Outline:
        names = self._types[type_name].record.names(fields, kind)
        asking = (self._seeking if anybody else self._asking)[type_name]
        return Outline(asking, list(dict.fromkeys(head(name) or name for name in names)))

    def _open(self) -> Transport:
        if self._transport is None:
            raise Unavailable("the source is not open")
        return self._transport


def _layout(words: TypeWords) -> Layout:
    if words.request is None or words.rows is None:
        raise ValueError("kind rest needs `request` and `rows`")
    return Layout(
        rows_reader(expression(words.rows)),
        count_reader(expression(words.total) if words.total else None),
        freshness_reader(words.asOf, path),
        words.page,
    )


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_params(words, term, each.filters[name])


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    for word in ("rows", "total"):
        try:
            expression(getattr(words, word) or "@")
        except ValueError:
            yield (word,), f"`{word}`: not a JMESPath expression"
    if words.request is None:
        return
    used = used_in(words.request)
    for word, message in faults(used, words.batch or 1):
        yield (word or "request",), message
    if words.openRequest is not None and (wrong := used_in(words.openRequest) - {"projection"}):
        yield ("openRequest",), f"it names no subject, and `{{{sorted(wrong)[0]}}}` has nothing to stand for"
    if "projection" in used:
        places = [*words.key, *(name_of(origin) for name in words.mapped for origin in words.origins(name))]
        for place in places:
            if head(place) is None:
                yield ("request",), f"`{{projection}}` needs plain names, `{place}` is not one"


Rest.words = KindWords(
    "path", frozenset({"request", "rows"}), frozenset({"total", "page", "openRequest"}), _filter, _inspect
)
