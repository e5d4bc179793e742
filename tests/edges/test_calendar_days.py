"""Days as laws count them: spans that end on the stricter side, and working days with their make-up days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from policies.calendar_days import Span, is_working_day, last_working_day
from policies.rows import overdue


@pytest.mark.parametrize(
    ("span", "day", "after"),
    [
        (Span(months=60), date(2021, 11, 24), date(2026, 11, 24)),
        (Span(months=60), date(2020, 2, 29), date(2025, 2, 28)),
        (Span(months=3), date(2025, 11, 30), date(2026, 2, 28)),
        (Span(months=3), date(2023, 11, 30), date(2024, 2, 29)),
        (Span(months=13), date(2025, 12, 31), date(2027, 1, 31)),
        (Span(days=90), date(2026, 8, 26), date(2026, 11, 24)),
        (Span(months=1, days=1), date(2026, 1, 31), date(2026, 3, 1)),
        (Span(), date(2026, 1, 31), date(2026, 1, 31)),
        (Span(months=60), date.max, date.max),
        (Span(months=60), date(9998, 1, 1), date.max),
        (Span(days=90), date(9999, 12, 1), date.max),
        (Span(months=12), date(1, 1, 1), date(2, 1, 1)),
    ],
)
def test_a_span_ends_no_later_than_the_law_has_it(span: Span, day: date, after: date) -> None:
    """Years, months and days after a day; a day that the month lacks is its last, and an open end stays open."""
    assert span.after(day) == after


# by the notices of the State Council for 2024, 2025 and 2026
OFF = ("2026-02-16", "2026-02-20", "2026-02-23", "2026-10-01", "2026-10-07", "2025-10-08", "2024-02-12", "2026-11-22")
WORKED = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2025-09-28",
          "2025-10-11", "2024-02-04", "2024-10-12", "2026-11-24")  # fmt: skip


def test_saturdays_can_be_working_days() -> None:
    """Holidays and their bridge days are off, and the Saturdays and Sundays that make up for them are worked."""
    assert not any(is_working_day(date.fromisoformat(day)) for day in OFF)
    assert all(is_working_day(date.fromisoformat(day)) for day in WORKED)


@pytest.mark.parametrize(
    ("raised", "number", "last"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # a Friday
        (date(2026, 11, 20), 5, date(2026, 11, 27)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # seven days off, then Thursday, Friday and a Saturday
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # the Saturday before the Spring Festival
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2025, 12, 31), 2, date(2026, 1, 5)),  # over the year's end: Sunday the 4th is worked
        (date.max, 5, date.max),
        (date(9999, 12, 30), 5, date.max),
    ],
)
def test_a_time_limit_counts_working_days(raised: date, number: int, last: date) -> None:
    """The day of the objection is not counted; on the last working day it is in time, on the next it is overdue."""
    assert last_working_day(raised, number) == last
    if last != date.max:
        assert not overdue(raised, number, last)
        assert overdue(raised, number, last + timedelta(days=1))


def test_in_a_year_without_a_notice_every_day_counts() -> None:
    """Where the holidays are not known, a time limit passes too early rather than too late."""
    for year in (1800, 1990, 2099, 9999):
        days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
        assert all(is_working_day(day) for day in days)
    assert last_working_day(date(2099, 12, 30), 5) == date(2100, 1, 4)


def test_this_year_and_the_last_are_known() -> None:
    """The library in the lock knows the notices of the years that objections are counted in now."""
    assert not is_working_day(date(2025, 10, 1))
    assert not is_working_day(date(2026, 10, 1))
