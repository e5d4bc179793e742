"""What was asked in one minute or day: numbers and distinct subjects, in one small database of the home.

All processes of a home share it, and a restart forgets nothing. What is taken together counts together or not at all:
a request that one quota refuses uses up none of the others. Subjects are kept as keyed digests, until their day is
over. Where the file cannot be written nobody is told that a quota is left: `Unavailable`. One that another program
holds is waited for once and then left alone for a while, for all answers of the process wait with it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.sharing import opened

PLACE = Path("state") / "quotas.sqlite3"  # in a home
PAUSE = 5.0  # seconds for which a file that another program holds is left alone
_TABLES = """
CREATE TABLE IF NOT EXISTS counted (span INTEGER, scope TEXT, n INTEGER, PRIMARY KEY (span, scope)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (span INTEGER, scope TEXT, subject BLOB, PRIMARY KEY (span, scope, subject))
  WITHOUT ROWID;
"""


class Unavailable(ValueError):
    """The counts cannot be read or written now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one quota is asked for: one more request, or these subjects where they are new. A quota of `limit` holds
    for the span of Unix time that begins at `span`; equal scopes in one span are one quota."""

    scope: str
    span: int
    limit: int
    subjects: Sequence[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of each quota is used up now, in the order in which they were wanted; `full` is the place of the one
    that refused, in which case nothing was counted."""

    used: tuple[int, ...]
    full: int | None = None


class Counts:
    """The counts of a home. Opened in the process that uses it, used by one thread at a time; raises Unavailable when
    it cannot be opened. `clock` is monotonic seconds."""

    def __init__(self, home: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        try:  # rooms are wired in a thread and used by the loop's, one after the other
            if home is not None:
                self._db = opened(home / PLACE, _TABLES)
            else:
                self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                self._db.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            told = f"{home}/{PLACE} cannot be used ({error}); move it away, and the day's counts with it"
            raise Unavailable(told) from None
        self._oldest = 0
        self._clock, self._again = clock, float("-inf")

    def take(self, wanted: Sequence[Wanted], oldest: int) -> Taken:
        """Counts all of it, or nothing when a quota would be exceeded. What ended before `oldest` is forgotten."""
        if self._clock() < self._again:
            raise Unavailable("another program held them, and they are left alone for a while")
        try:
            with self._whole() as keep:
                if oldest > self._oldest:
                    self._db.execute("DELETE FROM counted WHERE span < ?", (oldest,))
                    self._db.execute("DELETE FROM seen WHERE span < ?", (oldest,))
                held: list[int] = []
                used: list[int] = []
                for number, each in enumerate(wanted):
                    before, more = self._used(each), self._more(each)
                    held.append(before)
                    if more and before + more > each.limit:
                        return Taken(tuple(held), number)
                    if more:
                        self._db.execute(
                            "INSERT INTO counted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                            (each.span, each.scope, more),
                        )
                    used.append(before + more)
                keep()
                self._oldest = max(self._oldest, oldest)
                return Taken(tuple(used))
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                self._again = self._clock() + PAUSE
            raise Unavailable(str(error)) from None

    def close(self) -> None:
        self._db.close()

    def _used(self, each: Wanted) -> int:
        row = self._db.execute("SELECT n FROM counted WHERE span = ? AND scope = ?", (each.span, each.scope)).fetchone()
        return int(row[0]) if row else 0

    def _more(self, each: Wanted) -> int:
        """How much this adds: subjects that were not seen in the span are noted as seen."""
        if each.subjects is None:
            return 1
        insert = "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)"
        return sum(self._db.execute(insert, (each.span, each.scope, subject)).rowcount for subject in each.subjects)

    @contextmanager
    def _whole(self) -> Iterator[Keep]:
        """One transaction, which is undone unless it is kept."""
        self._db.execute("BEGIN IMMEDIATE")
        keep = Keep()
        try:
            yield keep
        finally:
            self._db.execute("COMMIT" if keep.kept else "ROLLBACK")


class Keep:
    """Called when a transaction is to stay."""

    def __init__(self) -> None:
        self.kept = False

    def __call__(self) -> None:
        self.kept = True
