"""Closing and opening one direction of one connection, with its epoch, work and ledger entry."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.commands import held, ledger
from connector_gateway.commands.ledger import Entry
from connector_gateway.domain.connections import STOPPED, AdminState, Connection
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.stops import Stop
from connector_gateway.domain.suspensions import Suspension
from connector_gateway.queries import dispatches
from contracts.connector_gateway.v1 import Direction

HOLD = """
UPDATE dispatches SET state = 'held', held_at = $2 WHERE connection_id = $1 AND state = 'waiting'
"""


async def move(
    session: AsyncSession,
    connection: Connection,
    moves: Mapping[Direction, AdminState],
    facts: Facts,
    *,
    ends_tokens: bool = False,
    now: datetime,
) -> None:
    """Move directions of a connection, whose lock the caller holds."""
    entries: list[Entry] = []
    for direction, to in moves.items():
        before = connection.state_of(direction)
        connection.move(direction, to, now=now)
        entry = {
            **facts,
            "direction": direction.value,
            "from": before,
            "to": to.value,
            "epoch": connection.epoch,
        }
        entries.append((Kind.STATE_CHANGED, entry))
    if ends_tokens:
        connection.end_tokens()
    await ledger.record(session, connection.code, entries, at=now)
    if moves.get(Direction.OUTBOUND) in (*STOPPED, AdminState.REVOKED):
        raw = await raw_connection(session)
        await raw.execute(HOLD, connection.id, now)


async def stop(
    session: AsyncSession, connection: Connection, order: Suspension, *, now: datetime
) -> list[Direction]:
    """Stop what ``order`` concerns of a connection; return the directions it stops.

    Inbound is closed with the commit. Outbound drains first for maintenance; otherwise what is in
    flight is cut off.
    """
    stopped = [
        direction
        for direction in connection.directions
        if order.concerns(direction) and connection.state_of(direction) != AdminState.REVOKED
    ]
    moves: dict[Direction, AdminState] = {}
    for direction in stopped:
        session.add(
            Stop(
                suspension_id=order.id,
                connection_id=connection.id,
                direction=direction,
                began_at=now,
            )
        )
        if connection.state_of(direction) not in STOPPED:
            drains = direction is Direction.OUTBOUND and not order.is_immediate
            moves[direction] = AdminState.DRAINING if drains else AdminState.SUSPENDED
    ends_tokens = Direction.INBOUND in stopped or order.needs_second_person
    if moves:
        facts = {"suspension": str(order.id), "ground": order.ground.value}
        await move(session, connection, moves, facts, ends_tokens=ends_tokens, now=now)
    elif ends_tokens:
        connection.end_tokens()
    return stopped


async def reopen(
    session: AsyncSession,
    connection: Connection,
    direction: Direction,
    order: Suspension,
    *,
    now: datetime,
) -> None:
    """Begin to resume a direction that no order stops any more."""
    facts = {"suspension": str(order.id)}
    if connection.state_of(direction) is AdminState.DRAINING:
        await move(session, connection, {direction: AdminState.SUSPENDED}, facts, now=now)
    await move(session, connection, {direction: AdminState.RESUMING}, facts, now=now)


async def finish_resuming(
    session: AsyncSession, connection: Connection, direction: Direction, *, now: datetime
) -> bool:
    """Make a resuming direction ACTIVE once nothing released is left; return whether it is."""
    if direction is Direction.INBOUND:
        is_done = await held.release(session, connection)
    else:
        await session.flush()
        is_done = not await dispatches.has_untried(session, connection.id)
    if is_done:
        await move(session, connection, {direction: AdminState.ACTIVE}, {}, now=now)
    return is_done
