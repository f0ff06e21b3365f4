"""The two moments of an assignment: data counted up to, and deadline of sending (Điều 6.2)."""

from datetime import date, datetime
from typing import Any

import pytest

from chassis.clock import ZONE
from contracts.calendar import WorkingCalendar
from contracts.periods import CutOffRule, Frequency
from submissions.domain.assignments import due_after, end_of, last_day_counted
from submissions.errors import CutOffNeeded, PeriodUnknown
from tests.support.reporting import a_calendar, a_regime

CALENDAR = WorkingCalendar(
    {
        2026: frozenset(a_calendar(2026).days_off) - {date(2026, 8, 22)}
        | {date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2)},
        2027: frozenset(a_calendar(2027).days_off) | {date(2027, 1, 1)},
    }
)


@pytest.mark.parametrize(
    ("frequency", "period", "rule", "day"),
    [
        (Frequency.MONTHLY, "2026-05", CutOffRule.ND09, date(2026, 5, 14)),
        (Frequency.QUARTERLY, "2026-Q1", CutOffRule.ND09, date(2026, 3, 14)),
        (Frequency.HALF_YEARLY, "2026-H1", CutOffRule.ND09, date(2026, 6, 14)),
        (Frequency.HALF_YEARLY, "2026-H2", CutOffRule.ND09, date(2026, 12, 14)),
        (Frequency.NINE_MONTHS, "2026-9M", CutOffRule.ND09, date(2026, 9, 14)),
        (Frequency.YEARLY, "2026", CutOffRule.ND09, date(2026, 12, 14)),
        (Frequency.MONTHLY, "2028-02", CutOffRule.CALENDAR, date(2028, 2, 29)),
        (Frequency.YEARLY, "2026", CutOffRule.CALENDAR, date(2026, 12, 31)),
    ],
)
def test_the_rule_of_the_regime_says_the_last_day_counted(
    frequency: Frequency, period: str, rule: CutOffRule, day: date
) -> None:
    regime = a_regime(frequency=frequency, cut_off_rule=rule)
    assert last_day_counted(regime, period) == day
    assert last_day_counted(regime, period, date(2026, 1, 9)) == date(2026, 1, 9)


@pytest.mark.parametrize("period", ["2026-Q1", "2026-13", "2026-H3", "26-H1", "", "0000-H1"])
def test_a_code_that_names_no_period_of_the_regime_is_refused(period: str) -> None:
    with pytest.raises(PeriodUnknown):
        last_day_counted(a_regime(), period)


@pytest.mark.parametrize(
    "facts",
    [
        {"cut_off_rule": CutOffRule.CUSTOM},
        {"frequency": Frequency.AD_HOC},
    ],
    ids=["custom", "ad-hoc"],
)
def test_where_the_rule_gives_no_day_whoever_asks_sets_it(facts: dict[str, Any]) -> None:
    regime = a_regime(**facts)
    with pytest.raises(CutOffNeeded):
        last_day_counted(regime, "2026-H1")
    assert last_day_counted(regime, "2026-H1", date(2026, 6, 30)) == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("cut_off", "working_days", "due"),
    [
        (date(2026, 6, 14), 2, date(2026, 6, 16)),
        (date(2026, 6, 12), 1, date(2026, 6, 15)),
        (date(2026, 8, 21), 1, date(2026, 8, 22)),
        (date(2026, 8, 28), 2, date(2026, 9, 4)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
    ids=["sunday", "friday", "swapped-saturday", "national-day", "new-year"],
)
def test_a_deadline_is_counted_in_working_days_to_the_end_of_work(
    cut_off: date, working_days: int, due: date
) -> None:
    found = due_after(cut_off, working_days, CALENDAR)
    assert found == datetime(due.year, due.month, due.day, 17, 0, tzinfo=ZONE)


def test_a_cut_off_is_the_last_second_of_its_day() -> None:
    assert end_of(date(2026, 6, 14)).isoformat() == "2026-06-14T23:59:59+07:00"
