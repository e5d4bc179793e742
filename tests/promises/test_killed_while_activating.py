"""Who is killed while activating leaves the old version in force or the new one, and a home on which one goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_killed_activation_leaves_a_valid_state(tmp_path: Path) -> None:
    """Officers' processes are killed before each step by which a change reaches the disk: each time whoever starts anew
    obeys a whole version, the number never falls, and the next change follows without a repair by hand."""
    command = [sys.executable, "-m", "tests.promises.killing", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["after"] == sorted(found["after"])
    assert found["halves"] >= 10  # drafts of two approvals, the pointer and the history, and a pointer without history
    assert len(found["after"]) > found["halves"]  # also before and between the writings
