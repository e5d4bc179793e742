"""The fetcher: one ask per platform, record type and set of permitted fields, batched by what it declares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract import (
    Condition,
    ConnectorError,
    Deadline,
    Fetch,
    Page,
    Platform,
    SubjectKey,
    SubjectUnknown,
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
        self._guards: dict[tuple[str, str], Guard] = {}

    def is_open(self, platform: str) -> bool:
        """Whether the breaker of any of the platform's sources keeps the gateway away."""
        return any(guard.is_open for (owner, _), guard in self._guards.items() if owner == platform)

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
        async with asyncio.TaskGroup() as tasks:
            for (platform_id, facts, where, _), numbers in groups.items():
                platform = self._registry.platforms[platform_id]
                fields = frozenset[str]().union(*(verdict.parts[n].ruling.asked for n in numbers))
                for chunk in self._chunks(verdict, platform.claim(facts.type).batch, numbers):
                    subjects = tuple(key for key in chunk if key is not ANYBODY.key)
                    ask = Fetch(facts.type, fields, subjects, where, request_id=request_id)
                    tasks.create_task(self._ask(platform, ask, chunk, verdict.at, deadline, by_part))
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
        self,
        platform: Platform,
        ask: Fetch,
        chunk: dict[SubjectKey, list[int]],
        at: datetime,
        deadline: Deadline,
        by_part: dict[int, Reply],
    ) -> None:
        source = platform.source(ask.type)
        guard = self._guards.setdefault((platform.id, source.name), Guard(source))

        async def once(until: Deadline) -> dict[SubjectKey, Reply]:
            bounded = replace(ask, limit=source.limits.max_rows, deadline=until)
            pages = [page async for page in source.connector.fetch(bounded)]
            return self._replies(platform, ask, pages, at)  # inside the guard: odd values are the platform's failure

        try:
            replies = await guard.call(once, deadline)
        except SubjectUnknown:
            replies = self._replies(platform, ask, [], at)
        except ConnectorError as error:
            log.warning("platform %s, %s: %s: %s", platform.id, ask.type, type(error).__name__, error)
            for numbers in chunk.values():
                by_part.update(dict.fromkeys(numbers, Reply(error.status)))
            return
        for subject, numbers in chunk.items():
            by_part.update(dict.fromkeys(numbers, replies[subject]))

    def _replies(self, platform: Platform, ask: Fetch, pages: list[Page], at: datetime) -> dict[SubjectKey, Reply]:
        kept, dropped = recheck(ask, (row for page in pages for row in page.rows))
        as_of = min((page.as_of for page in pages if page.as_of is not None), default=None)
        rejected = [reason for page in pages for reason in page.rejected]
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
