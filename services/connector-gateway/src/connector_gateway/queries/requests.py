"""Reads of requests for a connection account: what waits, until when, what was answered."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.known import KnownAgency
from connector_gateway.domain.policies import Format
from connector_gateway.domain.requests import (
    ConnectionRequest,
    RequestState,
    working_days_left,
)
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries.suspensions import working_calendar
from contracts.connector_gateway.v1 import Direction

WAITING = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < $1) AS overdue
FROM connection_requests WHERE state = 'open'
"""


class RequestedSystemView(View):
    """The system that would be connected, and whose it is."""

    name: str
    owner_agency: str
    owner_agency_name: str | None
    contact_email: str


class AnswerView(View):
    """Who answered, when and how: with a connection, or with reasons why not."""

    by: str
    at: LocalMoment
    connection: str | None
    reasons: str | None


class ConnectionRequestView(View):
    """A request and its clock."""

    id: UUID
    state: RequestState
    number: str
    date: date
    agency: str
    agency_name: str | None
    system: RequestedSystemView
    purpose: str
    directions: list[Direction]
    regimes: list[str] | None
    agencies: list[str] | None
    formats: list[Format] | None
    received_at: LocalMoment
    recorded_by: str
    recorded_at: LocalMoment
    due_at: LocalMoment | None
    """Null until the calendar of that year has been published."""
    working_days_left: int | None
    """After today, up to the day on which it is due; null once it is answered."""
    is_overdue: bool
    """Answered too late, or late by now."""
    answer: AnswerView | None


async def is_known(session: AsyncSession, request: ConnectionRequest) -> bool:
    """Say whether this document of this agency has been recorded."""
    found = await session.exec(
        select(ConnectionRequest.id).where(
            ConnectionRequest.agency == request.agency,
            ConnectionRequest.number == request.number,
            ConnectionRequest.signed_on == request.signed_on,
        )
    )
    return found.first() is not None


async def request_for_update(session: AsyncSession, request_id: UUID) -> ConnectionRequest | None:
    """Return a request, its row locked."""
    return await session.get(ConnectionRequest, request_id, with_for_update=True)


async def open_for_update(session: AsyncSession) -> Sequence[ConnectionRequest]:
    """Return the requests that wait for an answer, their rows locked."""
    found = await session.exec(
        select(ConnectionRequest)
        .where(ConnectionRequest.state == RequestState.OPEN)
        .order_by(col(ConnectionRequest.id))
        .with_for_update()
    )
    return found.all()


async def waiting(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Return how many requests wait for an answer (``open``) and how many too long."""
    raw = await raw_connection(session)
    return dict(await raw.fetchrow(WAITING, now))


async def views(
    session: AsyncSession,
    *,
    now: datetime,
    state: RequestState | None = None,
    only: UUID | None = None,
    after: UUID | None = None,
    limit: int = 1,
) -> list[ConnectionRequestView]:
    """Return requests, the latest first."""
    found = (
        select(ConnectionRequest, Connection.code)
        .join(Connection, isouter=True)
        .order_by(col(ConnectionRequest.id).desc())
        .limit(limit)
    )
    if state:
        found = found.where(ConnectionRequest.state == state)
    if only:
        found = found.where(ConnectionRequest.id == only)
    if after:
        found = found.where(ConnectionRequest.id < after)
    rows = (await session.exec(found)).all()
    codes = {code for one, _ in rows for code in (one.agency, one.owner_agency)}
    names = {
        agency.code: agency.name
        for agency in await session.exec(
            select(KnownAgency).where(col(KnownAgency.code).in_(codes))
        )
    }
    calendar = await working_calendar(session)
    left = {
        one.id: working_days_left(one.due_at, calendar, now=now)
        for one, _ in rows
        if one.due_at and one.state is RequestState.OPEN
    }
    return [_view(one, connection, names, left.get(one.id), now) for one, connection in rows]


def _view(
    one: ConnectionRequest,
    connection: str | None,
    names: dict[str, str],
    left: int | None,
    now: datetime,
) -> ConnectionRequestView:
    answer = None
    if one.decided_by_name and one.decided_at:
        answer = AnswerView(
            by=one.decided_by_name, at=one.decided_at, connection=connection, reasons=one.reasons
        )
    return ConnectionRequestView(
        id=one.id,
        state=one.state,
        number=one.number,
        date=one.signed_on,
        agency=one.agency,
        agency_name=names.get(one.agency),
        system=RequestedSystemView(
            name=one.system_name,
            owner_agency=one.owner_agency,
            owner_agency_name=names.get(one.owner_agency),
            contact_email=one.contact_email,
        ),
        purpose=one.purpose,
        directions=[Direction(direction) for direction in one.directions],
        regimes=one.regimes,
        agencies=one.agencies,
        formats=[Format(name) for name in one.formats] if one.formats else None,
        received_at=one.received_at,
        recorded_by=one.recorded_by_name,
        recorded_at=one.recorded_at,
        due_at=one.due_at,
        working_days_left=left,
        is_overdue=one.is_overdue(now),
        answer=answer,
    )
