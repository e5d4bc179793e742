"""A home has a log for each of its processes: all are verified, and none is taken away or put elsewhere unseen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gateway.auditing import AuditLog, logs, verifying
from gateway.auditing.checkpoint import CheckpointError
from gateway.auditing.entries import LogDamaged
from gateway.auditing.logs import LogInUse
from gateway.cli.audit import audit
from tests.promises.recorded import fill


async def three(home: Path) -> None:
    """A home with three logs of 3, 4 and 5 records."""
    logs.found(home, 3)
    for log in range(3):
        await fill(home, 3 + log, worker=log)


async def test_all_logs_of_a_home_verify(tmp_path: Path) -> None:
    """Each process's log is a whole log, and a home that now has one process or more keeps the old ones under proof."""
    await three(tmp_path)
    await fill(tmp_path, 2)
    found = verifying.verify_all(tmp_path)
    assert {log: (each.size, each.signed, each.problem) for log, each in found.items()} == {
        0: (5, 5, None),
        1: (4, 4, None),
        2: (5, 5, None),
    }
    logs.found(tmp_path, 2)
    logs.found(tmp_path, 4)
    assert [each.size for each in verifying.verify_all(tmp_path).values()] == [5, 4, 5, 0]
    assert verifying.prove(tmp_path, 3, log=1).holds()


async def test_a_home_with_one_log_signs_what_it_always_signed(tmp_path: Path) -> None:
    """Nothing in a checkpoint speaks of several logs until there are several, so that old ones stay good."""
    await fill(tmp_path, 1)
    assert set(orjson.loads((tmp_path / "audit/checkpoint.json").read_bytes())) == {
        "key",
        "root",
        "signature",
        "size",
        "time",
    }
    logs.found(tmp_path, 2)
    assert verifying.verify_all(tmp_path)[0].size == 1


def removed(folder: Path) -> None:
    shutil.rmtree(folder / "worker-1")


def emptied(folder: Path) -> None:
    for path in (folder / "worker-2").iterdir():
        path.unlink()


def doubled(folder: Path) -> None:
    """Another log of the same home, whole and signed, in the place of the second."""
    removed(folder)
    shutil.copytree(folder / "worker-2", folder / "worker-1")


def promoted(folder: Path) -> None:
    """The first log replaced by another one of the home."""
    for path in (folder / "worker-1").iterdir():
        shutil.copy(path, folder / path.name)


@pytest.mark.parametrize("tamper", [removed, emptied, doubled, promoted])
async def test_no_log_is_taken_away_unseen(tmp_path: Path, tamper: Callable[[Path], None]) -> None:
    """A log that is gone, empty, or another one's copy is found, and no gateway starts, with one process or three."""
    await three(tmp_path)
    tamper(tmp_path / "audit")
    problems = [each.problem for each in verifying.verify_all(tmp_path).values() if each.problem]
    assert problems
    assert all("checkpoint.json: " in problem for problem in problems)
    with pytest.raises(CheckpointError):
        AuditLog.open(tmp_path)
    with pytest.raises(CheckpointError):
        logs.found(tmp_path, 3)


async def test_a_later_log_needs_its_founding(tmp_path: Path) -> None:
    """No process makes a log of its own accord: one that was taken away would begin anew."""
    await fill(tmp_path, 1)
    with pytest.raises(CheckpointError):
        AuditLog.open(tmp_path, log=1)


async def test_a_witness_of_several_logs(tmp_path: Path) -> None:
    """A copy of the checkpoints, kept as they stand, finds any log that was put back, and one that is gone."""
    await three(tmp_path)
    shutil.copytree(tmp_path / "audit", tmp_path / "early")
    await fill(tmp_path, 4, worker=2)
    witness = tmp_path / "witness"
    shutil.copytree(tmp_path / "audit", witness, ignore=shutil.ignore_patterns("records-*"))
    assert not [each.problem for each in verifying.verify_all(tmp_path, witness=witness).values() if each.problem]
    shutil.rmtree(tmp_path / "audit")
    shutil.copytree(tmp_path / "early", tmp_path / "audit")
    assert not [each.problem for each in verifying.verify_all(tmp_path).values() if each.problem]
    found = verifying.verify_all(tmp_path, witness=witness)
    assert [log for log, each in found.items() if each.problem] == [2]
    assert "ends after 5 of the 9 records" in str(found[2].problem)


async def test_founding_needs_an_idle_home(tmp_path: Path) -> None:
    """While a gateway writes any log of the home, no other is made ready; its process is named."""
    logs.found(tmp_path, 2)
    for worker in (0, 1):
        log = AuditLog.open(tmp_path, log=worker)
        with pytest.raises(LogInUse, match="another gateway"):
            logs.found(tmp_path, 2)
        await log.close()
    logs.found(tmp_path, 2)


async def test_the_command_goes_over_all_logs(tmp_path: Path) -> None:
    """`audit verify` says of each log whether it is whole, `audit show` the last records of all, in order of time."""
    await three(tmp_path)
    run = CliRunner().invoke
    good = run(audit, ["verify", "--home", str(tmp_path)])
    assert good.exit_code == 0
    assert [line.split(" records")[0] for line in good.output.splitlines()] == [
        "whole: 3",
        "worker-1: whole: 4",
        "worker-2: whole: 5",
    ]
    shown = run(audit, ["show", "--last", "20", "--home", str(tmp_path)])
    lines = [orjson.loads(line) for line in shown.output.splitlines()]
    assert [line.get("log", 0) for line in lines] == [0] * 3 + [1] * 4 + [2] * 5
    assert len(run(audit, ["show", "--last", "4", "--home", str(tmp_path)]).output.splitlines()) == 4
    path = tmp_path / "audit/worker-1/records-000000000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b"decision-2", b"decision-9"))
    bad = run(audit, ["verify", "--home", str(tmp_path)])
    assert bad.exit_code == 1
    assert "worker-1: records-000000000000.jsonl:3: " in bad.output
    assert "worker-2: whole" in bad.output
    with pytest.raises(LogDamaged):
        AuditLog.open(tmp_path, log=1)
