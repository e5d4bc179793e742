"""`perDay` kept: how many calls went out since midnight in the platform's zone, by all processes of a home together.

A process takes calls from one small file of the home in blocks, so that few calls cost a write: a sixty-fourth of what
is left of the day and at most `MOST`, which is one at a time near the end. What it has not used when it ends it gives
back; what a killed process held is lost to that day, so that never more than `perDay` go out. Only a power cut may
forget the last moments' blocks. Where the file cannot be used no call is to be had: the platform is not asked, and the
log says why.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.contract import QuotaUsedUp
from gateway.sharing import opened

PLACE = Path("state") / "calls.sqlite3"  # in a home
MOST, SHARE = 32, 64
LOOKS = timedelta(seconds=1)  # between two looks whether another process has given calls of a day back
PAUSE = 5.0  # seconds for which a file that failed is left alone
WAIT = 250  # milliseconds for another process that is writing: the answers of all wait with it
KEPT = timedelta(days=2)  # days of different zones are not the same

_TABLES = """
CREATE TABLE IF NOT EXISTS taken (place TEXT, day TEXT, n INTEGER, PRIMARY KEY (place, day)) WITHOUT ROWID;
"""
_ADD = "INSERT INTO taken VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"

_log = logging.getLogger(__name__)


class Uncounted(Exception):
    """The calls of a day can be neither read nor written now."""


class Calls:
    """The calls of a home that were taken, by place (a platform's source) and day; without a home those of this process
    alone. Opened in the process that uses it, when the first are taken; used by one thread at a time."""

    def __init__(self, home: Path | None = None) -> None:
        self._path = None if home is None else home / PLACE
        self._file: sqlite3.Connection | None = None
        self._again = 0.0  # monotonic seconds, before which a file that failed is left alone

    def take(self, place: str, day: date, per_day: int) -> int:
        """A block of the day's calls, which nobody else has; 0 when none is left. Raises Uncounted."""
        if time.monotonic() < self._again:
            raise Uncounted
        try:
            with self._opened() as file:
                file.execute("BEGIN IMMEDIATE")
                row = file.execute("SELECT n FROM taken WHERE place = ? AND day = ?", (place, str(day))).fetchone()
                left = per_day - (row[0] if row else 0)
                if left <= 0:
                    return 0
                if row is None:
                    file.execute("DELETE FROM taken WHERE day < ?", (str(day - KEPT),))
                block = min(MOST, max(1, left // SHARE))
                file.execute(_ADD, (place, str(day), block))
                return block
        except (sqlite3.Error, OSError) as error:
            _log.error("calls are not counted, and platforms with `perDay` not asked: %s: %s", self._path, error)
            self._again = time.monotonic() + PAUSE
            self.close()
            raise Uncounted from None

    def give_back(self, place: str, day: date, calls: int) -> None:
        """Calls that were taken and not used. Where they cannot be given back they are lost to that day."""
        with contextlib.suppress(sqlite3.Error, OSError), self._opened() as file:
            file.execute(_ADD, (place, str(day), -calls))

    def close(self) -> None:
        """What comes afterwards opens the file anew."""
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            if self._path is None:
                self._file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                self._file.executescript(_TABLES)
            else:
                self._file = opened(self._path, _TABLES)
                self._file.execute(f"PRAGMA busy_timeout = {WAIT}")
        return self._file


class Daily:
    """The calls of one source. `place` names it among those that draw on the same `calls`."""

    def __init__(self, per_day: int, zone: str, now: Callable[[], datetime], calls: Calls, place: str) -> None:
        self._per_day, self._zone, self._now = per_day, ZoneInfo(zone), now
        self._calls, self._place = calls, place
        self._day: date | None = None
        self._held = 0  # calls of the day that are this process's
        self._looks: datetime | None = None  # before which it is not looked whether there are any again

    def take(self) -> None:
        """Counts one more call. Raises QuotaUsedUp."""
        now = self._now()
        today = now.astimezone(self._zone).date()
        if today != self._day:
            self._day, self._held, self._looks = today, 0, None
        if not self._held:
            self._held = self._block(today, now)
        self._held -= 1

    def give_back(self) -> None:
        """What is held goes to whoever asks next; another `take` takes anew."""
        if self._held and self._day is not None:
            self._calls.give_back(self._place, self._day, self._held)
        self._held, self._looks = 0, None

    def _block(self, today: date, now: datetime) -> int:
        if self._looks is None or now >= self._looks:
            try:
                block = self._calls.take(self._place, today, self._per_day)
            except Uncounted:
                raise QuotaUsedUp("the calls of this day cannot be counted") from None
            if block:
                return block
            self._looks = now + LOOKS
        raise QuotaUsedUp(f"the {self._per_day} calls of this day are used up")
