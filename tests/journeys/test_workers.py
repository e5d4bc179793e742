"""`serve --workers N` as real processes: all answer, all record, one that dies comes back, all end when asked to."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from gateway.auditing import verifying
from gateway.cli import cli
from gateway.settings import SettingsError, load
from tests.conftest import House

QUERY = "query($id: SubjectKey!) { subject(id: $id) { name } }"
COMMAND = [sys.executable, "-m", "gateway"]


def until(found: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what happens in other processes."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def children(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def in_one_day(seconds: float = 90) -> None:
    """Wait for the next day in Shanghai where so little is left of this one."""
    left = 86_400 - (time.time() + 8 * 3600) % 86_400
    if left < seconds:
        time.sleep(left)


@pytest.fixture
def home(house: House, tmp_path: Path) -> Path:
    return Path(shutil.copytree(house.home, tmp_path / "home", ignore=shutil.ignore_patterns("audit", "demo")))


@contextlib.contextmanager
def started(home: Path, workers: int, port: str = "0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process that watches, and the address on which all answer."""
    command = [*COMMAND, "serve", "--home", str(home), "--port", port, "--workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url, process.communicate()[1]
        yield process, url[0]
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


def ask(house: House, url: str, count: int) -> set[str]:
    """The decisions of `count` answers, each over a connection of its own."""

    def one(_: int) -> str:
        body = {"query": QUERY, "variables": {"id": house.key("clean")}}
        answer = httpx2.post(f"{url}/graphql", json=body, trust_env=False, timeout=30).json()
        return str(answer["extensions"]["decision"])

    with ThreadPoolExecutor(8) as threads:
        return set(threads.map(one, range(count)))


def recorded(home: Path) -> dict[str, str]:
    """The log's folder of each decision on disk."""
    return {
        json.loads(line)["record"]["decision"]: path.parent.name
        for path in (home / "audit").rglob("records-*.jsonl")
        for line in path.read_bytes().splitlines()
    }


def problems(home: Path) -> list[str]:
    return [each.problem for each in verifying.verify_all(home).values() if each.problem]


def test_all_workers_answer_record_and_drain(house: House, home: Path) -> None:
    """Connections are spread over the workers, each answer is on record, and SIGTERM ends all of them with 0."""
    with started(home, 3) as (process, url):
        workers = children(process)
        assert len(workers) == 3
        decisions = ask(house, url, 90)
        kept = recorded(home)
        assert len(decisions) == 90
        assert decisions == kept.keys()
        assert set(kept.values()) == {"audit", "worker-1", "worker-2"}
        assert problems(home) == []
        taken = subprocess.run(
            [*COMMAND, "serve", "--home", str(house.home), "--port", url.rpartition(":")[2]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (taken.returncode, len(taken.stderr.splitlines())) == (1, 1)
        assert "cannot be taken" in taken.stderr
        process.terminate()
        assert process.wait(60) == 0
        assert not any(map(lives, workers))
    found = verifying.verify_all(home)
    assert sum(each.signed for each in found.values()) == 90


def test_fewer_workers_keep_the_old_logs(house: House, home: Path) -> None:
    """A home that ran with three workers and now runs with one has all its records, and all verify."""
    with started(home, 3) as (_, url):
        before = ask(house, url, 30)
    with started(home, 1) as (process, url):
        assert children(process) == []
        after = ask(house, url, 5)
        assert recorded(home).keys() == before | after
    assert problems(home) == []
    verified = subprocess.run(
        [*COMMAND, "audit", "verify", "--home", str(home)], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0
    assert verified.stdout.count("whole: ") == 3


def test_a_killed_worker_comes_back(house: House, home: Path) -> None:
    """While one is dead the others answer; it is started again, and no record that was acknowledged is lost."""
    with started(home, 2) as (process, url):
        decisions = ask(house, url, 20)
        first = children(process)
        os.kill(first[1], signal.SIGKILL)
        until(lambda: not lives(first[1]))
        decisions |= ask(house, url, 5)
        assert process.stderr is not None
        until(lambda: len(children(process)) == 2 and first[1] not in children(process))

        def both() -> bool:
            before = set(recorded(home).items())
            decisions.update(ask(house, url, 10))
            return {folder for _, folder in set(recorded(home).items()) - before} == {"audit", "worker-1"}

        until(both)
        assert recorded(home).keys() == decisions
        process.terminate()
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said.count("is started again") == 1
    assert problems(home) == []


def test_workers_and_restarts_keep_to_a_platforms_day(house: House, home: Path) -> None:
    """A platform that bears ten calls a day gets ten, whichever worker is asked, before and after a restart; answers
    without it say so."""
    declared = home / "platforms/370600-yantai-credit.yaml"
    declared.write_text(declared.read_text("utf-8").replace("limits: {", "limits: {perDay: 10, "), "utf-8")
    [yantai] = [each["url"] for each in house.running.description["platforms"] if each["id"] == "370600-yantai-credit"]
    query = 'query($id: SubjectKey!) { subject(id: $id) { administrativePenalties(regions: ["370600"]) { complete } } }'
    keys = [each.key for each in house.running.province.world.subjects if each.key_kind == "uscc"][:24]

    def whole(url: str, asked: list[str]) -> list[bool]:
        """Whether each answer is complete, over connections of their own."""

        def one(key: str) -> bool:
            body = {"query": query, "variables": {"id": {"uscc": key}}}
            answer = httpx2.post(f"{url}/graphql", json=body, trust_env=False, timeout=30).json()
            return bool(answer["data"]["subject"]["administrativePenalties"]["complete"])

        return [one(key) for key in asked]

    in_one_day()
    httpx2.delete(f"{yantai}/__recorder__", trust_env=False)
    with started(home, 2) as (_, url):
        first = whole(url, keys[:7])
    with started(home, 1) as (_, url):
        second = whole(url, keys[7:])
    assert any(first)
    assert not any(second[10:])
    assert len(httpx2.get(f"{yantai}/__recorder__", trust_env=False).json()["requests"]) == 10


def test_a_worker_that_cannot_start_ends_all(house: House, home: Path) -> None:
    """One worker's damaged log refuses the whole start in one line, and no process is left behind."""
    with started(home, 2) as (_, url):
        ask(house, url, 30)
    path = next((home / "audit/worker-1").glob("records-*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b"clean", b"xxxxx").replace(b'"public"', b'"pyblic"', 1))
    command = [*COMMAND, "serve", "--home", str(home), "--port", "0", "--workers", "2"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (refused.returncode, refused.stdout) == (1, "")
    said = [line for line in refused.stderr.splitlines() if not line.startswith("INFO ")]  # the other worker's start
    assert len(said) == 1
    assert "records-000000000000.jsonl:1: the record does not fit its hash" in said[0]


def test_workers_do_not_outlive_who_watches_them(house: House, home: Path) -> None:
    """When the watching process is killed, its workers drain and give port and logs back."""
    with started(home, 2) as (process, url):
        workers = children(process)
        decisions = ask(house, url, 10)
        process.kill()
        process.wait()
        until(lambda: not any(map(lives, workers)))
    with started(home, 2, url.rpartition(":")[2]):
        assert recorded(home).keys() == decisions
        assert problems(home) == []


@pytest.mark.parametrize("count", ["0", "-1", "65", "many", "1.5"])
def test_a_wrong_number_of_workers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    """Neither the command line nor the environment takes less than one worker or more than 64."""
    refused = CliRunner().invoke(cli, ["serve", "--home", str(tmp_path), "--workers", count])
    assert (refused.exit_code, "--workers" in refused.output) == (2, True)
    monkeypatch.setenv("CREDIT_GATEWAY_WORKERS", count)
    with pytest.raises(SettingsError, match="CREDIT_GATEWAY_WORKERS"):
        load(tmp_path)
