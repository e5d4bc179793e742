"""The plan can be asked: every row of the first order has a question, README says which, every line answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import House
from tests.edges.coverage import COMMAND, HEADING, checks, section
from tests.edges.drafts import catalogue

README = Path(__file__).parents[2] / "README.md"
# the rows of the provincial plan that belong to a first release: platforms and databases, sectors, safeguards
FIRST = (
    *("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A12", "A13", "A17", "A20", "A22", "A24", "A25"),
    *("A26", "A28", "A30", "A34", "A38"),
    *("B1", "B2", "B5", "B6", "B7", "B8", "B12", "B16", "B18"),
    *("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E10", "E11"),
)
SCENARIOS = {1, 4, 6, 10, 12}


def test_every_row_is_asked_or_said_to_be_elsewhere() -> None:
    """Each row of the first order is answered by a question or unshown with a reason, never both, and no other is."""
    found = checks()
    answered = {row for question in found["questions"] for row in question.get("answers", ())}
    assert list(found["plan"]) == list(FIRST)
    assert answered | set(found["unshown"]) == set(FIRST)
    assert answered & set(found["unshown"]) == set()
    assert all(words["zh"] and words["en"] for words in (*found["plan"].values(), *found["unshown"].values()))


def test_every_scenario_is_asked() -> None:
    """Each scenario has a title and at least one question; no question belongs to another."""
    found = checks()
    assert {question["scenario"] for question in found["questions"] if "scenario" in question} == SCENARIOS
    assert {int(number) for number in found["scenarios"]} == SCENARIOS


def test_no_question_is_asked_twice() -> None:
    """Each question of the check says something of its own."""
    said = [question["says"] for question in checks()["questions"]]
    assert sorted(said) == sorted(set(said))


def test_what_answers_a_row_asserts_something() -> None:
    """A question that claims a row says what must be in its answer, or with which error it is refused."""
    for question in checks()["questions"]:
        if "answers" in question:
            assert {"given", "none", "only", "among", "same", "unique", "codes"} & set(question), question["says"]


def test_readme_says_what_is_asked() -> None:
    """README's coverage is the one that the questions make."""
    text = README.read_text("utf-8")
    found = re.search(rf"^{HEADING}\n.*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    made = section(checks())
    assert found, f"README.md has no section `{HEADING}`; `{COMMAND}` prints it"
    if found[0].strip() != made.strip():
        pytest.fail(f"README.md's section `{HEADING}` is not what `{COMMAND}` prints: put its output there")


def test_every_line_answers_the_enterprise_itself(house: House) -> None:
    """Asked about itself, one enterprise gets an active record of every type that an enterprise can have."""
    lines = [found for found in catalogue().types.values() if "Enterprise" in found.kinds]
    for start in range(0, len(lines), 13):
        asked = [found.connection for found in lines[start : start + 13]]
        wanted = " ".join(f"{name} {{ nodes {{ status }} complete }}" for name in asked)
        body = house.ask(
            f"query($id: SubjectKey!) {{ subject(id: $id) {{ {wanted} }} }}",
            "every_line",
            as_="subject",
            purpose="subject.access",
            subject="every_line",
        )
        assert {name for name in asked if not body["data"]["subject"][name]["nodes"]} == set()
        told = [body["data"]["subject"][name] for name in asked]
        assert {node["status"] for line in told for node in line["nodes"]} == {"ACTIVE"}
        assert all(line["complete"] for line in told)
