"""The fetcher: one ask per platform, record type and set of permitted fields, batched by what it declares."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from connectors.contract import Condition, Deadline, SubjectKey
from connectors.delegation import Hop
from connectors.registry import Registry
from gateway.fetching.daily import Calls
from gateway.fetching.delegating import delegation
from gateway.fetching.desk import Desk
from gateway.fetching.inquiry import BySubject, Question
from gateway.fetching.joining import Asker, Joining
from gateway.fetching.shadowing import Shadowing
from gateway.model import Replies, Reply, Ruling, Verdict
from gateway.registering.tallying import Tallies

Numbers = list[int]  # parts of the verdict
# Who has the latest deadline of a call is told by the guard, at it; those with an earlier one this much after theirs.
GRACE = 0.02
DENIED = Reply("DENIED")


class Fetcher:
    """Fetches verdicts. One per gateway, of this id: desks keep what they learn about their platforms. `shadowing` sees
    what was asked, and nothing of it comes back."""

    def __init__(
        self,
        registry: Registry,
        tallies: Tallies | None = None,
        shadowing: Shadowing | None = None,
        before: Fetcher | None = None,
        gateway: str = "",
        calls: Calls | None = None,
        usual: float = 0.0,
    ) -> None:
        """`before` is the fetcher whose place this one takes: both keep to each platform's bounds together. `calls` are
        those of a day that other processes draw on too, `usual` the seconds that a request has from its beginning."""
        self._gateway, self.calls = gateway, calls or Calls()
        self._registry, self.tallies, self._shadowing = registry, tallies or Tallies(), shadowing
        self._joining: dict[tuple[str, str], Joining] = {}  # by platform and record type; one for each source
        self._desks: dict[tuple[str, str], Desk] = {}  # by platform and source
        for platform in registry.platforms.values():
            for name, source in platform.sources.items():
                desk = self._desks[platform.id, name] = Desk(platform, source, self.tallies.rejected, self.calls, usual)
                if before is not None and (old := before._desks.get((platform.id, name))) is not None:
                    desk.guard.goes_on(old.guard)
            joining = {name: Joining(self._desks[platform.id, name]) for name in platform.sources}
            self._joining |= {(platform.id, name): joining[source] for name, source in platform.types.items()}
        if shadowing is not None:
            shadowing.beside(self._desks)

    def as_of(self, platform: str, type_name: str) -> datetime | None:
        """How fresh the platform was for a record type when it last said so; None before that."""
        joining = self._joining.get((platform, type_name))
        return joining.desk.fresh.get(type_name) if joining else None

    def is_open(self, platform: str) -> bool:
        """Whether a breaker keeps the gateway away from any of the platform's sources or record types."""
        types = self._registry.platforms[platform].types
        return any(self._joining[platform, name].desk.guard.is_open for name in types)

    def pausing(self, shadows: Registry) -> None:
        """Platforms that are not live, the same as before, of which something else is paused from now on."""
        if self._shadowing is not None:
            self._shadowing.pausing(shadows)

    def leave(self) -> None:
        """Nobody asks any more."""
        if self._shadowing is not None:
            self._shadowing.leave()
        for desk in self._desks.values():
            desk.guard.leave()

    def status(self, platform: str) -> str | None:
        """What is known of the platform before it is asked: a planned window that is open at one of its sources, or a
        breaker; None when nothing speaks against asking."""
        types = self._registry.platforms[platform].types
        if any(self._joining[platform, name].desk.guard.closed_until is not None for name in types):
            return "MAINTENANCE"
        return "UNAVAILABLE" if self.is_open(platform) else None

    async def fetch(self, verdict: Verdict, deadline: Deadline, request_id: str) -> Replies:
        """Never raises for a platform: a failure is a Reply with its status. Cancellation stops every ask."""
        deadline = Deadline(min(deadline.at, verdict.caller.until))
        by_part: dict[int, Reply] = {}
        asked = Asked(verdict.at, by_part)
        for group in _groups(verdict, by_part):
            joining, question = self._joining[group.platform, group.type_name], group.question
            for subjects in _chunks(tuple(group.by_subject), joining.desk.batch(group.type_name)):
                settled = partial(asked.settled, joining.desk, group)
                if joining.desk.source.delegated:
                    behalf = delegation(verdict, group.rulings, subjects, Hop(self._gateway, request_id))
                    question = question._replace(delegation=behalf)
                asked.asks.append((joining, question, Asker(subjects, deadline, request_id, settled)))
        if asked.asks:
            await asked.all(deadline)
        if self._shadowing is not None:
            self._shadowing.see(verdict, by_part)
        return Replies(by_part)


