"""Platforms that are not live yet are asked what others were asked, of organisations and their public fields only.

Never of a person: a question is copied when its subject is no natural person and is asked by a USCC, and of the fields
only those travel that are public for organisations and that the platform has not paused. Nobody waits for the answer;
it is counted by its status, held against the platform's own live answer where there is one, and thrown away. A shadow
is asked one question of a record type at a time, and what comes meanwhile is not copied.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Deadline, SubjectKey
from connectors.registry import Registry
from gateway.fetching.daily import Calls
from gateway.fetching.desk import Desk
from gateway.fetching.inquiry import BySubject, Inquiry, Question
from gateway.model import Branch, Reply, Verdict
from gateway.registering.tallying import Tallies

SAME, DIFFERS = "same as live", "differs from live"
USCC = "uscc"
Live = tuple[Reply, frozenset[str]]  # with the fields that were asked


class Shadowing:
    """`public` are the fields by record type that are public for organisations."""

    def __init__(
        self, registry: Registry, public: Mapping[str, frozenset[str]], tallies: Tallies, calls: Calls
    ) -> None:
        self._registry, self._public, self._tallies = registry, public, tallies
        self._desks = {
            (platform.id, name): Desk(platform, platform.source(name), _unheard, calls)
            for platform in registry.platforms.values()
            for name in platform.types
            if not platform.source(name).delegated  # a question on nobody's behalf is none to a peer
        }
        self._asking: dict[tuple[str, str], Inquiry] = {}

    def beside(self, live: Mapping[tuple[str, str], Desk]) -> None:
        """A platform that is live as well, by platform and source, is asked within the bounds that both keep to."""
        for (platform, _), desk in self._desks.items():
            if (other := live.get((platform, desk.source.name))) is not None:
                desk.guard.shares(other.guard)

    def see(self, verdict: Verdict, replies: Mapping[int, Reply]) -> None:
        """A question that was answered."""
        if verdict.caller.terms.sandbox:
            return
        for number, branch in enumerate(verdict.plan.branches):
            if branch.seek is not None or branch.subject.natural or branch.subject.key.kind != USCC:
                continue
            for platform in self._registry.for_type(branch.type, branch.window.regions):
                place = (platform.id, branch.type)
                if place in self._asking or place not in self._desks:
                    continue
                claim, paused = platform.claim(branch.type), platform.paused.get(branch.type, frozenset())
                if branch.type in platform.paused and not paused:
                    continue
                fields = (branch.fields & self._public.get(branch.type, frozenset()) & claim.fields) - paused
                if fields and USCC in claim.keys:
                    self._ask(platform.id, branch, fields, _live(platform.id, number, verdict, replies))

    def pausing(self, registry: Registry) -> None:
        """The same platforms, of which something else is paused from now on."""
        self._registry = registry

    def leave(self) -> None:
        """Nobody is interested any more."""
        for inquiry in self._asking.values():
            inquiry.leave()
        self._asking.clear()
        for desk in self._desks.values():
            desk.guard.leave()

    def _ask(self, platform: str, branch: Branch, fields: frozenset[str], live: Live | None) -> None:
        place, key = (platform, branch.type), branch.subject.key
        desk = self._desks[place]

        def settled(replies: BySubject) -> None:
            self._asking.pop(place, None)
            reply = replies[key]
            self._tallies.shadowed(platform, branch.type, reply.status)
            if live is not None and reply.status == "ANSWERED":
                said, both = live[0], fields & live[1]
                same = _told(reply, both) == _told(said, both)
                self._tallies.shadowed(platform, branch.type, SAME if same else DIFFERS)

        def subjects() -> tuple[SubjectKey, ...]:
            return (key,)

        order = {by.field for by in desk.platform.claim(branch.type).order}
        ordered = bool(order) and order <= self._public.get(branch.type, frozenset())
        question = Question(branch.type, fields, (), key.kind, ordered=ordered)
        deadline = Deadline.within(desk.source.limits.timeout)
        self._asking[place] = inquiry = Inquiry(desk, question, subjects, deadline, "shadow", settled)
        inquiry.begin()


def _live(platform: str, number: int, verdict: Verdict, replies: Mapping[int, Reply]) -> Live | None:
    """What the platform's live declaration said to the same question, where that had no condition."""
    for place, part in enumerate(verdict.parts):
        if part.branch == number and part.ruling.platform == platform and not part.where:
            reply = replies.get(place)
            return (reply, part.ruling.asked) if reply is not None and reply.status == "ANSWERED" else None
    return None


def _told(reply: Reply, fields: frozenset[str]) -> Mapping[str, Mapping[str, object]]:
    return {row.id: {name: value for name, value in row.values.items() if name in fields} for row in reply.rows}


def _unheard(platform: str, type_name: str, reason: str) -> None:
    """Rows of a shadow are counted by the status of its answer."""
