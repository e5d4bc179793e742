"""Kind `rest`: a JSON API over HTTP, asked by template, one subject or a batch at a time, page by page.

Questions about single subjects run at most four at a time; the gateway's bulkhead bounds the whole. `maxRows`
and `maxBytes` count over everything that one question collects. Only declared parameters travel, and no
subject is judged here: a foreign subject's row is reported as it is and dropped by the gateway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from connectors.agreement import KindWords, Loc
from connectors.contract import (
    BadRequest,
    Claim,
    Deadline,
    Environment,
    Fetch,
    FieldTerm,
    Page,
    SubjectUnknown,
    Terms,
    Unavailable,
)
from connectors.declaration import FieldWords, TypeWords
from connectors.kinds.rest.answering import Reading
from connectors.kinds.rest.asking import KNOWN, Asking, placeholders, source_headers
from connectors.kinds.rest.paging import Bounds, Layout, Taken, every_page
from connectors.mapping.conditions import ToParams, to_params
from connectors.mapping.paths import head, path
from connectors.mapping.records import RecordMap
from connectors.mapping.values import name_of
from connectors.sources import RestSource
from connectors.transport.pool import Pool
from connectors.transport.port import Question, Transport

AT_ONCE = 4


class Rest:
    """One JSON API. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: RestSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._types = {name: _Type(name, words, terms) for name, words in types.items()}
        self._claims = {name: each.record.claim for name, each in self._types.items()}
        self._reading = Reading(source)
        self._transport: Transport | None = None
        self._asking: dict[str, Asking] = {}
        self._headers: dict[str, str] = {}

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

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
            name: Asking(each.request, self._headers, environment.resolve) for name, each in self._types.items()
        }

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def health(self, deadline: Deadline) -> None:
        """Asks the declared health path; without one, only that the source is open is known."""
        health = self._source.health
        if health is not None:
            answer = await self._open().send(
                Question(health.method, health.path, self._headers), self._call_deadline(deadline), 1 << 16
            )
            if not 200 <= answer.status < 300:
                raise Unavailable(f"health answered with status {answer.status}")

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with the rows of every subject, in the order of the subjects."""
        if not ask.subjects:
            return
        each, limits = self._types[ask.type], self._source.limits
        more, projection, asking = each.params(ask), each.projection(ask), self._asking.get(ask.type)
        room, batch = min(limits.maxRows, ask.limit), each.record.claim.batch
        bounds = Bounds(room, limits.maxBytes)
        gate = asyncio.Semaphore(AT_ONCE)

        async def read(chunk: Sequence[str]) -> Taken | None:
            async def call(numbers: Mapping[str, int]) -> Any:
                if asking is None:
                    raise Unavailable("the source is not open")
                question = asking.question(chunk, projection, {**more, **numbers})
                await ask.turn()
                answer = await self._open().send(question, self._call_deadline(ask.deadline), bounds.bytes)
                bounds.bytes -= len(answer.body)
                return self._reading.body(answer)

            async with gate:
                try:
                    return await every_page(call, each.layout, bounds)
                except SubjectUnknown:
                    return None

        subjects = [subject.value for subject in ask.subjects]
        chunks = [subjects[start : start + batch] for start in range(0, len(subjects), batch)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(read(chunk)) for chunk in chunks]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        answers = [answer for task in tasks if (answer := task.result()) is not None]
        if not answers:
            raise SubjectUnknown("the platform does not know the subject")
        taken = Taken(room)
        for answer in answers:
            taken.add(answer.rows, answer.truncated)
        mapped = each.record.rows(taken.rows, ask)
        each.record.judge(len(mapped.rows), len(mapped.rejected))
        as_of = min((answer.as_of for answer in answers if answer.as_of is not None), default=None)
        yield Page(mapped.rows, mapped.rejected, taken.truncated, as_of)

    def _call_deadline(self, deadline: Deadline) -> Deadline:
        return Deadline(min(deadline.at, time.monotonic() + self._source.limits.timeout))

    def _open(self) -> Transport:
        if self._transport is None:
            raise Unavailable("the source is not open")
        return self._transport


class _Type:
    """One declared type, compiled."""

    def __init__(self, name: str, words: TypeWords, terms: Terms) -> None:
        if words.request is None or words.rows is None:
            raise ValueError("kind rest needs `request` and `rows`")
        self.record = RecordMap(name, words, terms, path, words.batch or 1)
        self.request = words.request
        self.layout = Layout(words, words.rows)
        self._projects = "projection" in placeholders(words.request)
        self._filters: dict[str, ToParams] = {
            key: to_params(words.fields[key], terms.types[name].fields[key], declared)
            for key, declared in words.filters.items()
        }

    def params(self, ask: Fetch) -> dict[str, str]:
        more: dict[str, str] = {}
        for condition in ask.where:
            if condition.op not in self.record.claim.filters.get(condition.field, frozenset()):
                raise BadRequest(f"{ask.type}.{condition.field}: `{condition.op}` is not a filter of this platform")
            more |= self._filters[condition.field](condition)
        return more

    def projection(self, ask: Fetch) -> list[str]:
        if not self._projects:
            return []
        names = self.record.names(ask.fields, ask.subjects[0].kind)
        return list(dict.fromkeys(head(name) or name for name in names))


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_params(words, term, each.filters[name])


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    if words.request is None:
        return
    used = placeholders(words.request)
    for name in sorted(used - KNOWN):
        known = ", ".join(f"`{{{word}}}`" for word in sorted(KNOWN))
        yield ("request",), f"unknown placeholder `{{{name}}}`; known: {known}"
    if not used & {"subject", "subjects"}:
        yield ("request",), "the request names no subject; put `{subject}` or `{subjects}` where it belongs"
    if "subject" in used and (words.batch or 1) > 1:
        yield ("batch",), "`{subject}` is one at a time: write `batch: 1`, or `{subjects}` in the request"
    if "projection" in used:
        places = [*words.key, *(name_of(origin) for name in words.mapped for origin in words.origins(name))]
        for place in places:
            if head(place) is None:
                yield ("request",), f"`{{projection}}` needs plain names, `{place}` is not one"


Rest.words = KindWords("path", frozenset({"request", "rows"}), frozenset({"total", "page"}), _filter, _inspect)
