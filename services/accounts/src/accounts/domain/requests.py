"""Written requests (văn bản đề nghị): nothing happens to an account without one (Điều 4)."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlmodel import Field

from accounts.domain import Table
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
    done_at: datetime = Field(sa_type=DateTime(timezone=True))


def due_at(received_at: datetime, calendar: WorkingCalendar) -> datetime | None:
    """Return the end of the working day after receipt (Điều 4.3); None before any calendar came.

    >>> due_at(datetime(2026, 8, 21, 9, tzinfo=ZONE), calendar).date()   # Saturday worked by swap
    datetime.date(2026, 8, 22)
    """
    try:
        day = calendar.after(received_at.astimezone(ZONE).date(), WORKING_DAYS)
    except CalendarUnknown:
        return None
    return datetime.combine(day, time(17, 0), ZONE)
