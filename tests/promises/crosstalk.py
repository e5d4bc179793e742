"""Two partners at once, over many connections, for several purposes, under changing policies: `make crosstalk`.

Every question was answered before to each of them alone, under each version of the policies. In the crowd each answer
must be that answer to the byte, but for its decision's id: what belongs to the other partner, to another subject or to
the other version would be a byte that differs. What alone is right the leak matrix's judge says, by the interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import click

from connectors.contract import SubjectKey
from gateway.checking import read_policies
from tests.conftest import House, gateway_beside, open_house
from tests.promises.canaries import Asked, Canaries, registry
from tests.promises.leaking import KEYED, Judge, Line, Sent, Voice
from tests.promises.officers import Chamber, obeyed, open_chamber
from tests.promises.small_sets import seal
from tests.promises.trial_platforms import organisation, person

VOICES = (
    Voice("shanghai-market-bureau", "gov.licensing"),
    Voice("weihai-licensing-desk", "gov.licensing"),
    Voice("shanghai-market-bureau", "gov.procurement"),
)
FIRMS, PERSONS = 12, 8
LINES = 16  # connections at once
PENALTY = "documentNo legalRepresentative legalRepIdNo personIdNo facts fineAmountWan decisionDate procedure"
SELECTIONS = (
    f"subject(id: $id) {{ id name administrativePenalties {{ nodes {{ id {PENALTY} }} totalCount }} }}",
    "subject(id: $id) { registrations { nodes { id name legalRepIdNo legalRep address } complete } }",
    "subject(id: $id) { judgmentDebtors { edges { cursor node { id name caseNo idOrOrgCode } } } }",
    f"creditReport(id: $id) {{ administration {{ state administrativePenalties {{ nodes {{ {PENALTY} }} }} }} }}",
    f"subjects(ids: $ids) {{ id name administrativePenalties {{ nodes {{ {PENALTY} }} }} }}",
)
DECISION = re.compile(rb'"decision":"\w+"')
POLICY = re.compile(rb'"policy":"(sha256:\w+)"')
PSEUDONYM = re.compile(rb"p1:[\w-]+:\w+")
CLOSING = """
policy: crosstalk
kind: province
region: "37"
title: {zh: 串扰试验, en: Crosstalk (test)}
owner: {office: 测试, contact: test@credit.example}
valid: {from: 2026-01-01}
rules:
  - id: closed
    why: {zh: 试验, en: Closed for one partner}
    law: [{text: 试行, mark: K}]
    limit: deny
    to: {id: shanghai-market-bureau}
    types: [AdministrativePenalty]
    fields: {name: [documentNo, facts]}
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A voice (by number) and its request's bytes, all but the token."""

    voice: int
    sent: Sent


