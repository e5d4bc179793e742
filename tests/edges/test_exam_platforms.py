"""The exam and honest platforms: every platform of the demo passes it alive, every template on paper.

A kind or a platform that joins the demo is examined here without another line: what is listed is what there is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.conformance.exam import asked_groups, examine
from connectors.conformance.outcome import Grade, Report
from deploy.demo.province import DECLARATIONS
from gateway.cli.connector.benches import Benches
from gateway.cli.homes import shipped
from tests.conftest import House

TEMPLATES = shipped("connectors") / "platforms"
PLATFORMS = sorted(DECLARATIONS.glob("3*.yaml"))
NOBODY = Path("none")  # no home: the shipped catalogue


@pytest.fixture(scope="module")
def benches() -> Benches:
    return Benches.of(NOBODY)


def failures(report: Report) -> list[str]:
    return [
        f"{result.group} {result.name}: {problem.text}"
        for result in report.results
        for problem in result.outcome.problems
        if problem.grade in (Grade.FAIL, Grade.UNDONE) and result.group in report.asked
    ]


@pytest.mark.parametrize("path", PLATFORMS, ids=lambda path: path.stem)
async def test_a_platform_of_the_demo_passes_alive(path: Path, house: House) -> None:
    """Asked, and its answers broken on purpose, an honest platform fails no check and leaves none undone."""
    bench = Benches.of(house.home).bench(house.home / "platforms" / path.name, live=True, faults=True, subjects=())
    report = await examine(bench, asked_groups(True, True))
    assert failures(report) == []
    assert (report.readiness in {"A", "B"}, report.exit_code) == (True, 0)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("_*.yaml")), ids=lambda path: path.stem)
async def test_a_template_passes_on_paper(path: Path, benches: Benches) -> None:
    """What an operator copies is right, samples included; nobody was asked, and that is said."""
    report = await examine(benches.bench(path, False, False, ()), asked_groups(False, False))
    assert failures(report) == []
    assert (report.readiness, report.exit_code) == ("C", 0)
    undone = {result.group for result in report.results if result.outcome.grade is Grade.UNDONE}
    assert undone == {3, 4, 5, 6}
