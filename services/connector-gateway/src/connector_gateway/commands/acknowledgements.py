"""Owners of stopped systems saying that they have been told (Điều 8.4)."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import System
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.stops import Acknowledgement
from connector_gateway.domain.suspensions import Person, Suspension
from connector_gateway.errors.suspensions import NotTheOwner, SuspensionUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import suspensions as queries
from contracts.connector_gateway.v1 import SuspensionAcknowledged


async def acknowledge(
    session: AsyncSession,
    suspension_id: UUID,
    by: Person,
    *,
    agency: str | None,
    connection: str | None,
    now: datetime,
) -> Suspension:
    """Record that the owner of a stopped system has been told, and say so; the first time counts.

    ``agency`` is that of a person, ``connection`` that of a system; raises ``NotTheOwner``.
    """
    suspension = await queries.suspension_for_update(session, suspension_id)
    if suspension is None:
        raise SuspensionUnknown(suspension=suspension_id)
    caller = await connection_queries.connection_of_code(session, connection or "")
    owned = [
        system
        for system in await queries.systems_stopped_by(session, suspension_id)
        if (agency and system.owner_agency == agency) or (caller and caller.system_id == system.id)
    ]
    if not owned:
        raise NotTheOwner
    for system in owned:
        if await session.get(Acknowledgement, (suspension_id, system.id)) is None:
            await _hear(session, suspension_id, system, by, now=now)
    return suspension


async def _hear(
    session: AsyncSession, suspension_id: UUID, system: System, by: Person, *, now: datetime
) -> None:
    session.add(
        Acknowledgement(
            suspension_id=suspension_id,
            system_id=system.id,
            acknowledged_by=by.subject,
            acknowledged_by_name=by.name,
            acknowledged_at=now,
        )
    )
    facts: Facts = {"suspension": str(suspension_id), "system": system.code, "by": by.subject}
    await ledger.record_for_system(session, [(Kind.SUSPENSION_ACKNOWLEDGED, facts)], at=now)
    for code in await queries.connections_stopped_by(session, suspension_id, system.id):
        publish(
            session,
            SuspensionAcknowledged(
                connection=code,
                suspension_id=suspension_id,
                acknowledged_by_name=by.name,
                acknowledged_at=now,
            ),
        )
