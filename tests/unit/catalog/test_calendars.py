"""Working days: the library's holidays, then what a notice swapped."""

from datetime import date, datetime

import pytest

from catalog.domain.calendars import Swap, calendar_of, swaps
from chassis.clock import ZONE
from tests.support.builders_catalog import working_days_of

NOW = datetime(2026, 1, 1, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 1, 2), False),
        (date(2026, 1, 10), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 20), False),
        (date(2026, 2, 23), True),
        (date(2026, 8, 22), True),
        (date(2026, 8, 31), False),
        (date(2026, 4, 27), False),
        (date(2026, 7, 4), False),
    ],
    ids=[
        "off by swap", "Saturday worked for it", "Tết", "end of Tết", "after Tết",
        "Saturday worked for the national day", "off for it", "Hùng kings, moved", "a Saturday",
    ],
)  # fmt: skip
def test_the_days_of_2026_are_worked_or_not(day: date, worked: bool) -> None:
    assert working_days_of(2026).is_working(day) is worked


def test_a_request_of_friday_is_due_on_the_swapped_saturday() -> None:
    assert working_days_of(2026).after(date(2026, 8, 21), 1) == date(2026, 8, 22)


def test_three_full_working_days_lie_before_the_monday_after_tet_from_the_tenth_on() -> None:
    calendar = working_days_of(2026)
    assert calendar.full_days_between(date(2026, 2, 10), date(2026, 2, 23)) == 3
    assert calendar.full_days_between(date(2026, 2, 11), date(2026, 2, 23)) == 2


def test_every_swap_names_its_document_and_gives_back_what_it_takes() -> None:
    for swap in swaps():
        assert swap.source
        assert len(swap.off) == len(swap.worked)
        assert all(day.weekday() > 4 for day in swap.worked)


def test_days_of_an_announced_swap_are_applied_and_marked_over_the_turn_of_the_year() -> None:
    swap = Swap(
        off=[date(2027, 1, 4)], worked=[date(2026, 12, 26)], source="Thông báo", confirmed=False
    )
    before, after = (calendar_of(year, [swap], now=NOW) for year in (2026, 2027))
    assert "2026-12-26" not in before.days_off
    assert before.unconfirmed == ["2026-12-26"]
    assert "2027-01-04" in after.days_off
    assert after.unconfirmed == ["2027-01-04"]
    assert before.sources[-1] == after.sources[-1] == "Thông báo"
