"""Written requests (văn bản đề nghị): nothing happens to an account without one (Điều 4)."""

from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlmodel import Field

from accounts.domain import Table
from accounts.domain.norms import norms_on
from chassis.errors import Place
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar

WORKING_DAYS = 1
"""Within one working day of receipt (Điều 4.3)."""


class Action(StrEnum):
    """What a written request asks for (Điều 4.1, 4.2)."""

    ISSUE = "issue"
    AMEND = "amend"
    LOCK = "lock"


class Reason(StrEnum):
    """Why an agency asks (Điều 4.2)."""

    NEW = "new"
    CHANGE_OF_POST = "change_of_post"
    TRANSFER = "transfer"
    RESIGNATION = "resignation"
    RETIREMENT = "retirement"
    OTHER = "other"


class WrittenRequest(Table, table=True):
    """A document of an agency that asks to issue, amend or lock accounts (Điều 4.1)."""

    __tablename__ = "written_requests"

    id: UUID = Field(primary_key=True)
    number: str
    signed_on: date
    received_at: datetime = Field(sa_type=DateTime(timezone=True))
    agency: str
    action: Action = Field(sa_type=Text)
    reason: Reason = Field(sa_type=Text)
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    """None until the calendar of that year has been published."""
    done_at: datetime = Field(sa_type=DateTime(timezone=True))
    """When it was carried out last: one document may name accounts of several lists."""
    done_by: str

    @property
    def received_on(self) -> date:
        """Return the day of receipt, from which working days count."""
        return self.received_at.astimezone(ZONE).date()

    @property
    def is_overdue(self) -> bool:
        """Say whether it was carried out after its working day (Điều 4.3)."""
        return self.due_at is not None and self.done_at > self.due_at

    def is_same_as(self, other: "WrittenRequest") -> bool:
        """Say whether ``other`` is the same document: received that day, for that reason."""
        return self.received_on == other.received_on and self.reason == other.reason


def impossible_places(request: WrittenRequest, wanted: Action, now: datetime) -> Iterator[Place]:
    """Yield what cannot be true of a request: another action, a day that has not come yet."""
    if request.action != wanted:
        yield Place("/written_request/action", "request-for-other-action")
    if request.received_at > now:
        yield Place("/written_request/received_at", "moment-not-come")
    if request.signed_on > request.received_on:
        yield Place("/written_request/date", "signed-after-receipt")


def due_at(received_at: datetime, calendar: WorkingCalendar) -> datetime | None:
    """Return the end of the working day after receipt (Điều 4.3); None before any calendar came.

    >>> due_at(datetime(2026, 8, 21, 9, tzinfo=ZONE), calendar).date()   # Saturday worked by swap
    datetime.date(2026, 8, 22)
    """
    try:
        day = calendar.after(received_at.astimezone(ZONE).date(), WORKING_DAYS)
    except CalendarUnknown:
        return None
    return datetime.combine(day, time(norms_on(day).closing_hour), ZONE)
