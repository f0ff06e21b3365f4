"""The clock of a written request: one working day of receipt (Điều 4.3)."""

from datetime import date, datetime, timedelta

import pytest

from accounts.domain.requests import Action, Reason, due_at, impossible_places
from chassis.clock import ZONE
from contracts.calendar import WorkingCalendar
from tests.support.builders_accounts import NOON, a_request

WEEKENDS = {date(2026, 8, 21) + timedelta(days=n) for n in (1, 2, 8, 9)}
SWAPPED = WorkingCalendar(
    {2026: frozenset(WEEKENDS - {date(2026, 8, 22)} | {date(2026, 8, 31), date(2026, 9, 1)})}
)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-08-20T09:00+07:00", date(2026, 8, 21)),
        ("2026-08-21T09:00+07:00", date(2026, 8, 22)),
        ("2026-08-21T23:59+07:00", date(2026, 8, 22)),
        ("2026-08-22T09:00+07:00", date(2026, 8, 24)),
        ("2026-08-23T09:00+07:00", date(2026, 8, 24)),
        ("2026-08-28T09:00+07:00", date(2026, 9, 2)),
    ],
    ids=[
        "Thursday", "Friday before the Saturday worked by swap", "late on that Friday",
        "the swapped Saturday", "Sunday", "before a holiday",
    ],
)  # fmt: skip
def test_a_request_is_due_at_the_end_of_the_working_day_after_receipt(
    received: str, due: date
) -> None:
    moment = datetime.fromisoformat(received)
    assert due_at(moment, SWAPPED) == datetime(due.year, due.month, due.day, 17, tzinfo=ZONE)


def test_a_request_before_any_calendar_has_no_due_time_yet() -> None:
    assert due_at(NOON, WorkingCalendar({})) is None


def test_a_request_done_after_its_day_is_overdue() -> None:
    due = NOON + timedelta(hours=5)
    assert not a_request(due_at=due, done_at=due).is_overdue
    assert a_request(due_at=due, done_at=due + timedelta(seconds=1)).is_overdue
    assert not a_request(due_at=None).is_overdue


def test_the_same_document_may_come_again_but_not_told_differently() -> None:
    request = a_request()
    assert request.is_same_as(a_request(received_at=NOON + timedelta(hours=2)))
    assert not request.is_same_as(a_request(received_at=NOON + timedelta(days=1)))
    assert not request.is_same_as(a_request(reason=Reason.TRANSFER))


def test_everything_that_cannot_be_true_of_a_request_is_named_at_once() -> None:
    tomorrow = NOON + timedelta(days=1)
    request = a_request(
        action=Action.LOCK, received_at=tomorrow, signed_on=tomorrow.date() + timedelta(days=1)
    )
    assert [place.type for place in impossible_places(request, Action.ISSUE, NOON)] == [
        "request-for-other-action",
        "moment-not-come",
        "signed-after-receipt",
    ]
