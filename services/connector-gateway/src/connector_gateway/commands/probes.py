"""Writing down what a probe saw of the connections that an order stops (Điều 8.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.commands import ledger
from connector_gateway.domain.ledger import Kind
from connector_gateway.domain.probes import Finding
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.suspensions import OrderNotOpen, SuspensionUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import suspensions as queries
from connector_gateway.queries.probes import Stopped, stopped_by


async def begin_probe(
    session: AsyncSession, suspension_id: UUID, *, now: datetime
) -> list[Stopped]:
    """Return what is to be probed; raises ``SuspensionUnknown`` or ``OrderNotOpen``."""
    suspension = await queries.suspension_for_update(session, suspension_id)
    if suspension is None:
        raise SuspensionUnknown(suspension=suspension_id)
    if not suspension.is_open:
        raise OrderNotOpen(state=suspension.state)
    return await stopped_by(session, suspension_id, now=now)


async def record_probe(
    session: AsyncSession,
    suspension_id: UUID,
    found: Mapping[UUID, Sequence[Finding]],
    by: Person,
    *,
    now: datetime,
) -> None:
    """Write what was seen into the chain of each connection."""
    ids = sorted(found)
    for connection in await connection_queries.connections_of_ids_for_update(session, ids):
        entries = [
            (Kind.CONNECTION_PROBED, finding.facts(str(suspension_id), by.subject))
            for finding in found[connection.id]
        ]
        await ledger.record(session, connection.code, entries, at=now)
