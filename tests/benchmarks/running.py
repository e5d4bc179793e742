"""One scenario, start to end: stacks side by side, their answers compared, then rounds that take turns.

Nothing is timed before every stack has given the same records. A round asks each stack once, in an order that is turned
by one from round to round, so that none always follows the same neighbour; before the next is asked, the one before has
finished what it was left with.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import certificates, comparing, home, measuring, upstream
from tests.benchmarks.comparing import Different
from tests.benchmarks.issuer import CLIENT, Issuer
from tests.benchmarks.measuring import Figures, Runner
from tests.benchmarks.processes import NotStarted, cores, free_port
from tests.benchmarks.records import subjects
from tests.benchmarks.scenarios import Scenario
from tests.benchmarks.stage import WHOLE, Stack, Stage

WARM = 1.0  # seconds


@dataclass(slots=True)
class Found:
    """What the rounds of one scenario measured, by stack, and why a stack is not among them."""

    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def prepared(scenario: Scenario) -> Iterator[Stage]:
    """Platforms, issuer, tokens and a home for it."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        core, load_core = cores() if scenario.pinned else (None, None)
        issuer = Issuer()
        stack.callback(issuer.close)
        authority, certificate = certificates.make(folder) if scenario.tls else (None, None)
        amount = scenario.amount
        if scenario.batch > 1:
            platforms = [upstream.patient(folder / "platforms", amount, load_core)]
        else:
            platforms = [upstream.canned(folder / "platforms", amount, load_core, certificate)]
        stack.callback(platforms[0].child.stop)
        if scenario.slow:
            platforms.append(upstream.patient(folder / "slow", amount, load_core, scenario.slow))
            stack.callback(platforms[1].child.stop)
        last = amount.regions[-1]
        bases = {**platforms[0].bases, last: platforms[-1].bases[last]}
        graphs = {**platforms[0].graphs, last: platforms[-1].graphs[last]}
        clients = [CLIENT if number == 0 else f"{CLIENT}-{number}" for number in range(scenario.clients)]
        plan = home.Plan(bases, issuer.url, clients, scenario.batch, authority, scenario.strict)
        yield Stage(
            amount=amount,
            bases=bases,
            graphs=graphs,
            answered=lambda: sum(each.answered() for each in platforms),
            home=home.make(folder / "home", plan),
            issuer=issuer.url,
            keys=issuer.keys,
            tokens=[issuer.token(home.AUDIENCE, name) for _ in range(scenario.tokens_each) for name in clients],
            folder=folder,
            core=core,
            load_core=load_core,
            authority=authority,
            hidden=home.STRICTLY_MASKED if scenario.strict else frozenset(),
        )


def run(scenario: Scenario, stacks: Sequence[Stack], rounds: int, seconds: float, tell: Callable[[str], None]) -> Found:
    """Raises Different when the stacks do not answer the same."""
    found = Found()
    with contextlib.ExitStack() as opened:
        stage = opened.enter_context(prepared(scenario))
        runners = _started(scenario, stacks, stage, opened, found)
        for runner in runners:
            tell(f"{scenario.name}: warming {runner.stack.name}")
            measuring.plain(runner, WARM)
            runner.child.await_quiet()
        for number in range(rounds):
            turn = number % max(1, len(runners))
            for runner in [*runners[turn:], *runners[:turn]]:
                tell(f"{scenario.name}: round {number + 1} of {rounds}, {runner.stack.name}")
                figures = scenario.measure(runner, seconds)
                runner.child.await_quiet()
                runner.rounds.append({"calls": runner.calls, **figures, "memory": runner.child.memory()})
        found.rounds = {runner.stack.name: runner.rounds for runner in runners}
    return found


def _started(
    scenario: Scenario, stacks: Sequence[Stack], stage: Stage, opened: contextlib.ExitStack, found: Found
) -> list[Runner]:
    """Every stack that can take part, started, and answering as it must."""
    runners: list[Runner] = []
    shown: dict[str, Any] = {}
    asked = subjects(scenario.subjects)
    for stack in stacks:
        reason = stack.missing() or (
            "trusts the system's authorities only" if stage.authority and not stack.tls else ""
        )
        if reason:
            found.left_out[stack.name] = reason
            continue
        port = free_port()
        child = stack.start(stage, port)
        opened.callback(child.stop)
        try:
            child.await_port(port)
            answer = comparing.ask(stack, stage, port, asked[0])
            said = comparing.compare(stack, stage, json.loads(answer))
            calls = comparing.calls_per_answer(stack, stage, port, asked[-2 if scenario.slow else -20 :])
        except (NotStarted, OSError, Different) as error:
            if stack.name.startswith("ours"):
                raise
            found.left_out[stack.name] = str(error)
            child.stop()
            continue
        if stack.secured:
            shown[stack.name] = json.dumps(said)
        runner = Runner(stack, stage, child, port, asked, [], calls, len(answer))
        runner.requests = runner.messages(max(len(asked), len(stage.tokens)), lambda _: WHOLE)
        runners.append(runner)
    if len(set(shown.values())) > 1:
        raise Different(f"these stacks mask differently: {', '.join(shown)}")
    return runners
