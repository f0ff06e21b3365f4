"""Telling the owners of connected systems what is going to happen to them (Điều 8.4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.outbox import publish
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.suspensions import Suspension
from connector_gateway.queries import connections as queries
from contracts.connector_gateway.v1 import ConnectionSuspensionScheduled


async def tell_scheduled(
    session: AsyncSession,
    suspension: Suspension,
    connections: Sequence[Connection],
    *,
    now: datetime,
) -> None:
    """Tell the owners before the stop, while their connections still send (Điều 8.2)."""
    systems = await queries.systems(session, [one.system_id for one in connections])
    for connection in connections:
        system = systems[connection.system_id]
        publish(
            session,
            ConnectionSuspensionScheduled(
                connection=connection.code,
                suspension_id=suspension.id,
                ground=suspension.ground,
                directions=list(filter(suspension.concerns, connection.directions)),
                public_reason=suspension.public_reason,
                notice_id=suspension.notice_id,
                effective_at=suspension.effective_at,
                expected_end=suspension.expected_end,
                epoch=connection.epoch,
                system_name=system.name,
                owner_agency=system.owner_agency,
                owner_email=system.owner_email,
                scheduled_at=now,
            ),
        )
