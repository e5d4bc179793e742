"""A process that lets others change what is in force and kills each at another step of writing: run by a test, on a
home of its own.

It has one thread, so that it may fork. A child kills itself (SIGKILL) as it is about to take the n-th step that changes
something on the disk; n grows until a child outlives its change. After each the home is read anew by somebody who knows
nothing. Prints one line of JSON: the number in force after each kill, and how many left something half done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.governing.obeying import begin
from gateway.governing.office import Office
from tests.promises.officers import Chamber, open_chamber
from tests.promises.small_sets import MORE, write

STEPS = {"os.mkdir", "os.rename", "os.link", "os.remove", "fcntl.flock"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def change(chamber: Chamber, folders: list[Path]) -> int:
    """Bring the other of two sets into force."""
    return chamber.change(folders[chamber.office.course().seq % 2], widens=True).seq


def killed(chamber: Chamber, folders: list[Path], step: int) -> bool:
    """Let a child make a change and die before its `step`-th step on the disk; false if it had no such step."""
    child = os.fork()
    if child == 0:
        left = step

        def die(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            left -= event in STEPS or (event == "open" and bool(arguments[2] & WRITING))
            if left == 0:
                left = -1  # to kill is an event too
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die)
        change(chamber, folders)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.waitstatus_to_exitcode(status):
        raise SystemExit("a change failed where nobody killed it")
    return os.WIFSIGNALED(status)


def main(place: Path) -> None:
    folders = [write(place / "home" / "policies"), write(place / "more", MORE)]
    chamber = open_chamber(place / "home")
    first = chamber.begin().current.bundle
    bundles = {first, chamber.office.bundles.freeze(folders[1]).digest}
    after: list[int] = []
    halves = 0
    while killed(chamber, folders, len(after) + 1):
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
    main(Path(sys.argv[1]))
