"""One question to one platform, through its guard, until every asked subject has its reply.

`maxRows` counts over all subjects of a question: one that was cut short is asked in halves, so that only who holds too
much alone stays cut. What was read before stands where a half is not answered. Never raises for a platform.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from connectors.contract import (
    Condition,
    ConnectorError,
    ContractBroken,
    Deadline,
    Fetch,
    Maintenance,
    Page,
    Row,
    SubjectKey,
    SubjectUnknown,
    Turn,
)
from connectors.delegation import Delegation, Told
from gateway.fetching.checking import recheck
from gateway.fetching.desk import Desk
from gateway.fetching.guard import Call
from gateway.fetching.slots import Until
from gateway.model import Reply

log = logging.getLogger(__name__)

BySubject = dict[SubjectKey, Reply]
Subjects = tuple[SubjectKey, ...]
Settled = Callable[[BySubject], None]


class Question(NamedTuple):
    """What questions to one source have in common that differ in their subjects only."""

    type: str
    fields: frozenset[str]
    where: tuple[Condition, ...]
    kind: str  # of the subjects' keys; empty where it names none
    delegation: Delegation | None = None  # for sources that are told on whose behalf they are asked
    ordered: bool = False  # by the order that the source claims, which each who asks may read


class Inquiry:
    """`settled` gets a reply for each subject (that of an open question under `ANYBODY.key`), once, unless left before.

    `subjects` is called when the question really goes out, or fails before. `known` is what stands already, should no
    more come.
    """

    __slots__ = (
        "_asked", "_call", "_deadline", "_desk", "_halves", "_question", "_request_id", "_settled", "_subjects",
        "known",
    )  # fmt: skip

    def __init__(
        self, desk: Desk, question: Question, subjects: Callable[[], Subjects], deadline: Until, request_id: str,
        settled: Settled, known: Mapping[SubjectKey, Reply] | None = None,
    ) -> None:  # fmt: skip
        self._desk, self._question, self._subjects = desk, question, subjects
        self._deadline, self._request_id, self._settled, self.known = deadline, request_id, settled, known
        self._asked: Subjects = ()
        self._call: Call[BySubject] | None = None
        self._halves: list[Inquiry] = []

    def begin(self) -> None:
        """Asks; `settled` may be called before this returns."""
        self._call = self._desk.guard.begin(self._once, self._question.type, self._deadline, self._told)

    def leave(self, late: bool = False) -> None:
        """Nobody waits any more: `settled` is not called. `late` where the time ran out for all who did."""
        for asked in self._halves:
            asked.leave(late)
        if self._call is not None:
            self._call.leave(late)

    def _named(self) -> Subjects:
        if not self._asked:
            self._asked = self._subjects()
        return self._asked

    async def _once(self, until: Deadline, turn: Turn) -> BySubject:
        source, question, subjects = self._desk.source, self._question, self._named()
        if source.joined:  # who joins later may have more time than those for whom it goes out
            until = Deadline(time.monotonic() + source.limits.timeout)
        ask = Fetch(
            question.type, question.fields, subjects if question.kind else (), question.where, source.limits.max_rows,
            until, self._request_id, turn, question.delegation, question.ordered,
        )  # fmt: skip
        pages: list[Page] = []
        try:
            async for page in source.connector.fetch(ask):
                pages.append(page)
        except SubjectUnknown:
            pages.clear()
        try:
            return self._replies(ask, pages)
        except (AttributeError, TypeError) as error:
            raise ContractBroken(f"a value is not of its catalogue type ({type(error).__name__})") from None

    def _replies(self, ask: Fetch, pages: list[Page]) -> BySubject:
        kept, dropped = recheck(ask, pages)
        as_of, status, rejected = None, "ANSWERED", 0
        for page in pages:
            if page.as_of is not None and (as_of is None or page.as_of < as_of):
                as_of = page.as_of
            for reason in page.rejected:
                rejected += 1
                self._desk.rejecting(self._desk.platform.id, ask.type, reason)
                self._warn("a row was rejected: %s", reason)
            if page.deleted:
                log.info("platform %s, %s: %d deleted rows left out", self._desk.platform.id, ask.type, page.deleted)
            if page.truncated:
                status = "TRUNCATED"
        if as_of is not None:
            if as_of.utcoffset() is None:
                raise ContractBroken("its `asOf` has no zone")
            self._desk.fresh[ask.type] = as_of
        if dropped:
            self._warn("%d rows outside the question were dropped", dropped)
        if rejected and status == "ANSWERED":
            status = "INVALID"  # a row that did not map may be any asked subject's: none of them is complete
        told = {subject: each for page in pages for subject, each in page.told.items()}
        return {subject: _reply(status, rows, as_of, rejected, told.get(subject)) for subject, rows in kept.items()}

    def _told(self, outcome: BySubject | ConnectorError) -> None:
        self._call = None
        subjects = self._named()
        if isinstance(outcome, ConnectorError):
            for reason in outcome.rejected if isinstance(outcome, ContractBroken) else ():
                self._desk.rejecting(self._desk.platform.id, self._question.type, reason)
            self._warn("%s: %s", type(outcome).__name__, outcome)
            known, until = self.known or {}, outcome.until if isinstance(outcome, Maintenance) else None
            failed = Reply(outcome.status, until=until, told=outcome.told)
            self._settled({key: known.get(key) or failed for key in subjects})
        elif len(subjects) > 1 and any(reply.status == "TRUNCATED" for reply in outcome.values()):
            self._halve(subjects, outcome)
        else:
            self._settled(outcome)

    def _halve(self, subjects: Subjects, known: BySubject) -> None:
        self.known = known
        middle, found = len(subjects) // 2, BySubject()

        def half(replies: BySubject) -> None:
            found.update(replies)
            if len(found) == len(subjects):
                self._settled(found)

        for part in (subjects[:middle], subjects[middle:]):
            asked = partial(_these, part)
            self._halves.append(
                Inquiry(self._desk, self._question, asked, self._deadline, self._request_id, half, known)
            )
        for asking in self._halves:
            asking.begin()

    def _warn(self, message: str, *words: object) -> None:
        log.warning("platform %s, %s: " + message, self._desk.platform.id, self._question.type, *words)


def _these(subjects: Subjects) -> Subjects:
    return subjects


def _reply(status: str, rows: list[Row], as_of: datetime | None, rejected: int, told: Told | None) -> Reply:
    """A gateway's own word on its answer goes before a mere answer, and never before a fault."""
    if told is not None and told.status is not None and status == "ANSWERED":
        status = told.status
    return Reply(status, tuple(rows), as_of, rejected, told=told)
