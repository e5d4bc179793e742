"""The exam and honest platforms: every platform of the demo passes it alive, every template on paper.

A kind or a platform that joins the demo is examined here without another line: what is listed is what there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from connectors.conformance.exam import asked_groups, examine
from connectors.conformance.outcome import Grade, Report
from deploy.demo import issuer
from deploy.demo import neighbour as demo_neighbour
from deploy.demo.generator import generate
from deploy.demo.neighbour import Neighbour
from deploy.demo.processes import START_WITHIN
from deploy.demo.province import DECLARATIONS
from gateway.auditing import recorded
from gateway.cli import neighbour
from gateway.cli.connector.benches import Benches
from gateway.cli.homes import shipped
from gateway.environment import Environment
from gateway.settings import load
from tests.conftest import House
from tests.promises.peering import threaded

TEMPLATES = shipped("connectors") / "platforms"
PLATFORMS = sorted(DECLARATIONS.glob("3*.yaml"))
OURS = "urn:credit-gateway:examining"
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


@pytest.fixture(scope="module")
def shanghai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Neighbour, dict[str, str]]]:
    """Shanghai's gateway of the demo, running, and what its declaration refers to."""
    folder = tmp_path_factory.mktemp("shanghai")
    beside = Neighbour(folder, OURS, generate(1, 30), ["gov.licensing"], ["government"])
    with ExitStack() as stack:
        clients = {demo_neighbour.CLIENT: beside.client}
        tokens = stack.enter_context(threaded(issuer.application, {"resource": "", "subjects": {}, "clients": clients}))
        joined: list[Any] = []
        province: Any = SimpleNamespace(issuer=tokens, jwks_uri=f"{tokens}/jwks.json", join=joined.append)
        neighbour.begin(province, beside)
        stack.callback(joined[0].child.stop)
        httpx2.get(f"{joined[0].url}/health", timeout=START_WITHIN, trust_env=False)  # it reads its home meanwhile
        yield beside, beside.environment(f"{tokens}/token") | {demo_neighbour.VARIABLE: joined[0].url}


async def test_another_gateway_of_the_demo_passes_alive(
    shanghai: tuple[Neighbour, dict[str, str]], benches: Benches, tmp_path: Path
) -> None:
    """For the exam's own asker Shanghai's gateway passes as any platform; its audit says whose asks they were."""
    beside, environment = shanghai
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "shanghai.pem").write_text(beside.key)
    (tmp_path / "gateway.env").write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    here = replace(benches, environment=Environment(load(tmp_path)), gateway=OURS)
    asker = here.asker("gov.licensing", None, ())
    subject = beside.world.examples[demo_neighbour.EXAMPLE].key
    path = demo_neighbour.DECLARATIONS / f"{demo_neighbour.PLATFORM}.yaml"
    report = await examine(here.bench(path, True, True, [subject], asker), asked_groups(True, True))
    assert failures(report) == []
    assert (report.readiness, report.exit_code) == ("B", 0)  # it names what Shanghai's database has not got
    asked = [record["caller"] for record in recorded.records(beside.home)]
    assert asker is not None
    assert {caller["delegated"]["sub"] for caller in asked} == {"connector-check"}
    assert {caller["delegated"]["act"]["decision"] for caller in asked} == {asker.exam}
    assert {(caller["id"], caller["purpose"]) for caller in asked} == {(demo_neighbour.CLIENT, "gov.licensing")}


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("_*.yaml")), ids=lambda path: path.stem)
async def test_a_template_passes_on_paper(path: Path, benches: Benches) -> None:
    """What an operator copies is right, samples included; nobody was asked, and that is said."""
    report = await examine(benches.bench(path, False, False, ()), asked_groups(False, False))
    assert failures(report) == []
    assert (report.readiness, report.exit_code) == ("C", 0)
    undone = {result.group for result in report.results if result.outcome.grade is Grade.UNDONE}
    assert undone == {3, 4, 5, 6}
