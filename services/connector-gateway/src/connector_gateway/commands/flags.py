"""Flagging a connection as a possible security risk, and deciding about it (Điều 8.1c)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.detectors import Detector
from connector_gateway.domain.flags import Flag
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import Person, Suspension
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.errors.flags import FlagUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import flags as queries
from contracts.connector_gateway.v1 import ConnectionFlagged


@dataclass(frozen=True)
class Suspicion:
    """Why a connection may be a security risk, and what shows it."""

    reason: str
    evidence: str | None = None
    detector: Detector | None = None


async def flag(
    session: AsyncSession, code: str, suspicion: Suspicion, by: Person, *, now: datetime
) -> Flag:
    """Say that a connection may be a security risk; a person decides what follows."""
    connection = await connection_queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    flagged = Flag(
        id=new_id(),
        connection_id=connection.id,
        reason=suspicion.reason,
        evidence=suspicion.evidence,
        detector=suspicion.detector,
        flagged_by=by.subject,
        flagged_by_name=by.name,
        flagged_at=now,
    )
    session.add(flagged)
    facts: Facts = {"flag": str(flagged.id), "reason": suspicion.reason, "by": by.subject}
    await ledger.record(session, code, [(Kind.CONNECTION_FLAGGED, facts)], at=now)
    publish(
        session,
        ConnectionFlagged(
            connection=code,
            flag_id=flagged.id,
            reason=suspicion.reason,
            flagged_by=by.name,
            flagged_at=now,
        ),
    )
    return flagged


async def dismiss(
    session: AsyncSession, code: str, flag_id: UUID, reason: str, by: Person, *, now: datetime
) -> Flag:
    """Decide that a flag tells of no risk; raises ``FlagUnknown`` or ``FlagDecided``."""
    connection = await connection_queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    flagged = await queries.flag_of(session, connection.id, flag_id)
    if flagged is None:
        raise FlagUnknown(connection=code, flag=flag_id)
    flagged.dismiss(reason, by, now=now)
    await _record(session, connection, flagged, now=now)
    return flagged


async def close(
    session: AsyncSession, connection: Connection, order: Suspension, *, now: datetime
) -> None:
    """Close the open flags of a connection that ``order`` stops; the caller has locked it."""
    by = Person(order.requested_by, order.requested_by_name)
    for flagged in await queries.open_flags(session, connection.id):
        flagged.led_to(order.id, order.public_reason, by, now=now)
        await _record(session, connection, flagged, now=now)


async def _record(
    session: AsyncSession, connection: Connection, flagged: Flag, *, now: datetime
) -> None:
    facts: Facts = {
        "flag": str(flagged.id),
        "decision": flagged.state.value,
        "reason": flagged.decision_reason,
        "by": flagged.decided_by,
        "suspension": str(flagged.suspension_id) if flagged.suspension_id else None,
    }
    await ledger.record(session, connection.code, [(Kind.FLAG_DECIDED, facts)], at=now)
