"""The pointer as a home's gateways and officers follow it: from the first to the last, each judged, none forgotten.

What this home once obeyed is written down in HOME/keys/policy-floor.json: a pointer below that number, or another one
of that number, is an old one brought back, also after a restart. A pointer that is refused changes nothing: what was
in force stays, and the reason is kept for whoever asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gateway.governing.floor import Floor, Floors
from gateway.governing.journal import Journal
from gateway.governing.officers import load_officers
from gateway.governing.standing import Course, Sets, Standing, follow
from gateway.governing.statements import Refused, Statement


class Following:
    """One reader of a home's pointers. `initial` is the digest of HOME/policies, in force before the first pointer."""

    def __init__(
        self,
        home: Path,
        province: str,
        initial: str,
        sets: Sets,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._home, self._province, self._sets, self._now = home, province, sets, now
        self._floor = Floors(home, "policy", "pointer")
        self.journal = Journal(home)
        self.course = Course(Standing(0, None, initial, 0))

    def catch_up(self) -> Course:
        """Follow the pointers up to the one that stands. Raises Refused; as far as they were good they are followed."""
        floor = self._floor.read()
        last = self.journal.pointer()
        if last is None:
            if floor.seq or self.course.seq:
                raise Refused(
                    "missing", f"pointer.json is gone, and pointer {max(floor.seq, self.course.seq)} was in force"
                )
            return self.course
        seq = _seq(last)
        if seq < max(floor.seq, self.course.seq):
            raise Refused("replayed", f"pointer {seq} is an old one: {max(floor.seq, self.course.seq)} is in force")
        if seq == self.course.seq and last.id != self.course.pointer:
            raise Refused("replayed", f"another pointer {seq} is in force already")
        for number in range(self.course.seq + 1, seq):
            self._step(self.journal.past(number), floor)
        if seq > self.course.seq:
            self._step(last, floor)
        return self.course

    def last_good(self) -> Course:
        """The course up to the floor, from history alone: what this home obeyed last. Raises Refused."""
        floor = self._floor.read()
        for number in range(self.course.seq + 1, floor.seq + 1):
            self._step(self.journal.past(number), floor)
        return self.course

    def obeyed(self) -> None:
        """Write down that this home obeys the course. Raises OSError."""
        self._floor.raise_to(self.course.seq, self.course.pointer)

    def judged(self, pointer: Statement) -> Course:
        """The course after one more pointer, which is not written yet. Raises Refused."""
        return follow(self.course, pointer, load_officers(self._home), self._province, self._now(), self._sets)

    def _step(self, pointer: Statement, floor: Floor) -> None:
        known = _seq(pointer) <= floor.seq
        if _seq(pointer) == floor.seq and pointer.id != floor.statement:
            raise Refused("replayed", f"another pointer {floor.seq} was in force in this home")
        officers = load_officers(self._home)
        self.course = follow(self.course, pointer, officers, self._province, self._now(), None if known else self._sets)


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from the next, for the price of one call; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _seq(pointer: Statement) -> int:
    seq = pointer.words.get("seq")
    return seq if isinstance(seq, int) else 0
