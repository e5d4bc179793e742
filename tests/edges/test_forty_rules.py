"""The officers' table of forty rules: a row points at a rule, a case or a test that exists, or says what is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from policies.cases import Case
from policies.trials import run_cases
from tests.edges.drafts import SHIPPED, shipped

ROOT = SHIPPED.parent
NUMBERS = [f"P{number:02}" for number in range(1, 41)]
NONE = "—"
MARKS = "TCSKE"  # from read in full to estimated


@dataclass(frozen=True)
class Row:
    """One row of the table; `where` holds names in backticks, and what is missing after `not yet:`."""

    says: str
    where: str
    case: str
    source: str
    mark: str

    @property
    def named(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.where)

    @property
    def rules(self) -> list[str]:
        return [name for name in self.named if name.count("/") == 1 and "." not in name]

    @property
    def tests(self) -> list[str]:
        return [name for name in self.named if name.startswith("tests/")]


@cache
def table() -> Mapping[str, Row]:
    text = (SHIPPED / "README.md").read_text("utf-8")
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:3] == "| P"]
    assert [row[0] for row in found] == NUMBERS  # every rule of the forty has its row, once and in order
    return {number: Row(*cells) for number, *cells in found}


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def called(name: str) -> list[Case]:
    return [case for case in shipped().cases if case.name.split(" ")[0] == name]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_row_points_at_what_exists(number: str) -> None:
    """Each rule, test, file and obligation that a row names is there; a row that names none says what is missing."""
    row = table()[number]
    assert row.rules or row.tests or row.where.startswith("not yet: ")
    for name in row.named:
        if name in row.tests:
            path, _, function = name.partition("::")
            assert (ROOT / path).is_file(), name
            assert function in functions(ROOT / path), name
        elif name in row.rules:
            assert shipped().rule(name) is not None, name
        else:
            words = {*shipped().catalogue.obligations, "reciprocal"}
            assert name in words or (SHIPPED / name).is_file(), name


@pytest.mark.parametrize("number", NUMBERS)
def test_the_case_of_a_row_shows_its_rule(number: str) -> None:
    """A row that names a rule names one case, by the first word of its name, in which one of its rules decides."""
    row = table()[number]
    if row.case == NONE:
        assert not row.rules
        return
    [case] = called(row.case)
    idle = run_cases(replace(shipped(), cases=(case,), nevers=())).idle_rules
    assert not row.rules or set(row.rules) - set(idle)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_row_cites_its_law_with_its_mark(number: str) -> None:
    """Each row says where the rule comes from, and its mark is no better than the weakest of its own rules."""
    row = table()[number]
    assert row.source
    assert row.mark in MARKS
    rules = [found[1] for name in row.rules if (found := shipped().rule(name))]
    assert all(MARKS.index(law.mark) <= MARKS.index(row.mark) for rule in rules for law in rule.law)
