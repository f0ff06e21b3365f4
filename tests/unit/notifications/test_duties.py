"""How near a due day is, in working days, across weekends and Tết."""

from datetime import date, datetime, timedelta

import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from contracts.calendar import CalendarUnknown, WorkingCalendar
from notifications.domain.duties import NAMED, Duty, Stage, reminders, stage_on, turns

YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
TET = {date(2026, 2, day) for day in range(14, 23)}
CALENDAR = WorkingCalendar({2026: frozenset({day for day in YEAR if day.weekday() > 4} | TET)})
TUESDAY = date(2026, 6, 16)


def june(day: int, hour: int = 7) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=ZONE)


def a_duty(unit: str = "07201", **facts: str) -> Duty:
    named = {"regime": "R1", "regime_name": "Báo cáo", "period": "2026-H1", "lead_agency": "VP"}
    return Duty(
        report_id=new_id(), unit=unit, unit_name=f"Xã {unit}", due_at=june(16, 17), **named | facts
    )


@pytest.mark.parametrize(
    ("today", "due_on", "stage"),
    [
        (date(2026, 6, 10), TUESDAY, None),
        (date(2026, 6, 11), TUESDAY, Stage.THREE_DAYS_BEFORE),
        (date(2026, 6, 12), TUESDAY, Stage.THREE_DAYS_BEFORE),
        (date(2026, 6, 15), TUESDAY, Stage.ONE_DAY_BEFORE),
        (TUESDAY, TUESDAY, Stage.ON_THE_DAY),
        (date(2026, 6, 17), TUESDAY, Stage.DAY_AFTER),
        (date(2026, 6, 12), date(2026, 6, 13), Stage.ON_THE_DAY),
        (date(2026, 2, 11), date(2026, 2, 24), None),
        (date(2026, 2, 12), date(2026, 2, 24), Stage.THREE_DAYS_BEFORE),
        (date(2026, 2, 23), date(2026, 2, 24), Stage.ONE_DAY_BEFORE),
    ],
    ids=[
        "four working days",
        "three",
        "two are still the second stage",
        "one, over a weekend",
        "the day",
        "the day after",
        "a Saturday's last working day",
        "Tết does not count",
        "three around Tết",
        "one after Tết",
    ],
)
def test_a_due_day_comes_nearer_in_working_days(
    today: date, due_on: date, stage: Stage | None
) -> None:
    assert stage_on(CALENDAR, today, due_on) is stage


@pytest.mark.parametrize(
    "now",
    [june(15, 6) + timedelta(minutes=59), june(13, 9), june(14, 9)],
    ids=["before seven", "on a Saturday", "on a Sunday"],
)
def test_nobody_is_reminded_at_night_or_on_days_off(now: datetime) -> None:
    assert turns(CALENDAR, [TUESDAY], now=now) == []


def test_who_was_told_within_a_stage_is_not_reminded_of_it() -> None:
    (turn,) = turns(CALENDAR, [TUESDAY], now=june(12))
    assert turn.told_before == june(11, 0)
    (missed,) = turns(CALENDAR, [TUESDAY], now=june(19))
    assert missed.told_before == june(19)


def test_a_year_without_a_calendar_is_said_to_be_unknown() -> None:
    with pytest.raises(CalendarUnknown):
        turns(CALENDAR, [date(2027, 1, 4)], now=datetime(2026, 12, 30, 8, tzinfo=ZONE))
    assert turns(WorkingCalendar(), [], now=june(15)) == []


def test_reviewers_get_one_message_a_regime_and_period_that_names_units() -> None:
    units = [f"{n:02}" for n in range(NAMED + 2)]
    missed = [(Stage.DAY_AFTER, a_duty(unit)) for unit in units]
    other = (Stage.DAY_AFTER, a_duty("99", regime="R2"))
    told = [one for one in reminders([*missed, other]) if one.kind == "report-overdue-units"]
    first, second = told
    assert first.subject.startswith("22 đơn vị quá hạn gửi báo cáo: Báo cáo, kỳ 2026-H1")
    assert "Xã 00, Xã 01" in first.body
    assert first.body.endswith("Xã 19 và 2 đơn vị khác.")
    assert first.link == "/tien-do/R1/2026-H1"
    assert second.subject.startswith("1 đơn vị")