@dataclass
class Crowd:
    """The questions, what each was answered alone under each version, and what differed in the crowd."""

    house: House
    judge: Judge
    questions: list[Question]
    alone: dict[tuple[str, int], bytes] = field(default_factory=dict)  # by policies' digest and question
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    tokens: list[dict[str, str]] = field(default_factory=list)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))  # changes of policy that are due
    step: int = 0  # requests between two of them

    def line(self) -> Line:
        parts = urlsplit(self.house.url)
        return Line((str(parts.hostname), int(parts.port or 80)))

    async def learn(self) -> None:
        """Ask everything of everybody, one after the other, under what is in force now."""
        self.tokens = [await asyncio.to_thread(voice.headers, self.house) for voice in VOICES]
        line = self.line()
        for number, question in enumerate(self.questions):
            version, body = await self._ask(line, question)
            self.alone[version, number] = body
            self.wrong += self.judge.leaks(VOICES[question.voice], question.sent, b"", body)
        line.close()

    async def crowd(self, count: int, random: Random) -> None:
        """`count` requests over many connections, whose questions and partners change from one to the next."""
        self.tokens = [await asyncio.to_thread(voice.headers, self.house) for voice in VOICES]
        await asyncio.gather(*(self._line(count // LINES, random) for _ in range(LINES)))

    async def pipeline(self, numbers: Sequence[int]) -> None:
        """These questions, of both partners, sent at once over one connection: each answer in its turn."""
        line, asked = self.line(), [self.questions[number] for number in numbers]
        bodies = await line.pipelined([each.sent.raw(self.tokens[each.voice]) for each in asked])
        for number, body in zip(numbers, bodies, strict=True):
            self._judge(number, *self._read(body))
        line.close()

    async def _line(self, count: int, random: Random) -> None:
        line = self.line()
        for _ in range(count):
            number = random.randrange(len(self.questions))
            self._judge(number, *await self._ask(line, self.questions[number]))
            if self.step and self.seen["requests"] % self.step == 0:
                self.turns.release()
        line.close()

    def _judge(self, number: int, version: str, body: bytes) -> None:
        self.seen[version] += 1
        self.seen["requests"] += 1
        if body != self.alone.get((version, number)):
            self.wrong.append(f"question {number} of {VOICES[self.questions[number].voice]} under {version[:15]}")

    async def _ask(self, line: Line, question: Question) -> tuple[str, bytes]:
        _, body = await line.exchange(question.sent.raw(self.tokens[question.voice]))
        return self._read(body)

    def _read(self, body: bytes) -> tuple[str, bytes]:
        """The policies' digest of an answer, and the answer without its decision's id."""
        found = POLICY.search(body)
        if found is None or b'"data":' not in body:
            self.wrong.append(f"not answered: {body[:80]!r}")
            return "", body
        return found[1].decode(), DECISION.sub(b'"decision":""', body)

    def pseudonyms(self) -> list[set[bytes]]:
        """What each partner holds of them, by client."""
        clients: dict[str, set[bytes]] = {}
        for (_, number), body in self.alone.items():
            voice = VOICES[self.questions[number].voice]
            clients.setdefault(voice.caller, set()).update(PSEUDONYM.findall(body))
        return list(clients.values())


def questions(subjects: Sequence[SubjectKey], random: Random) -> list[Question]:
    found = []
    for voice in range(len(VOICES)):
        for subject in subjects:
            for selection in SELECTIONS:
                batch = "$ids" in selection
                keys = [{key.kind: key.value} for key in (subject, *random.sample(list(subjects), 2))]
                variables = {"ids": keys} if batch else {"id": keys[0]}
                declared = "$ids: [SubjectKey!]!" if batch else "$id: SubjectKey!"
                body = {"query": f"query Q({declared}) {{ {selection} }}", "variables": variables}
                found.append(Question(voice, Sent(json.dumps(body).encode(), said=frozenset({KEYED}))))
    return found


@contextmanager
def crowd_beside(house: House, folder: Path, seed: int) -> Iterator[Crowd]:
    """A gateway before canary platforms that take several subjects in one question."""
    policies = read_policies(house.home / "policies")
    firms = [organisation("91", number) for number in range(1, FIRMS + 1)]
    persons = [person("19900101", number) for number in range(1, PERSONS + 1)]
    keys = dict.fromkeys(firms, "Enterprise") | dict.fromkeys(persons, "NaturalPerson")
    canaries, asked = Canaries(policies.catalogue, keys), list[Asked]()
    put = registry(canaries, asked, as_of=datetime(2026, 11, 1, tzinfo=UTC), batch=3)
    with gateway_beside(house, folder, change=lambda known: replace(known, registry=put), deadline=60.0) as beside:
        yield Crowd(beside, Judge(policies, beside, canaries), questions([*firms, *persons], Random(seed)))


class Flipping:
    """The gateway's two versions of the policies: as shipped, and closed in two fields for one partner."""

    def __init__(self, house: House) -> None:
        self._home, self.flips = house.home, 0
        self._chamber: Chamber = open_chamber(house.home)
        self._closed = Path(shutil.copytree(house.home / "policies", house.home / "closed"))
        (self._closed / "rules" / "90-crosstalk.yaml").write_text(CLOSING, "utf-8")
        seal(self._closed)

    def flip(self) -> None:
        """The other version is in force, in every process, when this returns."""
        self.flips += 1
        folder = self._closed if self.flips % 2 else self._home / "policies"
        course = self._chamber.change(folder, widens=self.flips % 2 == 0)
        obeyed(self._home, course.seq)


async def run(crowd: Crowd, flipping: Flipping, count: int, flips: int, random: Random) -> None:
    """Learn both versions, then ask in a crowd while they take turns, evenly."""
    for _ in range(2):
        await asyncio.to_thread(flipping.flip)
        await crowd.learn()

    async def turns() -> None:
        for _ in range(flips):
            await crowd.turns.acquire()
            await asyncio.to_thread(flipping.flip)

    crowd.step = max(count // (flips + 1), 1)
    turning = asyncio.create_task(turns())
    while not turning.done() or crowd.seen["requests"] < count:
        await crowd.crowd(min(2_000, max(count // 4, LINES)), random)
    await turning


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--requests", type=int, default=50_000)
    options.add_argument("--flips", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        open_house(Path(name) / "home") as house,
        crowd_beside(house, Path(name), chosen.seed) as crowd,
    ):
        begun = time.monotonic()
        asyncio.run(run(crowd, Flipping(crowd.house), chosen.requests, chosen.flips, Random(chosen.seed)))
        took = time.monotonic() - begun
    wrong, versions = len(crowd.wrong), [f"{n}" for version, n in crowd.seen.items() if version.startswith("sha256")]
    click.echo(f"{crowd.seen['requests']} requests of two partners, {chosen.flips} changes of policy, {took:.0f} s")
    click.echo(f"under either version: {' and '.join(versions)}; answers that were not their own: {wrong}")
    for line in sorted(set(crowd.wrong))[:20]:
        click.echo(f"  wrong: {line}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
