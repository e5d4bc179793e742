"""Days as laws count them: spans in years, months and days, and working days of the mainland with their make-up days.

A span from a day that the later month lacks ends at that month's end, so that what it limits is never longer than
the law has it. Working days follow the State Council's yearly notices, as the `holidays` library holds them; in a
year whose notice is not known every day counts, so that a deadline passes too early rather than too late. Nothing
here reads a clock.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """So many months (twelve a year), or so many days."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """The day that lies so far after another; `date.max` is open-ended and stays."""
        if day == date.max:
            return day
        months = day.year * 12 + day.month - 1 + self.months
        year, month = months // 12, months % 12 + 1
        if year > date.max.year:
            return date.max
        found = date(year, month, min(day.day, monthrange(year, month)[1]))
        return found + timedelta(days=self.days) if (date.max - found).days >= self.days else date.max


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; every day of a year whose notice is not known."""
    notice = _off(day.year)
    return notice is None or day not in notice


@lru_cache(maxsize=4096)
def last_working_day(day: date, number: int) -> date:
    """The last day of a time limit of `number` working days; the day itself is not counted. `date.max` stays."""
    while number > 0 and day < date.max:
        day += ONE_DAY
        number -= is_working_day(day)
    return day


@lru_cache(maxsize=256)
def _off(year: int) -> frozenset[date] | None:
    """The days of a year on which nobody works, or None when its notice is not known: no notice is without a make-up
    day."""
    china = holidays.country_holidays("CN", years=year)
    if not any(day.year == year for day in china.weekend_workdays):
        return None
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if not china.is_working_day(day))
