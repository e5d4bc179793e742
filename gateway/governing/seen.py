"""Which gateways run on a home, and which pointer each of them obeys: HOME/governing/seen/<worker>.json.

Each process that answers holds a lock as long as it lives, so that a file left behind by a dead one is not taken for a
gateway that lags. It writes down what it obeys after it has done so, and what it refused, with the reason.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.governing import keeping
from gateway.governing.journal import FOLDER
from gateway.governing.statements import canonical

POINTER, STEP = "pointer", "step"  # what is obeyed: of policies, of platforms
PAUSE = 0.02  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Seen:
    """One running gateway process: which pointer of policies it obeys, and up to which step of platforms. `refused`
    names the pointer that it did not obey, and the reason in one word; `declined` the same of a step."""

    worker: int
    seq: int
    digest: str
    since: str | None
    refused: Mapping[str, Any] | None
    step: int = 0
    declined: Mapping[str, Any] | None = None


class Presence:
    """What one process says of itself. Made in that process; `gone` when it ends."""

    def __init__(self, home: Path, worker: int) -> None:
        self._worker = worker
        folder = home / FOLDER / "seen"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._place = folder / f"{worker}.json"
        self._place.unlink(missing_ok=True)
        self._lock = os.open(folder / f"{worker}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def tell(self, **said: Any) -> None:
        """What `Seen` holds, without the number of the process."""
        keeping.replace(self._place, canonical({"worker": self._worker, **said}), durable=False)

    def gone(self) -> None:
        os.close(self._lock)


def running(home: Path) -> list[Seen | int]:
    """Every gateway process that lives; its number alone while it has not said anything yet."""
    found: list[Seen | int] = []
    for lock in sorted((home / FOLDER / "seen").glob("*.lock")):
        if not _held(lock):
            continue
        try:
            words = orjson.loads(lock.with_suffix(".json").read_bytes())
            found.append(Seen(**words))
        except (OSError, ValueError, TypeError):
            found.append(int(lock.stem))
    return found


def acknowledged(home: Path, seq: int, within: float, what: str = POINTER) -> list[Seen | int]:
    """Wait until every running gateway obeys pointer or step `seq` or has refused it, at most `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = running(home)
        if all(obeys(each, seq, what) or refuses(each, seq, what) for each in found) or time.monotonic() >= end:
            return found
        time.sleep(PAUSE)


def obeys(seen: Seen | int, seq: int, what: str = POINTER) -> bool:
    return isinstance(seen, Seen) and (seen.seq if what == POINTER else seen.step) >= seq


def refuses(seen: Seen | int, seq: int, what: str = POINTER) -> bool:
    refused = refusal(seen, what)
    return refused is not None and int(refused["seq"]) >= seq


def refusal(seen: Seen | int, what: str = POINTER) -> Mapping[str, Any] | None:
    """What a process does not obey, and why."""
    if isinstance(seen, int):
        return None
    return seen.refused if what == POINTER else seen.declined


def _held(lock: Path) -> bool:
    """Whether a living process holds it."""
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
