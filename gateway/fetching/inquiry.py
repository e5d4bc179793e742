"""One question to one platform, through its guard, until every asked subject has its reply.

`maxRows` counts over all subjects of a question: one that was cut short is asked in halves, so that only who holds too
much alone stays cut. What was read before stands where a half is not answered. Never raises for a platform.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from connectors.contract import (
    Condition,
    ConnectorError,
    ContractBroken,
    Deadline,
    Fetch,
    Page,
    SubjectKey,
    SubjectUnknown,
    Turn,
)
from gateway.fetching.checking import recheck
from gateway.fetching.desk import Desk
from gateway.fetching.guard import Call
from gateway.fetching.slots import Until
from gateway.model import ANYBODY, Reply

log = logging.getLogger(__name__)

BySubject = dict[SubjectKey, Reply]
Settled = Callable[[BySubject], None]


class Inquiry:
    """`settled` gets a reply for each subject (that of an open question under `ANYBODY`), once, unless left before."""

    __slots__ = ("_call", "_deadline", "_desk", "_fields", "_halves", "_known", "_request_id", "_settled", "_where",
                 "subjects", "type_name")  # fmt: skip

    def __init__(
        self, desk: Desk, type_name: str, fields: frozenset[str], where: tuple[Condition, ...],
        subjects: tuple[SubjectKey, ...], deadline: Until, request_id: str, settled: Settled,
        known: Mapping[SubjectKey, Reply] | None = None,
    ) -> None:  # fmt: skip
        self._desk, self.type_name, self._fields, self._where = desk, type_name, fields, where
        self.subjects, self._deadline, self._request_id = subjects, deadline, request_id
        self._settled, self._known = settled, known
        self._call: Call[BySubject] | None = None
        self._halves: list[Inquiry] = []

    def begin(self) -> None:
        """Asks; `settled` may be called before this returns."""
        self._call = self._desk.guard.begin(self._once, self.type_name, self._deadline, self._told)

    def leave(self, late: bool = False) -> None:
        """Nobody waits any more: `settled` is not called. `late` where the time ran out for all who did."""
        for asked in self._halves:
            asked.leave(late)
        if self._call is not None:
            self._call.leave(late)

    async def _once(self, until: Deadline, turn: Turn) -> BySubject:
        source = self._desk.source
        ask = Fetch(
            self.type_name, self._fields, () if self.subjects == (ANYBODY.key,) else self.subjects, self._where,
            source.limits.max_rows, until, self._request_id, turn,
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
                self._warn("a row was rejected: %s", reason)
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
        return {subject: Reply(status, tuple(rows), as_of, rejected) for subject, rows in kept.items()}

    def _told(self, outcome: BySubject | ConnectorError) -> None:
        if isinstance(outcome, ConnectorError):
            self._warn("%s: %s", type(outcome).__name__, outcome)
            known = self._known or {}
            self._settled({key: known.get(key) or Reply(outcome.status) for key in self.subjects})
        elif len(self.subjects) > 1 and any(reply.status == "TRUNCATED" for reply in outcome.values()):
            self._halve(outcome)
        else:
            self._settled(outcome)

    def _halve(self, known: BySubject) -> None:
        middle, found = len(self.subjects) // 2, BySubject()

        def half(replies: BySubject) -> None:
            found.update(replies)
            if len(found) == len(self.subjects):
                self._settled(found)

        self._halves = [
            Inquiry(self._desk, self.type_name, self._fields, self._where, part, self._deadline, self._request_id,
                    half, known)
            for part in (self.subjects[:middle], self.subjects[middle:])
        ]  # fmt: skip
        for asked in self._halves:
            asked.begin()

    def _warn(self, message: str, *words: object) -> None:
        log.warning("platform %s, %s: " + message, self._desk.platform.id, self.type_name, *words)
