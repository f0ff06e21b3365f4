"""Working days: after, between, across Tết and swapped days (`domain-rules.md` §7)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.calendar import CalendarUnknown, WorkingCalendar

YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
WEEKENDS = {day for day in YEAR if day.weekday() > 4}
TET = {date(2026, 2, day) for day in range(16, 21)}
SWAPPED = {date(2026, 1, 2), date(2026, 8, 31)}
WORKED = {date(2026, 1, 10), date(2026, 8, 22)}
CALENDAR = WorkingCalendar({2026: frozenset((WEEKENDS | TET | SWAPPED) - WORKED)})


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 6, 15), True),
        (date(2026, 6, 14), False),
        (date(2026, 2, 17), False),
        (date(2026, 1, 2), False),
        (date(2026, 1, 10), True),
    ],
    ids=["a Monday", "a Sunday", "Tết", "a day off by swap", "a Saturday worked by swap"],
)
def test_a_day_is_worked_or_not(day: date, is_working: bool) -> None:
    assert CALENDAR.is_working(day) is is_working


@pytest.mark.parametrize(
    ("day", "working_days", "then"),
    [
        (date(2026, 8, 21), 1, date(2026, 8, 22)),
        (date(2026, 6, 14), 2, date(2026, 6, 16)),
        (date(2026, 6, 12), 1, date(2026, 6, 15)),
        (date(2026, 2, 13), 1, date(2026, 2, 23)),
        (date(2026, 6, 14), 0, date(2026, 6, 14)),
    ],
    ids=["onto a swapped Saturday", "after a Sunday", "over a weekend", "over Tết", "none"],
)
def test_a_deadline_lies_so_many_working_days_later(
    day: date, working_days: int, then: date
) -> None:
    assert CALENDAR.after(day, working_days) == then


@pytest.mark.parametrize(
    ("notice", "start", "full_days"),
    [
        (date(2026, 2, 10), date(2026, 2, 23), 3),
        (date(2026, 2, 11), date(2026, 2, 23), 2),
        (date(2026, 6, 15), date(2026, 6, 19), 3),
        (date(2026, 6, 15), date(2026, 6, 16), 0),
        (date(2026, 6, 15), date(2026, 6, 15), 0),
        (date(2026, 6, 16), date(2026, 6, 15), 0),
    ],
    ids=["over Tết", "a day too late", "Monday to Friday", "the next day", "same day", "backwards"],
)
def test_notice_counts_full_working_days_strictly_between(
    notice: date, start: date, full_days: int
) -> None:
    assert CALENDAR.full_days_between(notice, start) == full_days


def test_a_year_without_a_calendar_is_not_guessed() -> None:
    with pytest.raises(CalendarUnknown):
        CALENDAR.is_working(date(2027, 1, 4))
    with pytest.raises(CalendarUnknown):
        CALENDAR.after(date(2026, 12, 31), 1)


@given(st.dates(date(2026, 1, 5), date(2026, 11, 1)), st.integers(1, 30))
def test_a_deadline_and_the_full_days_before_it_agree(day: date, working_days: int) -> None:
    deadline = CALENDAR.after(day, working_days)
    assert CALENDAR.is_working(deadline)
    assert CALENDAR.full_days_between(day, deadline) == working_days - 1
