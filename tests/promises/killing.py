"""A process that lets others change what is in force and kills them at any moment: run by a test, on a home of its own.

It has one thread, so that it may fork; each child makes changes until SIGKILL. After each the home is read anew by
somebody who knows nothing. Prints one line of JSON: the number in force after each kill, and what lay half done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from gateway.governing.obeying import begin
from gateway.governing.office import Office
from tests.promises.officers import Chamber, open_chamber
from tests.promises.small_sets import MORE, write

LONGEST = 0.12  # seconds for which a child lives


def change(chamber: Chamber, folders: list[Path]) -> int:
    """Bring the other of two sets into force."""
    return chamber.change(folders[chamber.office.course().seq % 2], widens=True).seq


def main(place: Path, rounds: int) -> None:
    random = Random(7)
    folders = [write(place / "home" / "policies"), write(place / "more", MORE)]
    chamber = open_chamber(place / "home")
    first = chamber.begin().current.bundle
    bundles = {first, chamber.office.bundles.freeze(folders[1]).digest}
    after: list[int] = []
    halves = 0
    for _ in range(rounds):
        child = os.fork()
        if child == 0:
            while True:
                change(chamber, folders)
        time.sleep(random.uniform(0.005, LONGEST))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        governed = begin(chamber.home, "37")
        if governed.declined is not None or governed.standing.bundle not in bundles:
            raise SystemExit(f"after a kill: {governed.declined}")
        after.append(governed.course.seq)
        history = chamber.home / "governing" / "history" / f"{governed.course.seq:06}.json"
        halves += not history.exists() or any(chamber.home.rglob(".*.json.*"))
        for draft in chamber.home.rglob(".*.json.*"):
            draft.unlink()
        chamber.office = Office(chamber.home, "37", lambda: datetime.now(UTC))
        if change(chamber, folders) != governed.course.seq + 1:
            raise SystemExit("the next change did not follow")
    print(json.dumps({"after": after, "halves": halves}))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
