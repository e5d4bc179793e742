"""`demo --check`: what the demo promises, asked over real sockets, one line per promise.

The questions and what is expected of them are data (`deploy/demo/checks.json`): the command line knows no
field of a record. Then each platform is killed, asked around, and brought back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.demo import province as demo_province
from gateway.cli.asking import Demo, outcome, variables_of

if TYPE_CHECKING:
    from gateway.cli.demonstration import Running

CHECKS = Path(demo_province.__file__).parent / "checks.json"
RECOVERY = 30.0  # seconds in which a platform that came back must be asked again


def run_checks(house: Running, say: Callable[[str], None]) -> bool:
    """True when every promise held."""
    checks = json.loads(CHECKS.read_text("utf-8"))
    demo = Demo.of(house.settings.home)
    held = True
    for says, wrong in (*_questions(demo, checks["questions"]), *_platforms(house, demo, checks["probe"])):
        held = held and not wrong
        say(f"{'ok  ' if not wrong else 'FAIL'} {says}{': ' + wrong if wrong else ''}")
    say("every promise held" if held else "some promises did not hold")
    return held


def _ask(demo: Demo, question: Mapping[str, Any], strict: bool = False) -> tuple[int, dict[str, Any]]:
    variables = variables_of(question["query"], [f"id={question['subject']}"], demo.subjects)
    return demo.ask(
        question["query"],
        variables,
        as_=question["as"],
        purpose=question["purpose"],
        subject=question.get("own"),
        strict=strict,
    )


def _questions(demo: Demo, questions: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for question in questions:
        status, body = _ask(demo, question)
        yield question["says"], "; ".join(_faults(question, status, body))


def _faults(question: Mapping[str, Any], status: int, body: Mapping[str, Any]) -> Iterator[str]:
    if outcome(status, body) != question["exit"]:
        yield f"exit {outcome(status, body)}, not {question['exit']}"
    data = body.get("data")
    for path in question.get("given", ()):
        if not [value for value in at(data, path) if value is not None]:
            yield f"{path} is not answered"
    for path in question.get("none", ()):
        if [value for value in at(data, path) if value is not None]:
            yield f"{path} is answered"
    effects = {entry["coordinate"]: entry["effect"] for entry in body["extensions"].get("withheld", [])}
    for coordinate, effect in question.get("withheld", {}).items():
        if effects.get(coordinate) != effect:
            yield f"withheld does not say {effect} for {coordinate}"
    for coordinate in question.get("not_withheld", ()):
        if coordinate in effects:
            yield f"{coordinate} is withheld"
    if "unique" in question:
        values = at(data, question["unique"])
        if not values or len(values) != len(set(values)):
            yield f"{question['unique']} repeats or is empty"
    if "longest" in question:
        rule = question["longest"]
        if max((len(value) for value in at(data, rule["path"])), default=0) != rule["length"]:
            yield f"no {rule['path']} has {rule['length']} entries"


def _platforms(house: Running, demo: Demo, probe: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in house.description["platforms"]:
        platform, source = entry["id"], entry["source"]
        house.province.kill(platform, source)
        status, body = _ask(demo, probe)
        lost = {
            line["platform"] for line in body["extensions"]["sources"] if line["status"] not in ("ANSWERED", "NONE")
        }
        fine = status == 200 and body["extensions"]["complete"] is False and lost == {platform}
        yield f"without {platform}/{source}: a partial answer that names it", "" if fine else f"lost {sorted(lost)}"
        status, body = _ask(demo, probe, strict=True)
        refused = body.get("data") is None and body["errors"][0]["extensions"]["code"] == "INCOMPLETE"
        yield f"without {platform}/{source}: handling=strict is an error", "" if refused else f"status {status}"
        house.province.restart(platform, source)
        back = _until_complete(demo, probe)
        yield f"{platform}/{source} is back: complete again", "" if back else f"not within {RECOVERY:.0f} s"


def _until_complete(demo: Demo, probe: Mapping[str, Any]) -> bool:
    """Asks until the breaker lets the platform be tried again; every round is a real question."""
    deadline = time.monotonic() + RECOVERY
    while time.monotonic() < deadline:
        if _ask(demo, probe)[1]["extensions"]["complete"]:
            return True
        time.sleep(0.2)
    return False


def at(data: Any, path: str) -> list[Any]:
    """Every value at a dotted path; `*` stands for each item of a list. A missing step gives nothing."""
    found = [data]
    for step in path.split("."):
        below: list[Any] = []
        for item in found:
            if step == "*" and isinstance(item, list):
                below += item
            elif isinstance(item, list) and step.isdigit() and int(step) < len(item):
                below.append(item[int(step)])
            elif isinstance(item, dict) and step in item:
                below.append(item[step])
        found = below
    return found
