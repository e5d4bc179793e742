"""`perDay` kept: how many calls went out since midnight in the platform's zone. Kept in this process alone, so that a
restart begins to count anew; several processes share the day out among themselves. Rooms that are wired anew go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.contract import QuotaUsedUp


class Daily:
    def __init__(self, per_day: int, zone: str, now: Callable[[], datetime]) -> None:
        self._per_day, self._zone, self._now = per_day, ZoneInfo(zone), now
        self._day: date | None = None
        self._used = 0

    def goes_on(self, before: Daily) -> None:
        """What was used of this day before, by the rooms that these replace."""
        if before._zone == self._zone:
            self._day, self._used = before._day, before._used

    def take(self) -> None:
        """Counts one more call. Raises QuotaUsedUp."""
        today = self._now().astimezone(self._zone).date()
        if today != self._day:
            self._day, self._used = today, 0
        if self._used >= self._per_day:
            raise QuotaUsedUp(f"the {self._per_day} calls of this day are used up")
        self._used += 1
