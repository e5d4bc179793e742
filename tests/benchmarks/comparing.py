"""Before anything is timed: a stack must answer what the platforms hold, value by value, and hide what it must."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks import records
from tests.benchmarks.processes import DIRECT
from tests.benchmarks.stage import WHOLE, Stack, Stage


class Different(RuntimeError):
    """A stack does not answer what the platforms hold."""


def ask(stack: Stack, stage: Stage, port: int, subject: str) -> bytes:
    """The body of one answer. Raises OSError when it is no 2xx."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {stage.tokens[0]}"}
    content = json.dumps(stack.body(stage, subject, WHOLE)).encode()
    question = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", content, headers)
    with DIRECT.open(question, timeout=30) as answer:
        found: bytes = answer.read()
        return found


def compare(stack: Stack, stage: Stage, answer: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a secured stack shows, masks and all, which must be the same for each of them; nothing for the others.

    Raises Different unless the answer holds every record, value by value, and hides what it must.
    """
    if answer.get("errors"):
        raise Different(f"{stack.name} answers with errors: {json.dumps(answer['errors'], ensure_ascii=False)[:500]}")
    nodes = stack.nodes(stage, answer)
    names = [name for name in records.OPEN if not (stack.secured and name in stage.hidden)]
    if records.told(nodes, names) != records.expected(stage.amount, names):
        raise Different(f"{stack.name} does not answer what the platforms hold ({len(nodes)} records)")
    if not stack.secured:
        return []
    clear = {row["ZJ"] for region in stage.amount.regions for row in records.rows(region, stage.amount.records, "")}
    if any(node[records.MASKED] in {*clear, None} or node[records.DENIED] is not None for node in nodes):
        raise Different(f"{stack.name} shows what the policies hide; are the agreements of the shipped rules in force?")
    return records.told(nodes, (*records.OPEN, records.MASKED))


def calls_per_answer(stack: Stack, stage: Stage, port: int, subjects: Sequence[str]) -> float:
    """Calls that the platforms got for one answer: counted apart, one question after another."""
    before = stage.answered()
    for subject in subjects:
        ask(stack, stage, port, subject)
    return (stage.answered() - before) / len(subjects)
