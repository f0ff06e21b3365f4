"""Deliveries that arrived while suspended: discarded with a reason, or sent on in order."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.outbox import publish_bytes
from connector_gateway.commands.deliveries import headers_of
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.pushes import pinned
from contracts.connector_gateway.v1 import DeliveryReceived

RELEASE = 200
"""Held deliveries that go on in one transaction."""
DISCARD = """
WITH dropped AS (
    DELETE FROM held_deliveries WHERE connection_id = $1 AND NOT is_released
        AND ($2::timestamptz IS NULL OR received_at < $2 OR received_at > $3)
    RETURNING receipt_id)
INSERT INTO outcomes (receipt_id, state, finished_at, reason)
SELECT receipt_id, 'discarded', $4, $5 FROM dropped
"""
MARK = "UPDATE held_deliveries SET is_released = true WHERE connection_id = $1 AND NOT is_released"
RELEASED = """
DELETE FROM held_deliveries AS h USING receipts AS r
WHERE r.id = h.receipt_id AND h.receipt_id IN (
    SELECT receipt_id FROM held_deliveries
    WHERE connection_id = $1 AND is_released ORDER BY receipt_id LIMIT $2)
RETURNING h.receipt_id, h.received_at, h.body, h.grants, h.code_map_version, h.traceparent,
          r.content_type, r.content_encoding
"""
STILL_RELEASED = "SELECT EXISTS (SELECT FROM held_deliveries WHERE connection_id = $1)"


async def discard(
    session: AsyncSession,
    connection: Connection,
    *,
    outside: tuple[datetime, datetime] | None,
    reason: str,
    now: datetime,
) -> int:
    """Discard what is held of a connection (all, or what lies outside a range), with a reason."""
    begins, ends = outside or (None, None)
    raw = await raw_connection(session)
    done: str = await raw.execute(DISCARD, connection.id, begins, ends, now, reason)
    return int(done.rsplit(" ", 1)[1])


async def mark_released(session: AsyncSession, connection: Connection) -> int:
    """Let what is held go on; ``release`` sends it in order."""
    raw = await raw_connection(session)
    done: str = await raw.execute(MARK, connection.id)
    return int(done.rsplit(" ", 1)[1])


async def release(session: AsyncSession, connection: Connection) -> bool:
    """Send on the oldest released deliveries of a connection; return whether none are left."""
    raw = await raw_connection(session)
    rows = await raw.fetch(RELEASED, connection.id, RELEASE)
    for row in sorted(rows, key=lambda row: row["receipt_id"]):
        headers = headers_of(
            connection.code,
            row["receipt_id"],
            row["received_at"],
            row["content_type"],
            row["content_encoding"],
        )
        publish_bytes(
            session,
            DeliveryReceived,
            row["body"],
            key=connection.code,
            headers=headers | pinned(row["grants"], row["code_map_version"]),
            traceparent=row["traceparent"],
        )
    return not await raw.fetchval(STILL_RELEASED, connection.id)
