"""`demo --check`: what the demo promises, asked over real sockets, one line per promise.

The questions and what is expected of them are data (`deploy/demo/checks.json`): the command line knows no
field of a record. Then each platform is killed, asked around, and brought back. Of a question: `subject` or
`subjects` (examples, all of them `times` over), other `variables`, `consents` by name; then its `exit`, error `codes`,
paths `given` and `none`, the `only` values of a path, values `among` them, paths with the `same` value, and what
`withheld` says. `alike` names an example about which the answer must be the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.demo import province as demo_province
from gateway.cli.asking import Demo, outcome

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


def _ask(
    demo: Demo, question: Mapping[str, Any], strict: bool = False, subject: str | None = None
) -> tuple[int, dict[str, Any]]:
    """The answer to a question, about another subject or more strictly than it says if told so."""
    variables = dict(question.get("variables", {}))
    if "subject" in question:
        variables["id"] = demo.key(subject or question["subject"])
    if "subjects" in question:
        variables["ids"] = [demo.key(name) for name in question["subjects"]] * question.get("times", 1)
    return demo.ask(
        question["query"],
        variables,
        as_=question["as"],
        purpose=question["purpose"],
        subject=question.get("own"),
        strict=strict or question.get("strict", False),
        consents=[demo.consent(name) for name in question.get("consents", ())],
    )


def _questions(demo: Demo, questions: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for question in questions:
        status, body = _ask(demo, question)
        faults = [*_outcome(question, status, body), *_told(question, body), *_values(question, body.get("data"))]
        if "alike" in question and _plain(body) != _plain(_ask(demo, question, subject=question["alike"])[1]):
            faults.append(f"the answer about {question['alike']} is another")
        yield question["says"], "; ".join(faults)


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what is new in each: the number of its decision."""
    rest = {name: value for name, value in body.get("extensions", {}).items() if name != "decision"}
    return {**body, "extensions": rest}


def _outcome(question: Mapping[str, Any], status: int, body: Mapping[str, Any]) -> Iterator[str]:
    if outcome(status, body) != question["exit"]:
        yield f"exit {outcome(status, body)}, not {question['exit']}"
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    if "codes" in question and codes != set(question["codes"]):
        yield f"errors {sorted(codes)}, not {question['codes']}"


def _told(question: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    """What `withheld` should say, and should not."""
    entries = {entry["coordinate"]: entry for entry in body.get("extensions", {}).get("withheld", ())}
    for word, expected in (("effect", "withheld"), ("remedy", "remedies")):
        for coordinate, value in question.get(expected, {}).items():
            if entries.get(coordinate, {}).get(word) != value:
                yield f"withheld does not say {value} for {coordinate}"
    for coordinate in question.get("not_withheld", ()):
        if coordinate in entries:
            yield f"{coordinate} is withheld"


def _values(question: Mapping[str, Any], data: Any) -> Iterator[str]:
    for path in question.get("given", ()):
        if not [value for value in at(data, path) if value is not None]:
            yield f"{path} is not answered"
    for path in question.get("none", ()):
        if [value for value in at(data, path) if value is not None]:
            yield f"{path} is answered"
    for path, values in question.get("only", {}).items():
        if {str(value) for value in at(data, path)} != {str(value) for value in values}:
            yield f"{path} is not {values}"
    for path, values in question.get("among", {}).items():
        if {str(value) for value in values} - {str(value) for value in at(data, path)}:
            yield f"{path} has not all of {values}"
    if "same" in question:
        values = [value for path in question["same"] for value in at(data, path)]
        if len(values) < 2 or len(set(values)) != 1:
            yield f"{' and '.join(question['same'])} differ"
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
