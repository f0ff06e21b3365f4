"""Taking in what systems push: one transaction from the fence to the outbox (Điều 3.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from chassis.errors import Refusal
from chassis.identifiers import new_id
from chassis.outbox import publish_bytes
from chassis.telemetry import current_traceparent
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import WhileSuspended
from connector_gateway.domain.ledger import Facts, Kind, extend
from connector_gateway.domain.receipts import Accepted, Completion, Delivery
from connector_gateway.errors import (
    ConnectionUnknown,
    DirectionNotOffered,
    IdempotencyKeyReused,
    Suspended,
)
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import deliveries as queries
from connector_gateway.queries import suspensions
from connector_gateway.queries.deliveries import Before, Fence
from contracts.connector_gateway.v1 import DeliveryReceived, Direction

RETRY_AFTER = timedelta(minutes=5)
"""When nobody has said how long a suspension will last."""
TAKE_IN = """
WITH receipt AS (
    INSERT INTO receipts (id, connection_id, idempotency_key, sha256, content_type,
        content_encoding, size, received_at, epoch, ledger_index, is_quarantined)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
INSERT INTO ledger_entries (chain, index, at, entry, hash) VALUES ($12, $10, $8, $13, $14)
"""
HOLD = """
INSERT INTO held_deliveries
    (connection_id, receipt_id, received_at, body, grants, traceparent, is_released)
VALUES ($1, $2, $3, $4, $5, $6, false)
"""
COMPLETE = """
INSERT INTO outcomes (receipt_id, state, finished_at, result)
SELECT r.id, o.state, $3, o.result
FROM unnest($1::uuid[], $2::text[], $4::bytea[]) AS o(id, state, result)
JOIN receipts AS r ON r.id = o.id
ON CONFLICT (receipt_id) DO NOTHING
"""


async def receive(
    session: AsyncSession,
    who: Principal,
    code: str,
    offered: Delivery | Refusal,
    *,
    now: datetime,
) -> Accepted | Suspended:
    """Take in a push, or say that the connection is suspended and write that down too.

    The connection's row stays locked from here to the commit, so nothing is accepted after a
    suspension has committed (decisions/0005). ``offered`` is what the door found wrong with the
    body, told only to whom the gate lets through.
    """
    fence = await queries.fence_for_update(session, code)
    if fence is None:
        raise ConnectionUnknown(connection=code)
    if not fence.is_offered:
        raise DirectionNotOffered(connection=code)
    fence.gate.refuse_revoked()
    is_held = fence.gate.is_stopped
    if is_held and fence.while_suspended is WhileSuspended.REJECT:
        return await _turn_away(session, fence, offered, now=now)
    if not is_held:
        fence.gate.refuse_outdated(who.epoch)
    if isinstance(offered, Refusal):
        raise offered
    before = await queries.before(session, fence, offered.key)
    if before.accepted:
        return _same_again(before.accepted, offered)
    return await _take_in(session, fence, before, offered, now=now)


async def admit(session: AsyncSession, who: Principal, code: str, *, now: datetime) -> None:
    """Let a system look at its own connection as long as it might push.

    Raises ``Suspended``, ``ConnectionRevoked`` or ``TokenOutdated``.
    """
    connection = await connection_queries.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    gate = connection.gate
    gate.refuse_revoked()
    if gate.is_stopped:
        raise await suspended(
            session,
            connection.id,
            code,
            connection.directions[:1],
            epoch=connection.epoch,
            now=now,
        )
    gate.refuse_outdated(who.epoch)


def _same_again(accepted: Accepted, delivery: Delivery) -> Accepted:
    if accepted.sha256 != delivery.sha256:
        raise IdempotencyKeyReused(
            receipt=accepted.receipt, extra={"receipt": str(accepted.receipt)}
        )
    return accepted


async def _take_in(
    session: AsyncSession, fence: Fence, before: Before, delivery: Delivery, *, now: datetime
) -> Accepted:
    now = max(now, before.head.at)
    accepted = Accepted(
        receipt=new_id(),
        sha256=delivery.sha256,
        received_at=now,
        epoch=fence.gate.epoch,
        ledger_index=before.head.index + 1,
        is_quarantined=fence.gate.is_stopped,
    )
    facts: Facts = {
        "receipt": str(accepted.receipt),
        "sha256": delivery.sha256.hex(),
        "size": len(delivery.body),
        "epoch": accepted.epoch,
        "state": accepted.state.value,
    }
    link = extend(before.head, fence.code, Kind.DELIVERY_RECEIVED, facts, at=now)
    raw = await raw_connection(session)
    await raw.execute(
        TAKE_IN,
        accepted.receipt,
        fence.id,
        delivery.key,
        delivery.sha256,
        delivery.content_type,
        delivery.content_encoding,
        len(delivery.body),
        now,
        accepted.epoch,
        link.index,
        accepted.is_quarantined,
        fence.code,
        link.entry,
        link.hash,
    )
    if accepted.is_quarantined:
        await raw.execute(
            HOLD,
            fence.id,
            accepted.receipt,
            now,
            delivery.body,
            fence.grants,
            current_traceparent(),
        )
    else:
        headers = headers_of(
            fence.code, accepted.receipt, now, delivery.content_type, delivery.content_encoding
        )
        publish_bytes(
            session,
            DeliveryReceived,
            delivery.body,
            key=fence.code,
            headers=headers | {"grant": fence.grants},
        )
    return accepted


def headers_of(
    code: str, receipt: UUID, received_at: datetime, content_type: str, content_encoding: str
) -> dict[str, str]:
    """Return the facts that ride beside the bytes of a delivery."""
    return {
        "content-type": content_type,
        "receipt_id": str(receipt),
        "connection": code,
        "received_at": received_at.isoformat(),
        "content_type": content_type,
        "content_encoding": content_encoding,
    }


async def _turn_away(
    session: AsyncSession, fence: Fence, offered: Delivery | Refusal, *, now: datetime
) -> Suspended:
    refusal = await suspended(
        session, fence.id, fence.code, [Direction.INBOUND], epoch=fence.gate.epoch, now=now
    )
    body = offered.sha256.hex() if isinstance(offered, Delivery) else None
    facts = {"epoch": fence.gate.epoch, "sha256": body, "why": refusal.slug}
    await ledger.record(session, fence.code, [(Kind.DELIVERY_REFUSED, facts)], at=now)
    return refusal


async def suspended(
    session: AsyncSession,
    connection: UUID,
    code: str,
    directions: Sequence[Direction],
    *,
    epoch: int,
    now: datetime,
) -> Suspended:
    """Return what the caller of a stopped connection is told: ground, notice, end, epoch."""
    order = await suspensions.grounds_of(session, connection, directions)
    end = order.expected_end if order else None
    wait = end - now if end and end > now else RETRY_AFTER
    return Suspended(
        connection=code,
        extra={
            "ground": order.ground.value if order else None,
            "suspension": str(order.suspension) if order else None,
            "notice": f"/notices/{order.notice_id}" if order else None,
            "expected_end": end.astimezone(now.tzinfo).isoformat() if end else None,
            "epoch": epoch,
        },
        headers={"Retry-After": str(max(1, round(wait.total_seconds())))},
    )


async def complete(
    session: AsyncSession, completions: Sequence[Completion], *, now: datetime
) -> None:
    """Write down, in one statement, what submissions made of deliveries."""
    raw = await raw_connection(session)
    await raw.execute(
        COMPLETE,
        [completion.receipt for completion in completions],
        [completion.state.value for completion in completions],
        now,
        [completion.result for completion in completions],
    )
