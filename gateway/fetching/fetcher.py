"""The fetcher: one ask per platform, record type and set of permitted fields, batched by what it declares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract import (
    Condition,
    ConnectorError,
    ContractBroken,
    Deadline,
    Fetch,
    Page,
    Platform,
    SubjectKey,
    SubjectUnknown,
    Turn,
)
from connectors.registry import Registry
from gateway.fetching.checking import recheck
from gateway.fetching.guard import Guard
from gateway.model import ANYBODY, Replies, Reply, Verdict
from policies.model import Facts

log = logging.getLogger(__name__)

# Parts under equal facts may be asked together: what each may have, all of them may have. An open question is asked
# once for all kinds of subject under which the same fields may travel.
AskKey = tuple[str, Facts, tuple[Condition, ...], frozenset[str] | None]


class Fetcher:
    """Fetches verdicts. One per gateway: guards keep what they learn about their platforms."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fresh: dict[tuple[str, str], datetime] = {}
        self._guards = {
            (platform.id, source.name): Guard(source)
            for platform in registry.platforms.values()
            for source in platform.sources.values()
        }

    def as_of(self, platform: str, type_name: str) -> datetime | None:
        """How fresh the platform was for a record type when it last said so; None before that."""
        return self._fresh.get((platform, type_name))

    def is_open(self, platform: str) -> bool:
        """Whether a breaker keeps the gateway away from any of the platform's sources or record types."""
        return any(self._guards[platform, name].is_open for name in self._registry.platforms[platform].sources)

    async def fetch(self, verdict: Verdict, deadline: Deadline, request_id: str) -> Replies:
        """Never raises for a platform: a failure is a Reply with its status. Cancellation stops every ask."""
        groups: dict[AskKey, list[int]] = {}
        by_part: dict[int, Reply] = {}
        for number, part in enumerate(verdict.parts):
            if part.ruling.denied is not None:
                by_part[number] = Reply("DENIED")
                continue
            facts, travelling = part.ruling.facts, None
            if verdict.plan.branches[part.branch].seek is not None:
                facts, travelling = replace(facts, kind=""), part.ruling.asked
            groups.setdefault((part.ruling.platform, facts, part.where, travelling), []).append(number)
        asked: list[tuple[dict[SubjectKey, list[int]], asyncio.Task[dict[SubjectKey, Reply]]]] = []
        async with asyncio.TaskGroup() as tasks:
            for (platform_id, facts, where, _), numbers in groups.items():
                platform = self._registry.platforms[platform_id]
                fields = frozenset[str]().union(*(verdict.parts[n].ruling.asked for n in numbers))
                for chunk in self._chunks(verdict, platform.claim(facts.type).batch, numbers):
                    subjects = tuple(key for key in chunk if key is not ANYBODY.key)
                    ask = Fetch(facts.type, fields, subjects, where, request_id=request_id)
                    asked.append((chunk, tasks.create_task(self._ask(platform, ask, verdict.at, deadline, {}))))
        for chunk, task in asked:
            for subject, numbers in chunk.items():
                by_part.update(dict.fromkeys(numbers, task.result()[subject]))
        return Replies(by_part)

    def _chunks(self, verdict: Verdict, size: int, numbers: list[int]) -> Iterable[dict[SubjectKey, list[int]]]:
        """Parts by subject, as many subjects as the platform takes in one question; a subject is asked once."""
        by_subject: dict[SubjectKey, list[int]] = {}
        for number in numbers:
            by_subject.setdefault(verdict.plan.branches[verdict.parts[number].branch].subject.key, []).append(number)
        subjects = list(by_subject)
        for start in range(0, len(subjects), size):
            yield {subject: by_subject[subject] for subject in subjects[start : start + size]}

    async def _ask(
        self, platform: Platform, ask: Fetch, at: datetime, deadline: Deadline, known: Mapping[SubjectKey, Reply]
    ) -> dict[SubjectKey, Reply]:
        """A reply for each subject (one for an open question); what is `known` stands where the platform fails now."""
        source = platform.source(ask.type)

        async def once(until: Deadline, turn: Turn) -> dict[SubjectKey, Reply]:
            bounded = replace(ask, limit=source.limits.max_rows, deadline=until, turn=turn)
            try:
                pages = [page async for page in source.connector.fetch(bounded)]
            except SubjectUnknown:
                pages = []
            try:
                return self._replies(platform, ask, pages, at)
            except (AttributeError, TypeError) as error:
                raise ContractBroken(f"a value is not of its catalogue type ({type(error).__name__})") from None

        try:
            replies = await self._guards[platform.id, source.name].call(once, ask.type, deadline)
        except ConnectorError as error:
            log.warning("platform %s, %s: %s: %s", platform.id, ask.type, type(error).__name__, error)
            return {key: known.get(key, Reply(error.status)) for key in ask.subjects or (ANYBODY.key,)}
        middle = len(ask.subjects) // 2
        if middle and any(reply.status == "TRUNCATED" for reply in replies.values()):
            # `maxRows` counts over the batch: asked in halves, only who holds too much alone stays cut
            halves = [replace(ask, subjects=part) for part in (ask.subjects[:middle], ask.subjects[middle:])]
            first, second = await asyncio.gather(*(self._ask(platform, half, at, deadline, replies) for half in halves))
            return first | second
        return replies

    def _replies(self, platform: Platform, ask: Fetch, pages: list[Page], at: datetime) -> dict[SubjectKey, Reply]:
        kept, dropped = recheck(ask, (row for page in pages for row in page.rows))
        as_of = min((page.as_of for page in pages if page.as_of is not None), default=None)
        rejected = [reason for page in pages for reason in page.rejected]
        if as_of is not None:
            self._fresh[platform.id, ask.type] = as_of
        if dropped:
            log.warning("platform %s, %s: %d rows outside the question were dropped", platform.id, ask.type, dropped)
        for reason in rejected:
            log.warning("platform %s, %s: a row was rejected: %s", platform.id, ask.type, reason)
        status = "ANSWERED"
        if any(page.truncated for page in pages):
            status = "TRUNCATED"
        elif rejected:
            status = "INVALID"  # a row that did not map may be any asked subject's: none of them is complete
        elif _stale(as_of, platform.stale_after, at):
            status = "STALE"
        return {subject: Reply(status, tuple(rows), as_of, len(rejected)) for subject, rows in kept.items()}


def _stale(as_of: datetime | None, stale_after: float | None, at: datetime) -> bool:
    return as_of is not None and stale_after is not None and at - as_of > timedelta(seconds=stale_after)
