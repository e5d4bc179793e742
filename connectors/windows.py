"""Hours in which a platform is closed by plan, as its declaration writes them: `cron` says when, `lasts` how long.

The five fields are minute, hour, day of the month, month and weekday, each `*`, a number, a range `1-5`, a step `*/2`
or a list of them; months and weekdays may be their English names, and Sunday is 0 or 7. Where both days are given,
either will do, as cron has it. The hours are those of a zone. The clock is an argument.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST = timedelta(days=7)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, dict(zip(_MONTHS, range(1, 13), strict=True))),
    (0, 7, dict(zip(_DAYS, range(7), strict=True))),
)
_PART = re.compile(r"(\*|([0-9]{1,2}|[A-Z]{3})(-([0-9]{1,2}|[A-Z]{3}))?)(/([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Cron:
    """When something begins."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # Sunday is 0
    either: bool  # whether one of day and weekday is enough

    @classmethod
    def of(cls, text: str) -> Cron:
        """Raises ValueError, with what to write."""
        parts = text.upper().split()
        if len(parts) != len(_FIELDS):
            raise ValueError("write five fields, minute hour day month weekday, such as `0 1 * * SUN`")
        minutes, hours, days, months, weekdays = (
            frozenset(_numbers(part, low, high, names)) for part, (low, high, names) in zip(parts, _FIELDS, strict=True)
        )
        either = parts[2] != "*" and parts[4] != "*"
        weekdays = frozenset(day % 7 for day in weekdays)
        return cls(tuple(sorted(minutes)), tuple(sorted(hours)), days, months, weekdays, either)

    def on(self, day: date) -> bool:
        """Whether it begins on this day, at some hour."""
        by_date, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_date or by_week if self.either else by_date and by_week)


@dataclass(frozen=True, slots=True)
class Window:
    """Opens as `cron` says in `zone` and closes when it has lasted."""

    cron: Cron
    lasts: timedelta
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When the window ends that is open now; None when none is. `now` is aware, and so is the answer, in `zone`."""
        today = now.astimezone(self.zone).date()
        for back in range(math.ceil(self.lasts / timedelta(days=1)) + 1):
            day = today - timedelta(days=back)
            if not self.cron.on(day):
                continue
            for hour in reversed(self.cron.hours):
                for minute in reversed(self.cron.minutes):
                    began = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)
                    if began <= now:
                        ends = began + self.lasts
                        return ends.astimezone(self.zone) if now < ends else None
        return None


def closed_until(windows: Iterable[Window], now: datetime) -> datetime | None:
    """When the last of the windows ends that are open now."""
    return max((end for window in windows if (end := window.until(now)) is not None), default=None)


def _numbers(field: str, low: int, high: int, names: dict[str, int]) -> Iterator[int]:
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"`{part}` is no field of cron: write `*`, `3`, `1-5`, `*/2` or a list with commas")
        first, last = low, high
        if found[2] is not None:
            first = _number(found[2], names)
            last = _number(found[4], names) if found[4] is not None else (high if found[6] else first)
        step = int(found[6] or 1)
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"`{part}` is out of range: {low} to {high} is expected")
        yield from range(first, last + 1, step)


def _number(text: str, names: dict[str, int]) -> int:
    if text.isdigit():
        return int(text)
    if text not in names:
        raise ValueError(f"`{text}` is no name that is known here; three letters, in English")
    return names[text]
