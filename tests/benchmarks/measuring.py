"""The ways in which a started stack is measured for one round. Each gives the load's figures and some of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks import load, records
from tests.benchmarks.load import Measured
from tests.benchmarks.probing import middle, probing
from tests.benchmarks.processes import Child
from tests.benchmarks.stage import WHOLE, Ask, Stack, Stage

NEW = 20_000  # new operations of one round; a stack that is faster than that meets the first one again
FEW = 8  # connections of whom the others disturb
CROWD = 1280  # connections: five times what the gateway works on at once
Figures = dict[str, Any]


@dataclass(slots=True)
class Runner:
    """A started stack, the requests that it is asked, and what it was measured to do."""

    stack: Stack
    stage: Stage
    child: Child
    port: int
    subjects: Sequence[str]
    requests: list[bytes]
    calls: float  # of the platforms for one answer
    whole: int  # bytes of a whole answer's body
    rounds: list[Figures] = field(default_factory=list)

    def load(self, requests: Sequence[bytes], seconds: float, connections: int, name: str = "load") -> Measured:
        stage = self.stage
        try:
            return load.run(self.port, requests, stage.folder / name, seconds, stage.load_core, connections)
        except load.Unreached as error:
            raise load.Unreached(f"{self.stack.name}: {error}; {self.child.words()}") from None

    def messages(self, count: int, ask: Callable[[int], Ask], token: int | None = None) -> list[bytes]:
        """The requests about `count` subjects, each varied by `ask`; with every token in turn, or one."""
        tokens, subjects = self.stage.tokens, self.subjects
        return [
            load.message(
                self.port,
                self.stack.body(self.stage, subjects[number % len(subjects)], ask(number)),
                {"Authorization": f"Bearer {tokens[number % len(tokens) if token is None else token]}"},
            )
            for number in range(count)
        ]


Measure = Callable[[Runner, float], Figures]


def plain(runner: Runner, seconds: float) -> Figures:
    """The same questions again and again, 32 at a time."""
    return {**_costed(runner, runner.requests, seconds, load.CONNECTIONS), "whole": runner.whole}


def counted(connections: int) -> Measure:
    """As `plain`, with so many askers, and the platforms' calls counted while they ask."""

    def measure(runner: Runner, seconds: float) -> Figures:
        before = runner.stage.answered()
        found = _costed(runner, runner.requests, seconds, connections)
        calls = (runner.stage.answered() - before) / (found["requests"] + connections)
        return {**found, "calls": calls, "whole": runner.whole}

    return measure


def cold(runner: Runner, seconds: float) -> Figures:
    """Every request is an operation that nobody has seen."""
    found = _costed(runner, runner.messages(NEW, new_operations()), seconds, load.CONNECTIONS)
    return {**found, "again": max(0, found["requests"] - NEW)}


def neighbours(runner: Runner, seconds: float) -> Figures:
    """Questions that leave the slow platform out, alone and then beside 32 askers who wait for it."""
    others = Ask(regions=runner.stage.amount.regions[:-1])
    asked = runner.messages(len(runner.subjects), lambda _: others)
    return _disturbed(runner, seconds, asked, runner.requests)


def flood(runner: Runner, seconds: float) -> Figures:
    """One partner's usual question, alone and then beside another who sends new operations as fast as they go."""
    usual = runner.messages(len(runner.subjects), lambda _: WHOLE, token=0)
    return _disturbed(runner, seconds, usual, runner.messages(NEW, new_operations(), token=-1))


def overload(runner: Runner, seconds: float) -> Figures:
    """Far more askers than the gateway works for at once; newcomers among them are timed one by one."""
    stage = runner.stage
    with (
        load.asking(runner.port, runner.requests, stage.folder / "load", seconds, stage.load_core, CROWD) as measured,
        probing(runner.port, runner.requests) as probe,
    ):
        found = measured()
    return {
        **found.as_dict(),
        "newcomers answered": len(probe.answered()),
        "answered in ms": middle(probe.answered()),
        "newcomers shed": len(probe.shed()),
        "shed in ms": middle(probe.shed()),
        "newcomers lost": probe.lost(),
    }


def new_operations() -> Callable[[int], Ask]:
    """Questions with fields left out and an alias that never was: new in text, in shape and in names."""
    salt, names = random.randrange(1 << 32), [*records.OPEN]

    def ask(number: int) -> Ask:
        left = frozenset(name for place, name in enumerate(names[:-1]) if number >> place & 1)
        return Ask(left_out=left, more=(f"new{salt:08x}{number}: authority",))

    return ask


def _costed(runner: Runner, requests: Sequence[bytes], seconds: float, connections: int) -> Figures:
    """A load with its cost: the processor's time for one answer, which a busy machine changes least of all."""
    before = runner.child.worked()
    found = runner.load(requests, seconds, connections)
    runner.child.await_quiet()
    # whoever was waiting when the time was over has been worked for too
    cost = (runner.child.worked() - before) / (found.requests + connections)
    return {**found.as_dict(), "cost": cost * 1000}


def _disturbed(runner: Runner, seconds: float, asked: Sequence[bytes], others: Sequence[bytes]) -> Figures:
    stage = runner.stage
    alone = runner.load(asked, seconds, FEW)
    runner.child.await_quiet()
    around = load.asking(runner.port, others, stage.folder / "others", seconds + 2, stage.load_core, load.CONNECTIONS)
    with around:
        found = runner.load(asked, seconds, FEW)
    ratio = found.p99 / alone.p99 if found.p99 and alone.p99 else None
    return {**found.as_dict(), "alone p99": alone.p99, "p99 ratio": ratio, "alone": alone.as_dict()}
