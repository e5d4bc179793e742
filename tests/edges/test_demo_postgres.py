"""`demo --postgres`: Qingdao's platform on a real PostgreSQL, with the same records, and nothing left of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance.exam import asked_groups, examine
from connectors.conformance.outcome import Grade
from deploy.demo.generator import QINGDAO
from deploy.demo.province import Province, start
from deploy.demo.servers import postgres
from gateway.cli.asking import Demo
from gateway.cli.connector.benches import Benches
from gateway.cli.demonstration import DemoError, Running, running
from tests.conftest import House
from tests.edges.test_demo_processes import gone

QUERY = """query($id: SubjectKey!) { subject(id: $id) { administrativePenalties {
    nodes { documentNo decisionDate fineAmountWan status provenance { platform } } complete } } }"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A small demo, and the folder of its database."""
    with running(tmp_path_factory.mktemp("real"), subjects=120, postgres=True) as found:
        yield found, folder_of(found.province)


def folder_of(province: Province) -> Path:
    return Path(province.environment["QINGDAO_DATABASE_URL"].partition("?host=")[2])


def penalties(demo: Demo) -> Any:
    _, body = demo.ask(QUERY, {"id": demo.key("many_platforms")}, as_="shanghai-market-bureau", purpose="gov.licensing")
    return body["data"]["subject"]


def postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def test_the_same_records(real: tuple[Running, Path], house: House) -> None:
    """What Qingdao answers from PostgreSQL is what it answers from a file, to the last field."""
    found, _ = real
    answer = penalties(Demo.of(found.settings.home))
    assert answer["administrativePenalties"]["complete"]
    assert QINGDAO in {
        each["platform"] for node in answer["administrativePenalties"]["nodes"] for each in node["provenance"]
    }
    assert answer == penalties(house.demo)


async def test_it_passes_the_exam(real: tuple[Running, Path]) -> None:
    """The declaration keeps its word on a real server too: it is read only there, and as ready as on a file."""
    found, _ = real
    home = found.settings.home
    bench = Benches.of(home).bench(home / "platforms" / f"{QINGDAO}.yaml", True, True, ())
    report = await examine(bench, asked_groups(True, True))
    assert [result for result in report.results if result.outcome.grade in (Grade.FAIL, Grade.UNDONE)] == []
    assert {"read-only", "equal", "cancelled", "asked"} <= {result.name for result in report.results}
    assert report.readiness == "B"


def test_a_platform_that_is_killed_takes_its_server_along(real: tuple[Running, Path]) -> None:
    """kill -9 of the platform's process ends PostgreSQL too; started again it answers at the same address."""
    found, folder = real
    demo = Demo.of(found.settings.home)
    before, server = penalties(demo), postmaster(folder)
    [platform] = [source for source in found.province.platforms if source.platform == QINGDAO]
    address = platform.url
    os.kill(platform.pid, signal.SIGKILL)
    assert gone(server)
    answer = penalties(demo)
    assert answer["administrativePenalties"]["complete"] is False
    found.province.restart(QINGDAO)
    assert platform.url == address
    until = time.monotonic() + 60
    while (now := penalties(demo)) != before and time.monotonic() < until:  # its breaker may be open
        time.sleep(0.05)
    assert now == before


def test_nothing_stays(tmp_path: Path) -> None:
    """When the province ends, the server is gone and so is its folder, into which nobody else could look."""
    with start(tmp_path, 1, 20, postgres=True) as province:
        folder = folder_of(province)
        server = postmaster(folder)
        assert folder.stat().st_mode & 0o077 == 0
    assert gone(server)
    assert not folder.parent.exists()


def test_without_the_package_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no PostgreSQL nothing is started, and the message names what brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(postgres.Missing, match=r"credit-gateway\[demo-postgres\]"):
        postgres.programs()
    with pytest.raises(DemoError, match="make setup"), running(tmp_path / "home", postgres=True):
        pass
    assert not (tmp_path / "home" / "demo").exists()
