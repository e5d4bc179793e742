"""All of time, cut wherever a rule may change: spans of days, days of the week, hours of the day, in Asia/Shanghai.

Of each part that exists there is one instant that stands for it. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from policies.conditions import DAYS, SHANGHAI, midnight

LONG = timedelta(days=400)  # how far before the first and after the last cut an instant is taken
WEEK = 9  # days in which each hour of each day of the week comes, wherever a span begins
BEGINNING = datetime(2000, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Moment:
    """Every instant from `since` until `until` (exclusive; None: open) on these days of the week, at these hours.

    `weekday` and `hours` are None where no rule asks for them. `sample` is one of the instants.
    """

    since: datetime | None
    until: datetime | None
    weekday: str | None
    hours: tuple[time, time | None] | None  # until midnight when the second is None
    sample: datetime


def moments(edges: Collection[datetime], clocks: Collection[time], weekdays: bool) -> list[Moment]:
    """Time cut at these instants and clocks, and by the days of the week when they matter."""
    cuts = sorted(edges)
    starts, ends = [None, *cuts], [*cuts, None]
    return [
        moment for since, until in zip(starts, ends, strict=True) for moment in _within(since, until, clocks, weekdays)
    ]


def _within(
    since: datetime | None, until: datetime | None, clocks: Collection[time], weekdays: bool
) -> Iterator[Moment]:
    begin = since or (until - LONG if until else BEGINNING)
    end = until or begin + LONG
    hours = sorted({time(), *clocks})
    found: set[tuple[str | None, time]] = set()
    for number in range(WEEK):
        day = begin.astimezone(SHANGHAI).date() + timedelta(days=number)
        for first, last in zip(hours, [*hours[1:], None], strict=True):
            opens = max(begin, datetime.combine(day, first, SHANGHAI))
            closes = min(end, datetime.combine(day, last, SHANGHAI) if last else midnight(day + timedelta(days=1)))
            key = (DAYS[day.weekday()] if weekdays else None, first)
            if opens < closes and key not in found:
                found.add(key)
                yield Moment(since, until, key[0], (first, last) if clocks else None, opens)
