"""The corridor: every stage of a request, in order, on one screen.

    receiving -> authenticating -> reading -> planning -> deciding -> fetching -> shaping -> answer
                                                                          \\-> auditing, always, also for refusals

Each stage takes what the one before made and never calls back. Nothing leaves before its record is on disk.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.contract import Deadline
from gateway.auditing import AuditLog
from gateway.auditing.log import AuditUnavailable
from gateway.auditing.record import Outcome, Record
from gateway.authenticating import Authenticator
from gateway.deciding import Decider
from gateway.errors import GatewayError, Refusal
from gateway.fetching import Fetcher
from gateway.model import Answer, Caller, Operation, Replies, Verdict
from gateway.planning import Planner
from gateway.reading import Reader
from gateway.receiving import receive
from gateway.shaping import Shaper

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request: raw header pairs, its body (or why there is none), strictness and language."""

    headers: list[tuple[bytes, bytes]]
    body: bytes | GatewayError
    strict: bool = False
    language: str = "en"


@dataclass(slots=True)
class Trace:
    """How far a request came: what the audit record is made of."""

    caller: Caller | None = None
    operation: Operation | None = None
    verdict: Verdict | None = None
    replies: Replies | None = None


@dataclass(frozen=True, slots=True)
class Corridor:
    """The rooms, wired once by `app`; `deadline` in seconds."""

    authenticator: Authenticator
    reader: Reader
    planner: Planner
    decider: Decider
    fetcher: Fetcher
    shaper: Shaper
    audit: AuditLog
    deadline: float
    now: Callable[[], datetime]

    async def answer(self, incoming: Incoming) -> Answer:
        """One request, answered or refused, and recorded. Raises nothing but cancellation."""
        start, at, decision, trace = time.monotonic(), self.now(), secrets.token_hex(13), Trace()
        try:
            answer = await self._walk(incoming, at, decision, trace)
        except GatewayError as error:
            answer = refused(error, incoming.language)
        except Exception:
            log.exception("internal error, reference %s", decision)
            answer = refused(GatewayError("INTERNAL", detail=decision), incoming.language)
        answer = replace(answer, extensions={**answer.extensions, "decision": decision})
        milliseconds = (time.monotonic() - start) * 1000
        codes = tuple(str(error["extensions"]["code"]) for error in answer.errors)
        outcome = Outcome(answer.status, codes, answer.complete, milliseconds)
        digest = trace.operation.digest if trace.operation else None
        record = Record(decision, at, trace.caller, digest, outcome, trace.verdict, trace.replies, answer.shown)
        try:
            await self.audit.append(record)
        except AuditUnavailable as error:
            log.error("the audit log cannot be written: %s", error.cause)
            return refused(error, incoming.language)
        return answer

    async def _walk(self, incoming: Incoming, at: datetime, decision: str, trace: Trace) -> Answer:
        if isinstance(incoming.body, GatewayError):
            raise incoming.body
        deadline = Deadline.within(self.deadline)
        request = receive(incoming.body, strict=incoming.strict, language=incoming.language)
        trace.caller = caller = await self.authenticator.authenticate(incoming.headers, request.extensions)
        trace.operation = operation = self.reader.read(request)
        plan = self.planner.plan(operation, caller)
        trace.verdict = verdict = self.decider.decide(plan, caller, at)
        trace.replies = replies = await self.fetcher.fetch(verdict, deadline, decision)
        return self.shaper.shape(request, operation, verdict, replies)


def refused(error: GatewayError, language: str) -> Answer:
    """The answer without data; every error of a Refusal is told."""
    errors: tuple[Any, ...] = error.errors if isinstance(error, Refusal) else (error,)
    told = tuple(item.as_graphql(language) for item in errors)
    return Answer(None, told, {"complete": False}, False, error.status, error.headers)
