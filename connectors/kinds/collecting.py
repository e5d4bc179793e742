"""One question, asked in parts: what kinds that ask a few subjects at a time over HTTP have in common.

Subjects travel in chunks of the declared batch, at most four chunks at a time; the gateway's bulkhead bounds
the whole. `maxRows` and `maxBytes` count over everything that one question collects. One failed chunk fails
the whole and stops the others; an unknown subject does not, unless all are unknown. An answer is one body about its
chunk, or one for each subject of it, whose further pages are then asked subject by subject.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from connectors.contract import ContractBroken, Deadline, Fetch, Page, SubjectUnknown
from connectors.declaration import TypeWords
from connectors.kinds.paging import Bounds, Layout, Taken, Turns, every_page
from connectors.mapping.conditions import ToParams, to_params
from connectors.mapping.paths import Lookup
from connectors.mapping.records import RecordMap, key_kind
from connectors.sources import LimitWords
from connectors.terms import Terms
from connectors.transport.port import Answer

AT_ONCE = 4

Heard = Callable[[Answer], Any]  # the body of an answer; raises the error that it stands for
# asks for these subjects with these parameters, by a deadline and below a size, each call in its turn
Send = Callable[[Sequence[str], Mapping[str, Any], Deadline, int, Heard], Awaitable[Any]]


class Each(tuple[Any, ...]):
    """A body for each subject of a chunk, in their order; None for one that is unknown."""


class AskedType:
    """One declared type, compiled: its mapping, its layout, and its conditions as parameters."""

    def __init__(
        self, name: str, words: TypeWords, terms: Terms, lookup: Lookup, layout: Layout, lists: bool = False
    ) -> None:
        self.record = RecordMap(name, words, terms, lookup, words.batch or 1, words.open)
        self.layout = layout
        self._order = {} if words.order is None else words.order.params
        self._filters: dict[str, ToParams] = {
            key: to_params(words.fields[key], terms.types[name].fields[key], declared, lists)
            for key, declared in words.filters.items()
        }

    def params(self, ask: Fetch) -> dict[str, Any]:
        """The conditions of a question, and its order, as parameters. Raises BadRequest for what is not declared."""
        self.record.admit(ask)
        more: dict[str, Any] = dict(self._order) if ask.ordered else {}
        for condition in ask.where:
            more |= self._filters[condition.field](condition)
        return more


async def collect(ask: Fetch, each: AskedType, limits: LimitWords, send: Send, parse: Heard) -> Page:
    """One page with the rows of every subject, in the order of the subjects."""
    more, room, batch = each.params(ask), min(limits.maxRows, ask.limit), each.record.claim.batch
    bounds, which = Bounds(room, limits.maxBytes), partial(each.record.which, kind=key_kind(ask))

    async def read(chunk: Sequence[str]) -> list[Taken | None]:
        def heard(answer: Answer) -> Any:
            bounds.bytes -= len(answer.body)
            return parse(answer)

        async def call(about: Sequence[str], turns: Turns) -> Any:
            return await send(about, {**more, **turns}, ask.deadline.capped(limits.timeout), bounds.bytes, heard)

        async def pages(about: Sequence[str], begun: Any) -> Taken | None:
            async def turned(turns: Turns) -> Any:
                with suppress(SubjectUnknown):
                    body = await call(about, turns)
                    if not isinstance(body, Each):
                        return body
                    if body[0] is not None:
                        return body[0]
                raise ContractBroken("a subject that the platform has told of was unknown a page later")

            return None if begun is None else await every_page(turned, each.layout, bounds, begun, which)

        if bounds.rows < 0:  # other chunks have used them up: nothing more is asked
            return [Taken(0, truncated=True)]
        try:
            begun = await call(chunk, each.layout.turning.begin)
        except SubjectUnknown:
            return [None]
        if not isinstance(begun, Each):
            return [await pages(chunk, begun)]
        return [await pages([one], body) for one, body in zip(chunk, begun, strict=True)]

    subjects = [subject.value for subject in ask.subjects]
    if len(subjects) <= batch:
        found = await read(subjects)
    else:
        found = await _side_by_side(read, [subjects[at : at + batch] for at in range(0, len(subjects), batch)])
    answers = [answer for answer in found if answer is not None]
    if not answers:
        raise SubjectUnknown("the platform does not know the subject")
    taken = Taken(room)
    for answer in answers:
        taken.add(answer.rows, answer.truncated)
    mapped = each.record.rows(taken.rows, ask)
    each.record.judge(len(mapped.rows), len(mapped.rejected), mapped.rejected)
    as_of = min((answer.as_of for answer in answers if answer.as_of is not None), default=None)
    return Page(mapped.rows, mapped.rejected, taken.truncated, as_of, mapped.deleted)


async def _side_by_side(
    read: Callable[[Sequence[str]], Awaitable[list[Taken | None]]], chunks: Sequence[Sequence[str]]
) -> list[Taken | None]:
    """What each chunk gives, in their order. The first failure stops the others and is raised."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def admitted(chunk: Sequence[str]) -> list[Taken | None]:
        async with gate:
            return await read(chunk)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(admitted(chunk)) for chunk in chunks]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [taken for task in tasks for taken in task.result()]
