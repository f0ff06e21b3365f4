"""What a system that has signed in meets at its connection, and what a stopped one is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from connector_gateway.commands import ledger
from connector_gateway.commands.ledger import Entry
from connector_gateway.domain.ledger import Kind
from connector_gateway.domain.pushes import Fence, Push
from connector_gateway.errors.connections import ConnectionUnknown, Suspended
from connector_gateway.queries import connections, suspensions
from contracts.connector_gateway.v1 import Direction

RETRY_AFTER = timedelta(minutes=5)
"""When nobody has said how long a suspension will last."""


async def admit(session: AsyncSession, who: Principal, code: str, *, now: datetime) -> None:
    """Let a system look at its own connection as long as it might push.

    Raises ``Suspended``, ``ConnectionRevoked`` or ``TokenOutdated``.
    """
    connection = await connections.connection_of_code(session, code)
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


async def turn_away(
    session: AsyncSession,
    fences: Mapping[str, Fence],
    pushes: Mapping[int, Push],
    *,
    now: datetime,
) -> dict[int, Suspended]:
    """Tell suspended connections of their suspension, and the ledger that they knocked."""
    refusals: dict[int, Suspended] = {}
    for code in sorted({push.connection for push in pushes.values()}):
        fence = fences[code]
        own = {at: push for at, push in pushes.items() if push.connection == code}
        epoch = fence.gate.epoch
        refusal = await suspended(
            session, fence.id, code, [Direction.INBOUND], epoch=epoch, now=now
        )
        why = refusal.slug if fence.turns_away else "quarantine-full"
        entries: list[Entry] = [
            (Kind.DELIVERY_REFUSED, {"epoch": epoch, "sha256": push.digest, "why": why})
            for push in own.values()
        ]
        await ledger.record(session, code, entries, at=now)
        refusals |= dict.fromkeys(own, refusal)
    return refusals
