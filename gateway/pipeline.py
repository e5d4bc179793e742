"""The corridor: every stage of a request, in order, on one screen.

    receiving -> authenticating -> reading -> planning -> deciding -> fetching -> shaping -> auditing -> answer

Each stage takes what the one before made and never calls back. Nothing leaves before its record is on disk.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.contract import Deadline
from gateway.auditing import AuditLog, AuditUnavailable, Outcome, Record
from gateway.authenticating import Authenticator
from gateway.deciding import Decider
from gateway.errors import GatewayError, refused
from gateway.fetching import Fetcher
from gateway.model import Answer, Caller, Operation, Replies, Verdict
from gateway.planning import Planner
from gateway.rationing import Allowance, Rations
from gateway.reading import Reader
from gateway.receiving import Incoming, receive
from gateway.shaping import Shaper

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trace:
    """How far a request came: what the audit record is made of."""

    caller: Caller | None = None
    operation: Operation | None = None
    verdict: Verdict | None = None
    replies: Replies | None = None
    allowance: Allowance = field(default_factory=Allowance)


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
    rations: Rations = field(default_factory=Rations)

    async def answer(self, incoming: Incoming) -> Answer:
        """One request, answered or refused, and recorded. Raises nothing but cancellation."""
        start, at, decision, trace = time.monotonic(), self.now(), secrets.token_hex(13), Trace()
        try:
            answer = await self._walk(incoming, at, decision, trace)
        except GatewayError as error:
            if error.cause:
                log.warning("decision %s refused, %s: %s", decision, error.code, error.cause)
            answer = refused(error, incoming.language)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets INTERNAL and a record is kept
            # where it broke, not what it said: the text of an unforeseen error may hold a value
            places = " > ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__))
            log.error("internal error, reference %s: %s in %s", decision, type(error).__name__, places)
            answer = refused(GatewayError("INTERNAL", reference=decision), incoming.language)
        headers = {**trace.allowance.headers, **answer.headers}
        answer = replace(answer, extensions={**answer.extensions, "decision": decision}, headers=headers)
        outcome = Outcome(answer.status, answer.codes, answer.complete, (time.monotonic() - start) * 1000)
        digest = trace.operation.digest if trace.operation else None
        try:
            record = Record(decision, at, trace.caller, digest, outcome, trace.verdict, trace.replies, answer.shown)
            await self.audit.append(record)
        except AuditUnavailable as error:
            log.error("decision %s cannot be recorded: %s", decision, error.cause)
            return refused(error, incoming.language)
        return answer

    async def _walk(self, incoming: Incoming, at: datetime, decision: str, trace: Trace) -> Answer:
        deadline = Deadline.within(self.deadline)
        request = receive(incoming)
        trace.caller = caller = await self.authenticator.authenticate(
            incoming.headers, request.extensions, incoming.method, incoming.peer
        )
        trace.allowance = allowance = self.rations.begin(caller)
        work = await self.reader.turn(request, caller.id)
        with work:
            trace.operation = operation = self.reader.read(request)
            trace.verdict = verdict = self.decider.decide(self.planner.plan(operation, caller), caller, at)
            self.rations.count(verdict, self.decider.agreed.under(verdict), allowance)
        trace.replies = replies = await self.fetcher.fetch(verdict, deadline, decision)
        with work:
            return self.shaper.shape(request, operation, verdict, replies)
