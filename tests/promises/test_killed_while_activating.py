"""Who is killed while activating leaves the old version in force or the new one, and a home on which one goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROUNDS = 20


def test_a_killed_activation_leaves_a_valid_state(tmp_path: Path) -> None:
    """Twenty officers' processes are killed at any moment of a change: each time whoever starts anew obeys a whole
    version, the number never falls, and the next change follows without a repair by hand."""
    command = [sys.executable, "-m", "tests.promises.killing", str(tmp_path), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["after"]) == ROUNDS
    assert found["after"] == sorted(found["after"])
    assert found["halves"] > 0  # some were killed in the midst of writing
