"""Requests for a connection account (đề nghị cấp tài khoản kết nối; NĐ 194/2025 Điều 40.3)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from chassis.errors import Place
from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.norms import norms_on
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.requests import ConnectionRequestDecided
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar


class RequestState(StrEnum):
    """What was answered."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


REQUEST_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.OPEN: frozenset({RequestState.GRANTED, RequestState.REFUSED}),
    RequestState.GRANTED: frozenset(),
    RequestState.REFUSED: frozenset(),
}


class ConnectionRequest(Table, table=True):
    """A document of an agency that asks for a connection of a system; answered once."""

    __tablename__ = "connection_requests"

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    signed_on: date
    agency: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_type=Moment)
    recorded_at: datetime = Field(sa_type=Moment)
    recorded_by: str = Field(sa_type=Text)
    recorded_by_name: str = Field(sa_type=Text)
    system_name: str = Field(sa_type=Text)
    owner_agency: str = Field(sa_type=Text)
    contact_email: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    directions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    regimes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """What it would push; None asks for all."""
    agencies: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    formats: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    """None until the calendar of that year has been published."""
    state: RequestState = Field(
        default=RequestState.OPEN, sa_column=Column(words(RequestState), nullable=False)
    )
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_by_name: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    reasons: str | None = Field(default=None, sa_type=Text)
    """Of a refusal."""
    connection_id: UUID | None = Field(default=None, foreign_key="connections.id")

    @property
    def received_on(self) -> date:
        """Return the day of receipt, from which working days count."""
        return self.received_at.astimezone(ZONE).date()

    def is_overdue(self, now: datetime) -> bool:
        """Say whether the answer was late, or is late now."""
        return self.due_at is not None and (self.decided_at or now) > self.due_at

    def grant(self, connection: UUID, by: Person, *, now: datetime) -> None:
        """Answer with a connection; raises ``ConnectionRequestDecided``."""
        self._decide(RequestState.GRANTED, by, now=now)
        self.connection_id = connection

    def refuse(self, reasons: str, by: Person, *, now: datetime) -> None:
        """Answer with the reasons why not; raises ``ConnectionRequestDecided``."""
        self._decide(RequestState.REFUSED, by, now=now)
        self.reasons = reasons

    def refuse_decided(self) -> None:
        """Raise ``ConnectionRequestDecided`` where it has been answered."""
        if not REQUEST_MOVES[self.state]:
            raise ConnectionRequestDecided(number=self.number, state=self.state)

    def _decide(self, to: RequestState, by: Person, *, now: datetime) -> None:
        self.refuse_decided()
        self.state = to
        self.decided_by = by.subject
        self.decided_by_name = by.name
        self.decided_at = now


def impossible_places(request: ConnectionRequest, now: datetime) -> Iterator[Place]:
    """Yield what cannot be true of a document: signed after its receipt, received tomorrow."""
    if request.received_at > now:
        yield Place("/received_at", "moment-not-come")
    if request.signed_on > request.received_on:
        yield Place("/date", "signed-after-receipt")


def wider_places(
    request: ConnectionRequest, granted: dict[str, Sequence[str] | None]
) -> Iterator[Place]:
    """Yield what ``granted`` gives beyond what was asked, by name: None stands for all."""
    for name, given in granted.items():
        asked: list[str] | None = getattr(request, name)
        if asked is None:
            continue
        if given is None:
            yield Place(f"/{name}", "more-than-asked")
            continue
        for at, one in enumerate(given):
            if one not in asked:
                yield Place(f"/{name}/{at}", "more-than-asked")


def due_at(received_at: datetime, calendar: WorkingCalendar) -> datetime | None:
    """Return the end of the second working day after receipt (NĐ 194/2025 Điều 40.3).

    None where the calendar does not reach that far yet.

    >>> due_at(datetime(2026, 8, 21, 9, tzinfo=ZONE), calendar).date()   # Saturday worked by swap
    datetime.date(2026, 8, 24)
    """
    received_on = received_at.astimezone(ZONE).date()
    try:
        day = calendar.after(received_on, norms_on(received_on).request_working_days)
    except CalendarUnknown:
        return None
    return datetime.combine(day, time(norms_on(day).closing_hour), ZONE)


def working_days_left(due: datetime, calendar: WorkingCalendar, *, now: datetime) -> int | None:
    """Return how many working days lie after today up to the day of ``due``; 0 on that day.

    None where the calendar does not know.
    """
    today, last = now.astimezone(ZONE).date(), due.astimezone(ZONE).date()
    if last <= today:
        return 0
    try:
        return calendar.full_days_between(today, last) + calendar.is_working(last)
    except CalendarUnknown:
        return None
