"""A running gateway takes up what is activated, without a restart and without a request that sees two versions.

    ten times a second: has the pointer stirred? -> judge, load, try the cases (in a thread) -> wire -> swap -> say so

The corridor is replaced as one object: a request that has begun ends by the rooms it began with, the next one begins
with the new. What cannot be obeyed changes nothing and is told. Whatever only the old rooms used is given back when no
request can be using it any more. A changed registry of clients is put into the rooms that stand. What is said of
platforms is taken up the same way, and recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from gateway.auditing import AuditLog
from gateway.auditing.record import instant
from gateway.authenticating.asking import Introspector
from gateway.authenticating.clients import Clients
from gateway.authenticating.following import Following
from gateway.authenticating.jwks import Jwks
from gateway.environment import Environment, store_of
from gateway.governing.obeying import Declined, Governed, Obeying
from gateway.governing.seen import Presence
from gateway.pipeline import Corridor
from gateway.registering.enrolment import Enrolled, Enrolment
from gateway.registering.standing import Course
from gateway.settings import Settings
from gateway.wiring import Configuration, closing, configured, decider, opened, paused, redecided, replanted

EVERY = 0.1  # seconds between two looks at the pointer
AGAIN = 2.0  # seconds after which what could not be written down is written again
SELDOM = 60.0  # seconds between two tries of a step that cannot be taken up
RETIRED = 2.0  # how many of a request's longest times old rooms are kept

_log = logging.getLogger("credit_gateway.reloading")


@dataclass(frozen=True, slots=True)
class Unmet:
    """A step that could not be taken up: it is tried again ever more seldom, because each time costs a start."""

    step: str | None = None
    until: float = 0.0  # monotonic seconds
    pause: float = 1.0  # seconds

    def waits(self, step: str | None) -> bool:
        return step is not None and step == self.step and time.monotonic() < self.until

    def again(self, step: str | None) -> Unmet:
        pause = min(self.pause * 2, SELDOM) if step == self.step else 2.0
        return Unmet(step, time.monotonic() + pause, pause)


class Reloading:
    """Keeps one process at what is in force. `known` and `corridor` are what it answers by."""

    def __init__(
        self,
        settings: Settings,
        known: Configuration,
        corridor: Corridor,
        audit: AuditLog,
        jwks: Jwks,
        now: Callable[[], datetime],
        worker: int,
    ) -> None:
        self.known, self.corridor = known, corridor
        self.failures: Counter[str] = Counter()  # by reason
        self._settings, self._audit, self._jwks, self._now = settings, audit, jwks, now
        self._obeying = Obeying(settings.home, settings.province, known.governed, now)
        self._presence = Presence(settings.home, worker)
        self.store = store_of(settings)
        self._enrolment = Enrolment(settings.home, self.store, known.enrolled, now)
        self._unmet = Unmet()
        self._changing, self._telling = asyncio.Lock(), asyncio.Lock()
        self._closed: Course | None = None  # what closed something although it cannot be obeyed as a whole
        self._retired: set[asyncio.Task[None]] = set()
        self.clients = Following(
            settings.home, lambda: self.known.policies.catalogue, self._registered, fapi=settings.fapi
        )

    @property
    def governed(self) -> Governed:
        """What is obeyed; `declined` is what is not."""
        return self._obeying.governed

    @property
    def enrolled(self) -> Enrolled:
        """Which steps of platforms are obeyed; `declined` is what is not."""
        return self._enrolment.enrolled

    async def follow(self, swap: Callable[[Corridor], None]) -> None:
        """Until it is cancelled. `swap` puts a corridor in the place of the one that answers."""
        looks = (self._obeying.stirred, self.look), (self._enrolment.stirred, self.enrol)
        async with asyncio.TaskGroup() as following:  # apart: a store that hangs holds up no policy
            for stirred, look in looks:
                following.create_task(self._following(stirred, partial(look, swap)))

    async def _following(self, stirred: Callable[[], bool], look: Callable[[], Awaitable[None]]) -> None:
        due = math.inf  # monotonic seconds
        while True:
            await asyncio.sleep(EVERY)
            if not stirred() and time.monotonic() < due:
                continue
            due = math.inf
            try:
                await look()
                async with self._telling:
                    await asyncio.to_thread(self.tell)
            except Exception as error:  # noqa: BLE001  # a full disk, say: what answers goes on, and looks again
                _log.error("what is in force could not be followed: %s", error)
                due = time.monotonic() + AGAIN

    async def look(self, swap: Callable[[Corridor], None] = lambda corridor: None) -> None:
        """Take up what the pointer says, if it can be obeyed. Raises OSError when it cannot be written down."""
        governed = await asyncio.to_thread(self._obeying.look)
        if governed.policies is not self.governed.policies:
            try:
                async with self._changing:
                    governed = await self._taken_up(governed)
                    swap(self.corridor)
            except Exception as error:  # noqa: BLE001  # whatever it is, what is obeyed stays
                governed = await self._closing(_declined(governed.course.seq, error), swap)
        declined = governed.declined
        if declined is not None and declined != self.governed.declined:
            self.failures[declined.reason] += 1
        await asyncio.to_thread(self._obeying.obeys, governed)

    async def _closing(self, declined: Declined, swap: Callable[[Corridor], None]) -> Governed:
        """What is obeyed, when the set that came does not fit; what was closed over that one is closed over this."""
        governed = await asyncio.to_thread(self._obeying.closing, declined)
        if governed.policies is self.governed.policies:
            return governed
        try:
            async with self._changing:
                governed = await self._taken_up(governed)
                swap(self.corridor)
        except Exception as error:  # noqa: BLE001  # the set is the one that answers: only the machine can fail
            _log.error("what was closed is not closed here: %s", error)
            return replace(self.governed, declined=declined)
        return governed

    async def enrol(self, swap: Callable[[Corridor], None] = lambda corridor: None) -> None:
        """Take up what was said of platforms, if it can be obeyed, and record it. Raises OSError when it cannot be
        written down."""
        enrolled = await asyncio.to_thread(self._enrolment.look)
        before = self.enrolled
        if self._unmet.waits(enrolled.course.last) or not self._enrolment.news(enrolled):
            return
        async with self._changing:
            enrolled = await self._enrolled_by(enrolled, swap)
        if enrolled.declined is not None and enrolled.declined != before.declined:
            self.failures[enrolled.declined.reason] += 1
        if enrolled.declined is None:
            await self._record(enrolled)
        await asyncio.to_thread(self._enrolment.obeys, enrolled)

    async def _enrolled_by(self, enrolled: Enrolled, swap: Callable[[Corridor], None]) -> Enrolled:
        """What is obeyed by now, with the reason why the rest is not."""
        before = self.enrolled
        if enrolled.declined is None and (enrolled.course is not before.course or self._closed is not None):
            try:
                if self._closed is not None or _asked(enrolled) != _asked(self.known.enrolled):
                    await self._renewed(enrolled)
                    swap(self.corridor)
                self.known, self._closed = replace(self.known, enrolled=enrolled), None
            except Exception as error:  # noqa: BLE001  # whatever it is: what a pause closes is closed
                self._unmet = self._unmet.again(enrolled.course.last)
                declined = _declined(enrolled.course.seq, error, "; what was paused or retired is closed all the same")
                enrolled = replace(before, declined=declined, closing=enrolled.course)
        if enrolled.closing is not None and (closed := closing(self.known, enrolled.closing)) is not None:
            self._closed = enrolled.closing
            self._decided_by(closed)
            swap(self.corridor)
        return enrolled

    async def _record(self, enrolled: Enrolled) -> None:
        """Each step, once this process obeys it: what happened stands in its log beside the questions."""
        for done in enrolled.course.steps[self._enrolment.told :]:
            words = {name: value for name, value in done.step.plain.items() if value is not None}
            change = {**words, "by": done.by, "id": done.id, "signed": instant(done.at)}
            await self._audit.note({"at": instant(self._now()), "change": change})
            self._enrolment.told = done.seq

    def tell(self) -> None:
        """Say what is obeyed, so that who activates knows."""
        governed = self.governed
        since = governed.standing.since
        declined = governed.declined
        unmet = self.enrolled.declined
        self._presence.tell(
            seq=governed.course.seq,
            digest=governed.policies.digest,
            since=since.isoformat() if since else None,
            refused=declined.plain if declined else None,
            step=self.enrolled.course.seq,
            declined=unmet.plain if unmet else None,
        )

    async def close(self) -> None:
        """Give back what is left of old rooms, and what the present ones have; say nothing any more."""
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        await _closing(self.known, self.corridor)()
        self.corridor.fetcher.calls.close()
        await asyncio.to_thread(self.store.close)
        self._presence.gone()

    async def _taken_up(self, governed: Governed) -> Governed:
        """The rooms for other policies stand ready in `corridor` when this returns. Raises what the home refuses."""
        same = await asyncio.to_thread(redecided, self.known, governed)
        if same is not None:
            self._decided_by(replace(same, clients=self.known.clients))  # others may have come meanwhile
            return same.governed
        known = await asyncio.to_thread(configured, self._settings, governed, self.known.enrolled)
        await self._wired_anew((closing(known, self._closed) if self._closed else None) or known)
        return governed

    async def _renewed(self, enrolled: Enrolled) -> None:
        """The same for other platforms; a pause alone needs only another decider."""
        same = paused(self.known, enrolled)
        if same is not None:
            self._decided_by(same)
        else:
            known = await asyncio.to_thread(configured, self._settings, self.known.governed, enrolled)
            corridor = await replanted(self._settings, known, self.corridor)
            known = replace(known, clients=self.known.clients, documents=self.known.documents)  # of the rooms that stay
            for told in known.warnings:
                if told not in self.known.warnings:
                    _log.warning("%s", told)
            self._in_place(known, corridor, whole=False)

    def _decided_by(self, known: Configuration) -> None:
        """Another decider for the rooms that stand, and what is paused."""
        self.known, self.corridor = known, replace(self.corridor, decider=decider(self._settings, known))
        self.corridor.fetcher.pausing(known.shadows)

    async def _wired_anew(self, known: Configuration) -> None:
        rations, before = self.corridor.rations, self.corridor.fetcher
        corridor = await opened(self._settings, known, self._audit, self._now, self._jwks, rations, before)
        self._in_place(known, corridor)
        self.clients.again()  # the file may have changed since these rooms read it

    def _in_place(self, known: Configuration, corridor: Corridor, whole: bool = True) -> None:
        task = asyncio.create_task(self._retire(_closing(self.known, self.corridor, whole)))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)
        self.known, self.corridor = known, corridor

    def _registered(self, clients: Clients) -> None:
        """Other clients, under the same words. Raises SecretError."""
        if clients == self.known.clients:
            return
        same = clients.issuers == self.known.clients.issuers
        asks = None if same else Introspector(clients.issuers, Environment(self._settings).resolve)
        self.corridor.authenticator.use(clients, asks)
        self.known = replace(self.known, clients=clients)

    async def _retire(self, closing: Callable[[], Awaitable[None]]) -> None:
        """No request lasts longer than its deadline and what is left to do then."""
        with contextlib.suppress(asyncio.CancelledError):  # at the end of the process it is done at once
            await asyncio.sleep(RETIRED * self._settings.deadline)
        await closing()


def _closing(known: Configuration, corridor: Corridor, whole: bool = True) -> Callable[[], Awaitable[None]]:
    """Not `whole` where only the platforms are others, and the other rooms stay."""

    async def close() -> None:
        if whole:
            await corridor.authenticator.close()
        corridor.fetcher.leave()
        await known.registry.close()
        await known.shadows.close()

    return close


def _declined(seq: int, error: Exception, more: str = "") -> Declined:
    known = isinstance(error, ValueError | OSError)
    return Declined(seq, "home" if known else "internal", f"{error if known else type(error).__name__}{more}")


def _asked(enrolled: Enrolled) -> tuple[object, object]:
    return enrolled.course.answering, enrolled.course.paused
