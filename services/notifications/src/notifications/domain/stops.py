"""Stops on ground c whose owner must be heard of, and when it is reminded (Điều 8.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from contracts.calendar import ZONE, WorkingCalendar
from notifications.domain.messages import OPERATORS, OWNERS, Audience, Message, worded
from notifications.domain.wording import moment

REMIND_FROM = time(7)


@dataclass(frozen=True)
class Stop:
    """A connection that an order stopped and whose owner has not said that it was told."""

    suspension_id: UUID
    connection: str
    system_name: str
    owner_agency: str
    owner_name: str
    owner_email: str
    public_reason: str
    notice_id: UUID
    effective_at: datetime


@dataclass(frozen=True)
class Silence:
    """What is told when an owner stays silent: itself by mail, and those who run connections."""

    to_owner: Message
    owner_email: str
    to_operators: Message


def told_before(calendar: WorkingCalendar, *, now: datetime) -> datetime | None:
    """Return before which moment an owner must have been told to be reminded now.

    The owner has one full working day; nobody is reminded before 07:00 or on days off (None).
    Raises ``CalendarUnknown``.
    """
    local = now.astimezone(ZONE)
    if local.time() < REMIND_FROM or not calendar.is_working(local.date()):
        return None
    return datetime.combine(_worked_before(calendar, local.date()), time(), ZONE)


def _worked_before(calendar: WorkingCalendar, day: date) -> date:
    day -= timedelta(days=1)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day


def silences(stops: Sequence[Stop]) -> list[Silence]:
    """Return what is told of stops, once an order and owner however many connections it stops."""
    key = attrgetter("suspension_id", "owner_email", "owner_agency")
    return [_silence(list(group)) for _, group in groupby(sorted(stops, key=key), key=key)]


def _silence(stops: Sequence[Stop]) -> Silence:
    first = stops[0]
    facts = {
        **vars(first),
        "connections": ", ".join(sorted(stop.connection for stop in stops)),
        "effective": moment(first.effective_at),
    }
    to_owner = Audience(first.owner_agency, OWNERS)
    return Silence(
        worded("owner-reminded", facts, to=to_owner, is_urgent=True),
        first.owner_email,
        worded("owner-silent", facts, to=Audience(roles=OPERATORS), is_urgent=True),
    )
