"""A process whose children draw on one day of a home at once: run by a test, which has threads and may not fork itself.

Prints how many calls each of them let out, as JSON; null for one that killed itself after its first.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from connectors.contract import QuotaUsedUp
from gateway import sharing
from gateway.fetching import Calls, daily
from gateway.fetching.daily import Daily

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)  # in Shanghai
ZONE = "Asia/Shanghai"
ROOT = Path(__file__).parents[2]


def day_of(home: Path, per_day: int) -> Daily:
    return Daily(per_day, ZONE, lambda: NOON, Calls(home), "a")


def drawn(day: Daily, most: int = 1_000_000) -> int:
    """How many calls it lets out, `most` at most."""
    for number in range(most):
        try:
            day.take()
        except QuotaUsedUp:
            return number
    return most


def side_by_side(home: Path, per_day: int, processes: int, killed: bool = False) -> list[int | None]:
    """How many calls of a day each of several processes lets out; None of one that was killed after its first."""
    words = [str(home), str(per_day), str(processes), "killed" if killed else ""]
    command = [sys.executable, "-m", "tests.promises.drawing", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[int | None] = json.loads(done.stdout)
    return found


def main(home: Path, per_day: int, processes: int, killed: bool) -> None:
    daily.WAIT, sharing.WAIT = 60_000, 60.0  # who is written for may have to wait for a processor
    fork = get_context("fork")

    def work(end: Any) -> None:
        day = day_of(home, per_day)
        if killed:
            day.take()
            os.kill(os.getpid(), signal.SIGKILL)
        end.send(drawn(day))

    ends = [fork.Pipe(duplex=False) for _ in range(processes)]
    running = [fork.Process(target=work, args=(end,)) for _, end in ends]
    for each in running:
        each.start()
    found: list[int | None] = []
    for each, (reports, end) in zip(running, ends, strict=True):
        each.join()
        end.close()
        found.append(reports.recv() if each.exitcode == 0 else None)
    print(json.dumps(found))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), bool(sys.argv[4]))
