"""Requests for a connection account: kept with their clock, granted or refused with reasons.

NĐ 194/2025 Điều 40.3: answered within two working days of receipt.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.commands import ledger
from connector_gateway.commands.connections import (
    NewConnection,
    NewSystem,
    open_connection,
    register_system,
)
from connector_gateway.domain.connections import Connection, System
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.policies import Format, Policy
from connector_gateway.domain.requests import (
    ConnectionRequest,
    due_at,
    impossible_places,
    wider_places,
)
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.requests import (
    ConnectionRequestImpossible,
    ConnectionRequestKnown,
    ConnectionRequestUnknown,
    GrantedMoreThanAsked,
    SystemOfAnotherOwner,
)
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import requests as queries
from connector_gateway.queries.suspensions import working_calendar


async def record(session: AsyncSession, request: ConnectionRequest, *, now: datetime) -> None:
    """Keep a document and start its clock at its receipt.

    Raises ``ConnectionRequestImpossible`` or, for a document that is there, its ``Known``.
    """
    wrong = list(impossible_places(request, now))
    if wrong:
        raise ConnectionRequestImpossible(errors=wrong)
    # The chain of the hub is locked first: of two who record one document the second waits here.
    facts: Facts = {
        **_facts(request),
        "agency": request.agency,
        "number": request.number,
        "received_at": request.received_at.isoformat(),
        "by": request.recorded_by,
    }
    await ledger.record_for_system(session, [(Kind.CONNECTION_REQUESTED, facts)], at=now)
    if await queries.is_known(session, request):
        raise ConnectionRequestKnown(number=request.number, agency=request.agency)
    request.due_at = due_at(request.received_at, await working_calendar(session))
    session.add(request)
    await session.flush()


async def grant(
    session: AsyncSession, request_id: UUID, new: NewConnection, by: Person, *, now: datetime
) -> tuple[ConnectionRequest, Connection, str | None]:
    """Open what was asked for, or less of it; return the secret too, which is never shown again.

    The system is made known unless it is; the connection takes the formats that were asked for.
    Raises what ``open_connection`` raises.
    """
    request = await _open_request(session, request_id)
    wider = list(
        wider_places(
            request,
            {
                "directions": new.directions,
                "regimes": new.grants.regimes,
                "agencies": new.grants.agencies,
            },
        )
    )
    if wider:
        raise GrantedMoreThanAsked(number=request.number, errors=wider)
    await _system_for(session, request, new.system, now=now)
    connection, secret = await open_connection(session, new, now=now)
    if request.formats:
        connection.policy = Policy([Format(one) for one in request.formats]).to_text()
    request.grant(connection.id, by, now=now)
    facts: Facts = {**_facts(request), "connection": connection.code, "by": by.subject}
    await ledger.record_for_system(session, [(Kind.CONNECTION_REQUEST_GRANTED, facts)], at=now)
    return request, connection, secret


async def refuse(
    session: AsyncSession, request_id: UUID, reasons: str, by: Person, *, now: datetime
) -> ConnectionRequest:
    """Refuse a request, with the reasons that the agency is told."""
    request = await _open_request(session, request_id)
    request.refuse(reasons, by, now=now)
    facts: Facts = {**_facts(request), "reasons": reasons, "by": by.subject}
    await ledger.record_for_system(session, [(Kind.CONNECTION_REQUEST_REFUSED, facts)], at=now)
    return request


async def set_clocks_anew(session: AsyncSession, *, now: datetime) -> None:
    """Reckon again when open requests are due: the calendar has changed; the ledger says so."""
    calendar = await working_calendar(session)
    moved = []
    for request in await queries.open_for_update(session):
        due = due_at(request.received_at, calendar)
        if due == request.due_at:
            continue
        request.due_at = due
        facts: Facts = {**_facts(request), "due_at": due.isoformat() if due else None}
        moved.append((Kind.CONNECTION_REQUEST_DUE, facts))
    if moved:
        await ledger.record_for_system(session, moved, at=now)


async def _open_request(session: AsyncSession, request_id: UUID) -> ConnectionRequest:
    request = await queries.request_for_update(session, request_id)
    if request is None:
        raise ConnectionRequestUnknown(request=request_id)
    request.refuse_decided()
    return request


async def _system_for(
    session: AsyncSession, request: ConnectionRequest, code: str, *, now: datetime
) -> System:
    system = await connection_queries.system_of_code(session, code)
    if system is None:
        new = NewSystem(code, request.system_name, request.owner_agency, request.contact_email)
        return await register_system(session, new, now=now)
    if system.owner_agency != request.owner_agency:
        raise SystemOfAnotherOwner(system=code, owner=system.owner_agency)
    return system


def _facts(request: ConnectionRequest) -> dict[str, str | int | None]:
    return {"request": str(request.id)}
