"""README's section "Coverage", made from the questions of `demo --check`: which row of the plan is asked by whom.

Run as a module it prints the section. It asks nothing; that the questions hold is what `demo --check` says.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.cli.demo_check import CHECKS

HEADING = "## Coverage"
COMMAND = ".venv/bin/python -m tests.edges.coverage"


def checks() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CHECKS.read_text("utf-8"))
    return found


def section(found: Mapping[str, Any]) -> str:
    """The section from its heading to the line before the next one."""
    return "\n".join((HEADING, "", *_plan(found), "", *_unshown(found), "", *_scenarios(found), ""))


def _plan(found: Mapping[str, Any]) -> Iterator[str]:
    yield "What the provincial plan names in its first order, and who asks it of the demo. `demo --check` asks all"
    yield "of it again; `deploy/demo/checks.json` has each question and what must be answered."
    yield ""
    yield "| row | the plan names | asked as |"
    yield "|---|---|---|"
    for row, words in found["plan"].items():
        asked = [question for question in found["questions"] if row in question.get("answers", ())]
        if asked:
            yield f"| {row} | {_words(words)} | {_asked(asked)} |"


def _unshown(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Not shown by a question, and where it is instead:"
    yield ""
    yield "| row | the plan names | instead |"
    yield "|---|---|---|"
    for row, words in found["unshown"].items():
        yield f"| {row} | {_words(found['plan'][row])} | {_words(words)} |"


def _scenarios(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| scenario | asked as |"
    yield "|---|---|"
    for number, words in found["scenarios"].items():
        asked = [question for question in found["questions"] if question.get("scenario") == int(number)]
        yield f"| {_words(words)} | {_asked(asked)} |"


def _words(words: Mapping[str, str]) -> str:
    return f"{words['zh']} · {words['en']}"


def _asked(questions: list[Mapping[str, Any]]) -> str:
    return "<br>".join(f"`{question['as']}`: {question['says']}" for question in questions)


if __name__ == "__main__":
    sys.stdout.write(section(checks()))
