"""Periods by their codes, and the windows of their figures (NĐ 09/2019 Điều 12)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.periods import CutOffRule, Frequency, Period

REGULAR = [one for one in Frequency if one not in {Frequency.AD_HOC, Frequency.NINE_MONTHS}]


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-05", date(2026, 4, 15), date(2026, 5, 14)),
        ("2026-01", date(2025, 12, 15), date(2026, 1, 14)),
        ("2026-03", date(2026, 2, 15), date(2026, 3, 14)),
        ("2026-Q1", date(2025, 12, 15), date(2026, 3, 14)),
        ("2026-Q2", date(2026, 3, 15), date(2026, 6, 14)),
        ("2026-Q3", date(2026, 6, 15), date(2026, 9, 14)),
        ("2026-Q4", date(2026, 9, 15), date(2026, 12, 14)),
        ("2026-H1", date(2025, 12, 15), date(2026, 6, 14)),
        ("2026-H2", date(2026, 6, 15), date(2026, 12, 14)),
        ("2026-9M", date(2025, 12, 15), date(2026, 9, 14)),
        ("2026", date(2025, 12, 15), date(2026, 12, 14)),
    ],
)
def test_the_window_of_nd09_ends_on_the_14th(code: str, first: date, last: date) -> None:
    assert Period.parse(code).window(CutOffRule.ND09) == (first, last)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("2026-9M", date(2026, 1, 1), date(2026, 9, 30)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_the_window_of_the_calendar_ends_with_the_month(code: str, first: date, last: date) -> None:
    assert Period.parse(code).window(CutOffRule.CALENDAR) == (first, last)


def test_a_custom_window_is_set_by_whoever_asks() -> None:
    with pytest.raises(ValueError, match="whoever asks"):
        Period.parse("2026").window(CutOffRule.CUSTOM)


@pytest.mark.parametrize(
    "code",
    [
        *("", "26", "0000", "2026-13", "2026-00", "2026-5", "2026-Q0", "2026-Q5", "2026-H3"),
        *("2026-6M", "2026-", "2026-05-01", "2026-q1", " 2026", "2026\n", "２０２６", "2026-٠٥"),
    ],
)
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        Period.parse(code)


@pytest.mark.parametrize(
    ("frequency", "on", "code"),
    [
        (Frequency.MONTHLY, date(2026, 5, 14), "2026-05"),
        (Frequency.MONTHLY, date(2026, 5, 15), "2026-06"),
        (Frequency.MONTHLY, date(2026, 12, 15), "2027-01"),
        (Frequency.QUARTERLY, date(2026, 3, 15), "2026-Q2"),
        (Frequency.HALF_YEARLY, date(2026, 6, 14), "2026-H1"),
        (Frequency.HALF_YEARLY, date(2026, 6, 15), "2026-H2"),
        (Frequency.HALF_YEARLY, date(2026, 12, 15), "2027-H1"),
        (Frequency.YEARLY, date(2026, 12, 31), "2027"),
    ],
)
def test_the_period_under_way_holds_the_day(frequency: Frequency, on: date, code: str) -> None:
    assert Period.under_way(frequency, on, CutOffRule.ND09).code == code


@pytest.mark.parametrize(
    ("frequency", "on"),
    [(Frequency.AD_HOC, date(2026, 5, 1)), (Frequency.NINE_MONTHS, date(2026, 10, 1))],
)
def test_where_no_period_is_under_way_none_is_made_up(frequency: Frequency, on: date) -> None:
    with pytest.raises(ValueError, match="no period under way"):
        Period.under_way(frequency, on, CutOffRule.ND09)


@pytest.mark.parametrize(
    ("code", "previous", "last_year"),
    [
        ("2026-05", "2026-04", "2025-05"),
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026-H2", "2026-H1", "2025-H2"),
        ("2026-9M", "2025-9M", "2025-9M"),
        ("2026", "2025", "2025"),
    ],
)
def test_a_period_knows_the_one_before_and_that_of_last_year(
    code: str, previous: str, last_year: str
) -> None:
    period = Period.parse(code)
    assert period.previous().code == previous
    assert period.last_year().code == last_year


@given(
    st.sampled_from(REGULAR),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sampled_from([CutOffRule.ND09, CutOffRule.CALENDAR]),
)
def test_windows_follow_each_other_without_gap_or_overlap(
    frequency: Frequency, on: date, rule: CutOffRule
) -> None:
    period = Period.under_way(frequency, on, rule)
    first, last = period.window(rule)
    assert first <= on <= last
    assert period.previous().window(rule)[1] + timedelta(days=1) == first
    assert Period.parse(period.code) == period
