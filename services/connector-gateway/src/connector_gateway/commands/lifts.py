"""Lifting a suspension (Điều 8.3): remedy, second person, fate of what was held, resuming."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.outbox import publish
from connector_gateway.commands import gates, ledger
from connector_gateway.commands import held as held_deliveries
from connector_gateway.commands.announcements import Announcement, announce, words
from connector_gateway.commands.suspensions import unschedule
from connector_gateway.domain.connections import AdminState, Connection
from connector_gateway.domain.held import Choice, HeldChoice
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.stops import Stop
from connector_gateway.domain.suspensions import OrderState, Person, Suspension
from connector_gateway.errors.suspensions import SuspensionUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import suspensions as queries
from contracts.connector_gateway.v1 import ConnectionResumed, Direction

# The latest of each key is found once, whatever the planner believes of a table that has just been
# filled: to ask each of ten thousand rows for a later one took most of a minute.
SUPERSEDE = """
WITH latest AS MATERIALIZED (
    SELECT key, max(sequence) AS last FROM dispatches
    WHERE connection_id = $1 AND state = 'held' GROUP BY key)
UPDATE dispatches AS d SET state = 'superseded', finished_at = $2 FROM latest
WHERE d.connection_id = $1 AND d.state = 'held'
  AND d.key = latest.key AND d.sequence < latest.last
"""
DISCARD = """
UPDATE dispatches SET state = 'discarded', finished_at = $2, reason = $3
WHERE connection_id = $1 AND state = 'held'
  AND ($4::timestamptz IS NULL OR created_at < $4 OR created_at > $5)
