"""Quiet hours, and a way for every kind of message."""

from datetime import datetime, time

import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from notifications.domain.digests import closed_at
from notifications.domain.preferences import (
    USUAL_QUIET_HOURS,
    USUAL_WAYS,
    Kind,
    Preferences,
    QuietHours,
)
from notifications.domain.wording import wording
from notifications.errors import QuietHoursEmpty
from tests.support.builders_notifications import NOON

SILENT = {"grounds", "kinds", "feeds", "digest", "lists", "reminders"}
URGENT = {"connection-flagged", "owner-reminded", "owner-silent"}


def at(hour: int, minute: int = 0, day: int = 15) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "leaves_at"),
    [
        (at(12), at(12)),
        (at(20, 59), at(20, 59)),
        (at(21), at(6, 30, day=16)),
        (at(23, 59), at(6, 30, day=16)),
        (at(0), at(6, 30)),
        (at(6, 29), at(6, 30)),
        (at(6, 30), at(6, 30)),
    ],
    ids=["noon", "just before", "they begin", "midnight", "new day", "just early", "they end"],
)
def test_mail_waits_for_the_end_of_quiet_hours(now: datetime, leaves_at: datetime) -> None:
    assert USUAL_QUIET_HOURS.end_after(now) == leaves_at


@pytest.mark.parametrize(
    ("now", "leaves_at"),
    [(at(11, 59), at(11, 59)), (at(12), at(13, 30)), (at(13, 30), at(13, 30))],
    ids=["before", "inside", "after"],
)
def test_quiet_hours_may_lie_within_a_day(now: datetime, leaves_at: datetime) -> None:
    assert QuietHours(time(12), time(13, 30)).end_after(now) == leaves_at


def test_quiet_hours_without_a_length_are_refused() -> None:
    with pytest.raises(QuietHoursEmpty):
        Preferences.choose(new_id(), {}, QuietHours(time(9), time(9)), now=NOON)


def test_every_message_that_people_get_has_a_usual_way_or_is_urgent() -> None:
    names = wording().keys() - SILENT - URGENT
    kinds = {name.removesuffix("-late").removesuffix("-units") for name in names}
    assert kinds == {kind.value for kind in Kind}
    assert USUAL_WAYS.keys() == set(Kind)


@pytest.mark.parametrize(
    ("now", "closed"),
    [(at(6, 59), at(7, day=14)), (at(7), at(7)), (at(23), at(7))],
    ids=["before seven", "at seven", "in the evening"],
)
def test_a_digest_closes_at_seven(now: datetime, closed: datetime) -> None:
    assert closed_at(now) == closed
