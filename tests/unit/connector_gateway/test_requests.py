"""The clock of a request counts working days; what is granted lies within what was asked."""

from datetime import date, datetime
from typing import Any

import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from connector_gateway.domain.requests import (
    REQUEST_MOVES,
    ConnectionRequest,
    RequestState,
    due_at,
    impossible_places,
    wider_places,
    working_days_left,
)
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.requests import ConnectionRequestDecided
from contracts.calendar import WorkingCalendar
from tests.support.gateway import a_year

OFF = frozenset(a_year(2026).days_off) - {date(2026, 8, 22)}
CALENDAR = WorkingCalendar({2026: OFF})
"""Saturday 22/08/2026 is worked by swap."""
FRIDAY = datetime(2026, 8, 21, 9, tzinfo=ZONE)
SOMEBODY = Person("an", "An")


def a_request(**facts: Any) -> ConnectionRequest:
    """Return an open request, received on a Friday."""
    said: dict[str, Any] = {
        "id": new_id(),
        "number": "15/BTP-CNTT",
        "signed_on": date(2026, 8, 20),
        "agency": "H01",
        "received_at": FRIDAY,
        "directions": ["inbound"],
        "state": RequestState.OPEN,
    }
    return ConnectionRequest(**said | facts)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (FRIDAY, date(2026, 8, 24)),
        (datetime(2026, 8, 20, 23, 59, tzinfo=ZONE), date(2026, 8, 22)),
        (datetime(2026, 8, 23, 9, tzinfo=ZONE), date(2026, 8, 25)),
        (datetime(2026, 2, 13, 16, tzinfo=ZONE), date(2026, 2, 24)),
    ],
    ids=["over a worked Saturday", "on a worked Saturday", "on a Sunday", "before Tết"],
)
def test_a_request_is_due_at_the_end_of_the_second_working_day(
    received: datetime, due: date
) -> None:
    assert due_at(received, CALENDAR) == datetime(due.year, due.month, due.day, 17, tzinfo=ZONE)


def test_a_calendar_that_has_not_come_gives_no_clock() -> None:
    assert due_at(datetime(2026, 12, 31, 9, tzinfo=ZONE), CALENDAR) is None


@pytest.mark.parametrize(
    ("day", "left"), [(20, 3), (21, 2), (22, 1), (23, 1), (24, 0), (26, 0)], ids=str
)
def test_working_days_left_are_those_after_today(day: int, left: int) -> None:
    due = datetime(2026, 8, 24, 17, tzinfo=ZONE)
    now = datetime(2026, 8, day, 8, tzinfo=ZONE)
    assert working_days_left(due, CALENDAR, now=now) == left


def test_a_request_is_overdue_after_its_hour_and_stays_so_when_answered_late() -> None:
    request = a_request(due_at=datetime(2026, 8, 24, 17, tzinfo=ZONE))
    in_time, late = (datetime(2026, 8, 24, hour, tzinfo=ZONE) for hour in (16, 18))
    assert (request.is_overdue(in_time), request.is_overdue(late)) == (False, True)
    request.refuse("Không đủ căn cứ", SOMEBODY, now=in_time)
    assert not request.is_overdue(late)


@pytest.mark.parametrize("state", RequestState)
def test_only_an_open_request_is_answered(state: RequestState) -> None:
    assert bool(REQUEST_MOVES[state]) is (state is RequestState.OPEN)
    if state is not RequestState.OPEN:
        with pytest.raises(ConnectionRequestDecided):
            a_request(state=state).refuse("x", SOMEBODY, now=FRIDAY)


def test_what_cannot_be_true_of_a_document_is_named() -> None:
    wrong = a_request(signed_on=date(2026, 8, 22))
    places = impossible_places(wrong, datetime(2026, 8, 21, 8, tzinfo=ZONE))
    assert [(place.pointer, place.type) for place in places] == [
        ("/received_at", "moment-not-come"),
        ("/date", "signed-after-receipt"),
    ]


@pytest.mark.parametrize(
    ("asked", "given", "places"),
    [
        (None, None, []),
        (None, ["A"], []),
        (["A", "B"], ["B"], []),
        (["A"], None, ["/regimes"]),
        (["A"], ["A", "C"], ["/regimes/1"]),
    ],
    ids=["all of all", "some of all", "some of some", "all of some", "another"],
)
def test_no_more_is_granted_than_was_asked(
    asked: list[str] | None, given: list[str] | None, places: list[str]
) -> None:
    found = wider_places(a_request(regimes=asked), {"regimes": given})
    assert [place.pointer for place in found] == places