"""
RELEASE = """
UPDATE dispatches SET state = 'waiting', released_at = $2, next_attempt_at = $2, held_at = NULL
WHERE connection_id = $1 AND state = 'held'
"""


async def lift(
    session: AsyncSession,
    suspension_id: UUID,
    remedy: str,
    held: HeldChoice,
    by: Person,
    *,
    now: datetime,
) -> Suspension:
    """Lift an order, cancel one that is only scheduled, or ask a second person (Điều 8.1c, 8.3)."""
    suspension = await _for_update(session, suspension_id)
    if suspension.state is OrderState.SCHEDULED:
        suspension.cancel(remedy, by, now=now)
        connections = await connection_queries.connections_for_update(
            session, suspension.scope_kind, suspension.scope_code
        )
        await unschedule(session, suspension, connections, now=now)
        await _say_lifted(session, suspension, now=now)
        reason = words()["cancelled"].format(remedy=remedy)
        await announce(session, suspension, Announcement("lift", reason), now=now)
    elif suspension.needs_second_person:
        suspension.request_lift(remedy, held, by, now=now)
        facts: Facts = {"suspension": str(suspension.id), "remedy": remedy, "by": by.subject}
        await ledger.record_for_system(session, [(Kind.LIFT_REQUESTED, facts)], at=now)
    else:
        suspension.lift(remedy, held, by, now=now)
        await _end(session, suspension, held, now=now)
    return suspension


async def approve_lift(
    session: AsyncSession, suspension_id: UUID, by: Person, *, now: datetime
) -> Suspension:
    """Approve, as a second person, a lift that was requested (Điều 8.3); raises ``SamePerson``."""
    suspension = await _for_update(session, suspension_id)
    held = suspension.approve_lift(by, now=now)
    await _end(session, suspension, held, now=now)
    return suspension


async def _for_update(session: AsyncSession, suspension_id: UUID) -> Suspension:
    suspension = await queries.suspension_for_update(session, suspension_id)
    if suspension is None:
        raise SuspensionUnknown(suspension=suspension_id)
    return suspension


async def _end(
    session: AsyncSession, suspension: Suspension, held: HeldChoice, *, now: datetime
) -> None:
    stops = await queries.open_stops(session, suspension.id)
    ids = sorted({stop.connection_id for stop in stops})
    connections = await connection_queries.connections_of_ids_for_update(session, ids)
    elsewhere = await queries.stopped_elsewhere(session, suspension.id, ids)
    for stop in stops:
        stop.ended_at = now
    await session.flush()
    for connection in connections:
        free = _freed(connection, stops, elsewhere)
        for direction in free:
            await _decide(session, connection, direction, held, now=now)
            await gates.reopen(session, connection, direction, suspension, now=now)
            await gates.finish_resuming(session, connection, direction, now=now)
        if free:
            await _tell_resumed(session, suspension, connection, free, now=now)
    await _say_lifted(session, suspension, now=now)
    await announce(session, suspension, Announcement("lift", suspension.public_reason), now=now)


def _freed(
    connection: Connection, stops: Sequence[Stop], elsewhere: set[tuple[UUID, Direction]]
) -> list[Direction]:
    """Return the directions that nothing else keeps stopped."""
    return [
        stop.direction
        for stop in stops
        if stop.connection_id == connection.id
        and (connection.id, stop.direction) not in elsewhere
        and connection.state_of(stop.direction) is not AdminState.REVOKED
    ]


async def _decide(
    session: AsyncSession,
    connection: Connection,
    direction: Direction,
    held: HeldChoice,
    *,
    now: datetime,
) -> None:
    act = _decide_inbound if direction is Direction.INBOUND else _decide_outbound
    counts = await act(session, connection, held, now=now)
    if any(counts.values()):
        facts: Facts = {
            **counts,
            "direction": direction.value,
            "choose": held.choose.value,
            "reason": held.reason,
        }
        await ledger.record(session, connection.code, [(Kind.HELD_RELEASED, facts)], at=now)


async def _decide_inbound(
    session: AsyncSession, connection: Connection, held: HeldChoice, *, now: datetime
) -> dict[str, int]:
    """Every delivery counts as the latest of its key: later ones change only what they name."""
    discarded = 0
    if held.choose in (Choice.DISCARD, Choice.RANGE):
        discarded = await held_deliveries.discard(
            session,
            connection,
            outside=held.span(now=now),
            reason=held.reason or held.choose.value,
            now=now,
        )
    released = await held_deliveries.mark_released(session, connection)
    return {"released": released, "discarded": discarded, "superseded": 0}


async def _decide_outbound(
    session: AsyncSession, connection: Connection, held: HeldChoice, *, now: datetime
) -> dict[str, int]:
    raw = await raw_connection(session)
    superseded = discarded = "0"
    if held.choose is Choice.LATEST:
        superseded = await raw.execute(SUPERSEDE, connection.id, now)
    if held.choose in (Choice.DISCARD, Choice.RANGE):
        begins, ends = held.span(now=now) or (None, None)
        reason = held.reason or held.choose.value
        discarded = await raw.execute(DISCARD, connection.id, now, reason, begins, ends)
    released = await raw.execute(RELEASE, connection.id, now)
    return {
        "released": _count(released),
        "discarded": _count(discarded),
        "superseded": _count(superseded),
    }


def _count(done: str) -> int:
    return int(done.rsplit(" ", 1)[-1])


async def _tell_resumed(
    session: AsyncSession,
    suspension: Suspension,
    connection: Connection,
    directions: list[Direction],
    *,
    now: datetime,
) -> None:
    systems = await connection_queries.systems(session, [connection.system_id])
    system = systems[connection.system_id]
    publish(
        session,
        ConnectionResumed(
            connection=connection.code,
            suspension_id=suspension.id,
            directions=directions,
            remedy=suspension.remedy or "",
            epoch=connection.epoch,
            resumed_at=now,
            system_name=system.name,
            owner_agency=system.owner_agency,
            owner_email=system.owner_email,
        ),
    )


async def _say_lifted(session: AsyncSession, suspension: Suspension, *, now: datetime) -> None:
    facts: Facts = {
        "suspension": str(suspension.id),
        "state": suspension.state.value,
        "remedy": suspension.remedy,
        "requested_by": suspension.lift_requested_by,
        "approved_by": suspension.lift_approved_by,
    }
    await ledger.record_for_system(session, [(Kind.SUSPENSION_LIFTED, facts)], at=now)


async def finish_resuming(
    session: AsyncSession, code: str, direction: Direction, *, now: datetime
) -> bool:
    """Go on with a direction that resumes; return whether it is done."""
    connection = await connection_queries.connection_for_update(session, code)
    if connection is None or connection.state_of(direction) is not AdminState.RESUMING:
        return True
    return await gates.finish_resuming(session, connection, direction, now=now)
