"""One scenario, start to end: stacks side by side, their answers compared, then rounds that take turns.

Nothing is timed before every stack has given the same records. A round asks each stack once, in an order that is turned
by one from round to round, so that none always follows the same neighbour.
"""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks import load, records, stacks
from tests.benchmarks.processes import Child, NotStarted
from tests.benchmarks.stacks import Stack, Stage

WARM = 1.0  # seconds
COUNTED = 20  # questions whose calls of the platforms are counted


class Different(RuntimeError):
    """A stack does not answer what the platforms hold."""


@dataclass(slots=True)
class Runner:
    """A started stack with the requests that it will be asked."""

    stack: Stack
    child: Child
    port: int
    requests: list[bytes]
    calls: float  # of the platforms, for one answer
    rounds: list[dict[str, Any]] = field(default_factory=list)


def requests(stack: Stack, stage: Stage, port: int, subjects: Sequence[str]) -> list[bytes]:
    """One request for each subject or each token, whichever are more."""
    count = max(len(subjects), len(stage.tokens))
    return [
        load.message(
            port,
            stack.body(stage, subjects[number % len(subjects)]),
            {"Authorization": f"Bearer {stage.tokens[number % len(stage.tokens)]}"},
        )
        for number in range(count)
    ]


def ask(stack: Stack, stage: Stage, port: int, subject: str) -> dict[str, Any]:
    """One answer, whole."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {stage.tokens[0]}"}
    question = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", json.dumps(stack.body(stage, subject)).encode(), headers
    )
    with urllib.request.urlopen(question, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def calls_per_answer(stack: Stack, stage: Stage, port: int, subjects: Sequence[str]) -> float:
    """Calls that the platforms got for one answer; counted apart, one question after another."""
    before = stage.upstream.answered()
    for subject in subjects[-COUNTED:]:
        ask(stack, stage, port, subject)
    return (stage.upstream.answered() - before - 1) / COUNTED


def compare(stack: Stack, stage: Stage, answer: Mapping[str, Any]) -> None:
    """Raises Different unless it holds every record, value by value, and secured stacks hide what they must."""
    if answer.get("errors"):
        raise Different(f"{stack.name} answers with errors: {json.dumps(answer['errors'], ensure_ascii=False)[:500]}")
    nodes = stack.nodes(stage, answer)
    if records.told(nodes) != records.expected(stage.amount):
        raise Different(f"{stack.name} does not answer what the platforms hold ({len(nodes)} records)")
    if stack.secured and not all(
        str(node[records.MASKED]).startswith("p1:") and node[records.DENIED] is None for node in nodes
    ):
        raise Different(f"{stack.name} shows what the policies hide; are the agreements of the shipped rules in force?")


def run(
    wanted: Sequence[Stack], stage: Stage, subjects: Sequence[str], rounds: int, seconds: float, core: str | None
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """What each round measured, by stack; and why a stack is not among them."""
    left_out: dict[str, str] = {}
    masked: dict[str, list[tuple[Any, ...]]] = {}
    with contextlib.ExitStack() as stack_of:
        runners = []
        for stack in wanted:
            if reason := stack.missing():
                left_out[stack.name] = reason
                continue
            port = stacks.port()
            child = stack.start(stage, port)
            stack_of.callback(child.stop)
            try:
                child.await_port(port)
                answer = ask(stack, stage, port, subjects[0])
                compare(stack, stage, answer)
            except (NotStarted, OSError) as error:
                left_out[stack.name] = str(error)
                continue
            if stack.secured:
                masked[stack.name] = records.told(stack.nodes(stage, answer), (*records.OPEN, records.MASKED))
            calls = calls_per_answer(stack, stage, port, subjects)
            runners.append(Runner(stack, child, port, requests(stack, stage, port, subjects), calls))
        if len({json.dumps(told) for told in masked.values()}) > 1:
            raise Different("secured stacks mask differently")
        for runner in runners:
            load.run(runner.port, runner.requests, stage.folder / "load", WARM, core)
            runner.child.await_quiet()
        for number in range(rounds):
            turn = number % max(1, len(runners))
            for runner in [*runners[turn:], *runners[:turn]]:
                found = load.run(runner.port, runner.requests, stage.folder / "load", seconds, core)
                runner.child.await_quiet()
                runner.rounds.append({**found.as_dict(), "calls": runner.calls, "memory": runner.child.memory()})
        return {runner.stack.name: runner.rounds for runner in runners}, left_out
