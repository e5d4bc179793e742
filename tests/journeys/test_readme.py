"""A newcomer with the README: every command that it shows is run here, as it stands there."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import House

ROOT = Path(__file__).parents[2]
COMMAND = ".venv/bin/credit-gateway"
# `make test` is what runs this test; it is run from a clean clone by `.ci/run`
ELSEWHERE = {"make test"}


def shown() -> list[str]:
    """The commands of README's `sh` blocks, one per logical line."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def of_verb(verb: str) -> list[str]:
    return [line for line in shown() if re.search(rf"{re.escape(COMMAND)} {verb}\b", line)]


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one line in a shell, in `folder`, where `.venv/bin` is as in the checkout."""
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    words = {**os.environ, **environment}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=words, capture_output=True, text=True, timeout=150, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / COMMAND).exists():
        pytest.fail(f"{COMMAND} is missing: run the tests by `make test`")
    return tmp_path_factory.mktemp("newcomer")


def test_every_shown_command_is_run_here() -> None:
    """No command of the README escapes the tests of this file."""
    verbs = ("query", "demo", "init", "check", "serve")
    run_here = {line for verb in verbs for line in of_verb(verb)} | {"make run"} | ELSEWHERE
    assert set(shown()) - run_here == set()


def test_questions(house: House, folder: Path) -> None:
    """Both questions of the README get the penalty, and what it says of their difference is so."""
    shanghai, public, *_ = (run(line, folder, CREDIT_GATEWAY_HOME=str(house.home)) for line in of_verb("query"))
    assert (shanghai.returncode, public.returncode) == (0, 0), shanghai.stderr + public.stderr
    [seen] = json.loads(shanghai.stdout)["data"]["subject"]["administrativePenalties"]["nodes"]
    [known] = json.loads(public.stdout)["data"]["subject"]["administrativePenalties"]["nodes"]
    assert seen["documentNo"] == known["documentNo"]
    assert seen["procedure"]
    assert seen["legalRepIdNo"].startswith("p1:")
    assert (known["procedure"], known["legalRepIdNo"]) == (None, None)


def test_consent_search_and_report(house: House, folder: Path) -> None:
    """The summary is answered with the consent alone; the search says whom it lacks; the report tells states."""
    *_, summary, search, report = of_verb("query")
    place = {"CREDIT_GATEWAY_HOME": str(house.home)}
    shown = run(summary, folder, **place)
    assert shown.returncode == 0, shown.stderr
    [node] = json.loads(shown.stdout)["data"]["subject"]["smeFinanceSummaries"]["nodes"]
    assert node["taxPaidBand"]
    bare = run(summary.partition(" --consent")[0], folder, **place)
    assert bare.returncode == 4, bare.stderr
    assert {entry.get("remedy") for entry in json.loads(bare.stdout)["extensions"]["withheld"]} == {"consent"}
    found = run(search, folder, **place)
    assert found.returncode == 3, found.stderr
    assert len(json.loads(found.stdout)["data"]["search"]["nodes"]) == 1
    told = run(report, folder, **place)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["data"]["creditReport"]["administration"]["state"] == "FOUND"


def test_demo_check(folder: Path) -> None:
    """`demo --check` says line by line that every promise holds, and exits 0."""
    [line] = of_verb("demo")
    checked = run(line, folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.splitlines()[-1] == "every promise held"
    assert "FAIL" not in checked.stdout


@pytest.fixture
def started(folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start(line: str, where: Path, expected: str, started: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """Start a command that stays, in a process group of its own, and wait for the line that says it is there."""
    words = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        shlex.split(line), cwd=where, env=words, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    started.append(process)
    assert process.stdout is not None
    for text in process.stdout:
        if expected in text:
            return process
    raise AssertionError(f"`{line}` ended without saying `{expected}`")


def test_running_a_home(folder: Path, started: list[subprocess.Popen[str]]) -> None:
    """`init`, `check` and `serve` work one after the other, as \"Running it\" shows them."""
    for verb in ("init", "check"):
        [line] = of_verb(verb)
        done = run(line, folder)
        assert done.returncode == 0, done.stderr
    [line] = of_verb("serve")
    process = start(re.sub(r"--port \d+", "--port 0", line), folder, "listening on http://", started)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_make_run(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """`make run` starts the province and prints its questions; stopped, it ends with everything it started."""
    assert "make run" in shown()
    line = f'make run ARGS="--port 0 --subjects 50 --home {tmp_path / "home"}"'
    process = start(line, ROOT, "stop with Ctrl-C", started)
    said = json.loads((tmp_path / "home" / "demo.json").read_text("utf-8"))
    pids = [platform["pid"] for platform in said["platforms"]]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
