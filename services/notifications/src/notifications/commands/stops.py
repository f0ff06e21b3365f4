"""Telling owners of stopped systems until they are heard of (Điều 8.4)."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE
from chassis.database import raw_connection
from contracts.connector_gateway.v1 import (
    ConnectionResumed,
    ConnectionSuspended,
    Ground,
    SuspensionAcknowledged,
)
from notifications.commands.inboxes import tell, tell_owner
from notifications.domain.known import KnownStop
from notifications.domain.stops import Stop, silences, told_before
from notifications.queries import known as known_queries
from notifications.queries import stops as queries

REMIND = """
WITH reminded AS (
    UPDATE known_stops SET reminded_on = $1
    WHERE acknowledged_at IS NULL AND ended_at IS NULL AND reminded_on < $1 AND effective_at < $2
    RETURNING *
)
SELECT suspension_id, connection, system_name, owner_agency,
       coalesce(name, owner_agency) AS owner_name, owner_email, public_reason, notice_id,
       effective_at
FROM reminded LEFT JOIN known_agencies ON code = owner_agency
"""


async def learn_stop(session: AsyncSession, event: ConnectionSuspended) -> None:
    """Keep whose owner must be heard of: only ground c asks for it (Điều 8.4)."""
    if event.ground is not Ground.SECURITY_RISK:
        return
    facts = event.model_dump(include=set(KnownStop.model_fields))
    reminded_on = event.effective_at.astimezone(ZONE).date()
    statement = insert(KnownStop).values(**facts, reminded_on=reminded_on)
    await session.exec(statement.on_conflict_do_nothing())


async def hear_owner(session: AsyncSession, event: SuspensionAcknowledged) -> None:
    """Remind the owner of a stopped system no more: it has been heard of."""
    await session.exec(
        update(KnownStop)
        .where(
            col(KnownStop.suspension_id) == event.suspension_id,
            col(KnownStop.connection) == event.connection,
        )
        .values(acknowledged_at=event.acknowledged_at)
    )


async def end_stop(session: AsyncSession, event: ConnectionResumed) -> None:
    """Remind the owner of a system no more: its connection was lifted."""
    await session.exec(
        update(KnownStop)
        .where(
            col(KnownStop.suspension_id) == event.suspension_id,
            col(KnownStop.connection) == event.connection,
        )
        .values(ended_at=event.resumed_at)
    )


async def remind_owners(session: AsyncSession, *, now: datetime) -> int:
    """Remind silent owners, at most once a working day, and tell those who run connections.

    Returns how many were reminded; raises ``CalendarUnknown`` where days cannot be counted.
    """
    if not (await queries.silent_owners(session)).count:
        return 0
    calendar = await known_queries.working_calendar(session)
    before = told_before(calendar, now=now)
    if before is None:
        return 0
    raw = await raw_connection(session)
    rows = await raw.fetch(REMIND, now.astimezone(ZONE).date(), before)
    found = silences([Stop(**dict(row)) for row in rows])
    for one in found:
        await tell_owner(session, one.to_owner, one.owner_email, now=now)
    await tell(session, [one.to_operators for one in found], now=now)
    return len(found)