class Asked:
    """All that one request asks, on its way; replies go to the parts that wait for them."""

    def __init__(self, at: datetime, by_part: dict[int, Reply]) -> None:
        self._at, self._by_part = at, by_part
        self.asks: list[tuple[Joining, Question, Asker]] = []
        self._missing = 0

    async def all(self, deadline: Deadline) -> None:
        """Asks, and returns when the last is settled, or told that time is up."""
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        self._missing = len(self.asks)
        timer = loop.call_later(deadline.left() + GRACE, self._late)
        try:
            for joining, question, asker in self.asks:
                joining.ask(question, asker)
            await self._done
        except asyncio.CancelledError:
            for _, _, asker in self.asks:
                asker.leave()
            raise
        finally:
            timer.cancel()
            self.asks.clear()  # no circle of references is left for the garbage collector

    def settled(self, desk: Desk, group: Group, replies: BySubject) -> None:
        for subject, reply in replies.items():
            dated = desk.dated(reply, self._at)
            for number in group.by_subject[subject]:
                self._by_part[number] = dated
        self._missing -= 1
        if not self._missing and not self._done.done():
            self._done.set_result(None)

    def _late(self) -> None:
        for _, _, asker in self.asks:
            asker.expire()


class Group:
    """Parts that are asked together, by subject: what each may have, all of them may have."""

    __slots__ = ("by_subject", "fields", "platform", "rulings", "seeks", "type_name", "where")

    def __init__(self, ruling: Ruling, where: tuple[Condition, ...], seeks: bool) -> None:
        self.platform, self.type_name, self.fields = ruling.platform, ruling.facts.type, ruling.asked
        self.rulings, self.where, self.seeks = [ruling], where, seeks
        self.by_subject: dict[SubjectKey, Numbers] = {}

    @property
    def question(self) -> Question:
        kind = "" if self.seeks else next(iter(self.by_subject)).kind
        return Question(self.type_name, self.fields, self.where, kind, ordered=self.rulings[0].ordered)

    def takes(self, ruling: Ruling, where: tuple[Condition, ...], seeks: bool) -> bool:
        """Parts under equal facts may be asked together. An open question is asked once for all kinds of subject under
        which the same fields may travel and order the rows."""
        if where != self.where or seeks != self.seeks:
            return False
        first = self.rulings[0]
        mine, facts = first.facts, ruling.facts
        if seeks:
            alike = (ruling.asked, ruling.ordered) == (first.asked, first.ordered)
            return alike and replace(facts, kind=mine.kind) == mine
        return facts == mine


def _groups(verdict: Verdict, by_part: dict[int, Reply]) -> list[Group]:
    """The parts that may be fetched; those of a closed ask are answered at once.

    Rulings are told apart as objects first: facts are compared only where a platform has several for one type.
    """
    found: dict[tuple[int, bool, tuple[Condition, ...]], Group] = {}
    alike: dict[tuple[str, str], list[Group]] = {}
    branches = verdict.plan.branches
    for number, part in enumerate(verdict.parts):
        ruling, branch = part.ruling, branches[part.branch]
        if ruling.denied is not None:
            by_part[number] = DENIED
            continue
        key = (id(ruling), branch.seek is not None, part.where)
        group = found.get(key)
        if group is None:
            near = alike.setdefault((ruling.platform, ruling.facts.type), [])
            group = next((each for each in near if each.takes(ruling, part.where, key[1])), None)
            if group is None:
                near.append(group := Group(ruling, part.where, key[1]))
            else:
                group.fields |= ruling.asked
                group.rulings.append(ruling)
            found[key] = group
        group.by_subject.setdefault(branch.subject.key, []).append(number)
    return [group for groups in alike.values() for group in groups]


def _chunks(subjects: tuple[SubjectKey, ...], size: int) -> Iterator[tuple[SubjectKey, ...]]:
    """As many subjects as the platform takes in one question."""
    return (subjects[start : start + size] for start in range(0, len(subjects), size))
