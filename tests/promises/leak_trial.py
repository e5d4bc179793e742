"""A gateway before canary platforms, and everybody who asks it, all at once, by every way in.

Each voice has a connection of its own and asks the same questions as the others: what one was answered lies warm when
the next one asks. Kept: what leaked, what was asked of the platforms and for whom, and what the gateway logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from connectors.contract import SubjectKey
from gateway.checking import read_policies
from policies.model import Field
from tests.conftest import House, gateway_beside
from tests.promises import ways_by_mistake, ways_of_asking, ways_on_the_wire
from tests.promises.canaries import Asked, Canaries, registry
from tests.promises.leaking import VOICES, Judge, Line, Sent, Voice
from tests.promises.ways_in import WAYS, Aim

FILLED_BY = (ways_of_asking, ways_by_mistake, ways_on_the_wire)  # importing them fills the table of ways

SUBJECTS = {"penalised": "Enterprise", "debtor_person": "NaturalPerson"}
CURSORS = """query($id: SubjectKey!) { subject(id: $id) { registrations { pageInfo { endCursor } }
    administrativePenalties { pageInfo { endCursor } } judgmentDebtors { pageInfo { endCursor } } } }"""
PUBLIC = VOICES[-1]
HOUSE = ("gateway", "credit_gateway", "connectors", "policies")  # whose loggers are heard


@dataclass
class Trial:
    """See above. `bodies` are the answers of some ways, by voice, kind and way."""

    house: House
    judge: Judge
    asked: list[Asked]
    aims: list[Aim] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    decisions: dict[str, Voice] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    bodies: dict[tuple[Voice, str, str], bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    made: dict[str, dict[str, list[Sent]]] = field(default_factory=dict)

    async def walk(self) -> None:
        await asyncio.gather(*(self._speak(voice) for voice in VOICES))

    async def _speak(self, voice: Voice) -> None:
        parts = urlsplit(self.house.url)
        line, token = Line((str(parts.hostname), int(parts.port or 80))), voice.headers(self.house)
        for aim in self.aims:
            for name, requests in self.ways(aim).items():
                for sent in requests:
                    body = await self._ask(voice, line, token, name, sent)
                    if name in ways_of_asking.COMPARED:
                        self.bodies[voice, aim.kind, name] = body
        line.close()

    def ways(self, aim: Aim) -> dict[str, list[Sent]]:
        """The requests of every way: the same for all voices."""
        if aim.kind not in self.made:
            self.made[aim.kind] = {name: list(way(aim)) for name, way in WAYS.items()}
        return self.made[aim.kind]

    async def _ask(self, voice: Voice, line: Line, token: dict[str, str], name: str, sent: Sent) -> bytes:
        status = 429
        while status == 429:  # new documents wait their turn; the gateway holds who came too early
            head, body = await line.exchange(sent.raw(token))
            status = int(head.split(b" ", 2)[1])
        self.statuses[name][status] += 1
        speaker = voice if sent.signed and "Authorization" not in sent.headers else PUBLIC
        self.leaks += [f"{name}: {leak}" for leak in self.judge.leaks(speaker, sent, head, body)]
        _, _, told = body.rpartition(b'"decision":"')
        self.decisions[told.partition(b'"')[0].decode("latin-1")] = speaker
        return body

    def ways_to(self, aim: Aim) -> Counter[str]:
        """In how many ways each field of an aim, by its coordinate, is reached for."""
        found: Counter[str] = Counter()
        for requests in self.ways(aim).values():
            words = {word for sent in requests for word in re.findall(r"[A-Za-z]+", sent.text)}
            found.update(
                item.coordinate
                for record, items in aim.each() if {record.name, record.connection} & words
                for item in items if {item.leaf, f"{item.leaf}x"} & words
            )  # fmt: skip
        return found


@contextmanager
def trial_beside(house: House, folder: Path) -> Iterator[Trial]:
    """A trial that was not walked yet."""
    policies = read_policies(house.home / "policies")
    keys = {
        SubjectKey(cast("Any", kind), value): of
        for name, of in SUBJECTS.items()
        for kind, value in house.key(name).items()
    }
    canaries, asked = Canaries(policies.catalogue, keys), list[Asked]()
    platforms = registry(canaries, asked)
    with gateway_beside(
        house, folder, change=lambda known: replace(known, registry=platforms), get="on", deadline=60.0
    ) as beside:
        found = Trial(beside, Judge(policies, beside, canaries), asked)
        found.aims = [aim_at(found, subject) for subject in keys]
        asked.clear()
        with _heard(found.log):
            yield found


def aim_at(trial: Trial, subject: SubjectKey) -> Aim:
    """What some voice may not have in full of a subject, and what an attacker may know beside it."""
    judge, house = trial.judge, trial.house
    catalogue, kind = judge.policies.catalogue, judge.canaries.subjects[subject]
    wanted = {item.coordinate for voice in VOICES for item in judge.pairs(voice, subject)}
    targets: dict[str, list[Field]] = {}
    for record in catalogue.types.values():
        items = [item for item in record.fields.values() if item.coordinate in wanted]
        if items and kind in record.kinds:
            targets[record.name] = items
    others = [key for key in judge.canaries.subjects if key != subject]
    others.append(SubjectKey("uscc", house.key("clean")["uscc"]))
    cursors: list[str] = []
    for voice in VOICES:
        key = {subject.kind: subject.value}
        answer = house.ask(CURSORS, key, as_=voice.caller, purpose=voice.purpose, subject=voice.own)
        cursors += re.findall(r"'endCursor': '([^']+)'", str(answer))
    consents = [str(known["token"]) for known in house.demo.consents.values()]
    return Aim(subject, kind, targets, catalogue, judge.canaries, others, cursors, consents)


@contextmanager
def _heard(log: list[str]) -> Iterator[None]:
    """All that the house's own loggers say while the block runs, to the last detail."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.append(self.format(record))

    ear, loggers = Ear(logging.DEBUG), [logging.getLogger(name) for name in HOUSE]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(ear)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(ear)
            logger.setLevel(level)
