"""Whatever a platform over HTTP does, of whatever kind: one known error in time, little memory, and no other platform
hears of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.edges.crooked import nobody
from tests.promises.platform_faults import KINDS, SAID, faults
from tests.promises.trial_faults import DEADLINE, PATIENCE, opened, told

ROOT = Path(__file__).parents[2]
ROOM = 64 << 10  # kilobytes by which memory may grow
CASES = [(kind, fault) for kind in KINDS for fault in faults(kind)]

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="a process's memory is read as Linux tells it"
)


@pytest.fixture(scope="module")
def trial() -> dict[tuple[str, str], dict[str, Any]]:
    """What became of every fault, tried in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.promises.trial_faults"], cwd=ROOT, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    assert SAID not in done.stdout + done.stderr
    return {(line["kind"], line["fault"]): line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_a_fault_is_one_error_and_hurts_nobody_else(
    trial: dict[tuple[str, str], dict[str, Any]], kind: str, fault: str
) -> None:
    """It becomes what the table says before the platform's own limit, with less than 64 MiB; the honest platform beside
    it answers in full, and the crooked one again as soon as it is honest."""
    line = trial[kind, fault]
    assert line["became"] == line["expected"]
    assert line["seconds"] < DEADLINE + PATIENCE
    assert line["grew"] < ROOM
    assert line["beside"] == line["afterwards"] == "1 row: 虚构公司"


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_listening_is_unavailable(kind: str) -> None:
    """A refused connection is told at once."""
    with nobody() as port:
        asked = await opened(kind, f"http://127.0.0.1:{port}")
        assert await told(asked) == "Unavailable"
        await asked.close()
