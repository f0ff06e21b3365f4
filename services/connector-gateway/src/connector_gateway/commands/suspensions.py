"""Ordering a suspension and putting it in force (Điều 8): order and notice leave together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from chassis.outbox import publish
from connector_gateway.commands import flags, gates, ledger
from connector_gateway.commands.announcements import Announcement, announce, words
from connector_gateway.commands.owners import tell_scheduled
from connector_gateway.domain.connections import AdminState, Connection
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import (
    CUSTOMARY_NOTICE_DAYS,
    Ids,
    Order,
    OrderState,
    Person,
    ScopeKind,
    Suspension,
    earliest_start,
    full_working_days,
)
from connector_gateway.errors.suspensions import (
    ConnectionEssential,
    ScopeEmpty,
    SuspensionUnknown,
)
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import ledger as ledger_queries
from connector_gateway.queries import suspensions as queries
from contracts.calendar import WorkingCalendar
from contracts.connector_gateway.v1 import ConnectionSuspended, Ground


async def suspend(
    session: AsyncSession, order: Order, by: Person, *, now: datetime
) -> tuple[Suspension, list[str]]:
    """Order a suspension with its public notice (Điều 8.1, 8.2); return it and its warnings.

    Force majeure and security risks take effect with this transaction's commit: it waits for the
    pushes that hold a connection's row, and later ones find the row changed. Maintenance is
    scheduled and takes effect by ``put_in_force``.
    """
    plan = await foresee(session, order, by, now=now)
    suspension, connections = plan.suspension, plan.connections
    now = suspension.requested_at
    if suspension.is_immediate:
        suspension.take_effect(now=now)
    session.add(suspension)
    await session.flush()
    await ledger.record_for_system(session, [(Kind.SUSPENSION_ORDERED, _facts(suspension))], at=now)
    await announce(
        session,
        suspension,
        Announcement(
            "suspension",
            suspension.public_reason,
            notice_id=suspension.notice_id,
            begins_at=suspension.effective_at,
            ends_at=suspension.expected_end,
        ),
        connections,
        now=now,
    )
    if suspension.is_immediate:
        await _stop(session, suspension, connections, now=now)
    else:
        await _schedule(session, suspension, connections, now=now)
    return suspension, plan.warnings


@dataclass(frozen=True)
class Plan:
    """What an order would be: not written down, its connections locked until the commit."""

    suspension: Suspension
    connections: Sequence[Connection]
    full_working_days: int | None
    """Between notice and effect; None where the ground asks for none."""
    earliest_start_on: date | None

    @property
    def warnings(self) -> list[str]:
        """Return what its author should know though it is allowed."""
        days = self.full_working_days
        is_short = days is not None and days < CUSTOMARY_NOTICE_DAYS
        return ["notice-below-seven-working-days"] if is_short else []


async def foresee(session: AsyncSession, order: Order, by: Person, *, now: datetime) -> Plan:
    """Return what ``order`` would stop, or raise why it may not (Điều 8.1, 8.2)."""
    connections = await _in_scope(session, order)
    now = await ledger_queries.latest(session, [one.code for one in connections], now)
    ids = Ids(new_id(), new_id())
    if order.ground is not Ground.MAINTENANCE:  # no calendar is read while pushes wait at the row
        suspension = Suspension.of(order, by, WorkingCalendar(), ids=ids, now=now)
        return Plan(suspension, connections, None, None)
    calendar = await queries.working_calendar(session)
    suspension = Suspension.of(order, by, calendar, ids=ids, now=now)
    days = full_working_days(calendar, now, suspension.effective_at)
    return Plan(suspension, connections, days, earliest_start(calendar, now))


async def _in_scope(session: AsyncSession, order: Order) -> list[Connection]:
    """Lock and return what an order stops; raises ``ScopeEmpty`` or ``ConnectionEssential``."""
    found = await connection_queries.connections_for_update(
        session, order.scope_kind, order.scope_code
    )
    reached = [
        connection
        for connection in found
        if not set(connection.directions).isdisjoint(order.directions)
        and AdminState.REVOKED not in map(connection.state_of, connection.directions)
    ]
    if not reached:
        raise ScopeEmpty(scope=order.scope_code or order.scope_kind)
    if order.includes_essential:
        return reached
    if order.scope_kind is ScopeKind.CONNECTION and reached[0].is_essential:
        raise ConnectionEssential(connection=reached[0].code)
    return [connection for connection in reached if not connection.is_essential]


async def _schedule(
    session: AsyncSession,
    suspension: Suspension,
    connections: Sequence[Connection],
    *,
    now: datetime,
) -> None:
    facts = {"suspension": str(suspension.id)}
    for connection in connections:
        moves = {
            direction: AdminState.SCHEDULED
            for direction in connection.directions
            if suspension.concerns(direction)
            and connection.state_of(direction) is AdminState.ACTIVE
        }
        if moves:
            await gates.move(session, connection, moves, facts, now=now)
    await tell_scheduled(session, suspension, connections, now=now)


async def _stop(
    session: AsyncSession,
    suspension: Suspension,
    connections: Sequence[Connection],
    *,
    now: datetime,
) -> None:
    ids = [connection.system_id for connection in connections]
    systems = await connection_queries.systems(session, ids)
    for connection in connections:
        stopped = await gates.stop(session, connection, suspension, now=now)
        if suspension.ground is Ground.SECURITY_RISK:
            await flags.close(session, connection, suspension, now=now)
        system = systems[connection.system_id]
        publish(
            session,
            ConnectionSuspended(
                connection=connection.code,
                suspension_id=suspension.id,
                ground=suspension.ground,
                directions=stopped,
                public_reason=suspension.public_reason,
                notice_id=suspension.notice_id,
                effective_at=now,
                expected_end=suspension.expected_end,
                epoch=connection.epoch,
                system_name=system.name,
                owner_agency=system.owner_agency,
                owner_email=system.owner_email,
            ),
        )


async def put_in_force(session: AsyncSession, suspension_id: UUID, *, now: datetime) -> None:
    """Put a due maintenance in force, or let it fail where its notice was not out in time."""
    suspension = await queries.suspension_for_update(session, suspension_id)
    if suspension is None:
        raise SuspensionUnknown(suspension=suspension_id)
    if suspension.state is not OrderState.SCHEDULED:
        return  # another worker was first, or it was cancelled just now
    connections = await connection_queries.connections_for_update(
        session, suspension.scope_kind, suspension.scope_code
    )
    if not suspension.includes_essential:
        connections = [one for one in connections if not one.is_essential]
    now = await ledger_queries.latest(session, [one.code for one in connections], now)
    calendar = await queries.working_calendar(session)
    why = suspension.why_not_in_force(calendar, now=now)
    if why is None:
        suspension.take_effect(now=now)
        await _stop(session, suspension, connections, now=now)
        return
    suspension.fail(why, now=now)
    facts: Facts = {"suspension": str(suspension.id), "why": why}
    await ledger.record_for_system(session, [(Kind.SUSPENSION_FAILED, facts)], at=now)
    await unschedule(session, suspension, connections, now=now)
    await announce(session, suspension, Announcement("lift", words()["failed"]), now=now)


async def unschedule(
    session: AsyncSession,
    suspension: Suspension,
    connections: Sequence[Connection],
    *,
    now: datetime,
) -> None:
    """Take connections back from SCHEDULED where no other order waits for them."""
    facts = {"suspension": str(suspension.id)}
    for connection in connections:
        moves = {
            direction: AdminState.ACTIVE
            for direction in connection.directions
            if suspension.concerns(direction)
            and connection.state_of(direction) is AdminState.SCHEDULED
        }
        if moves and not await _waits_for_another(session, suspension, connection):
            await gates.move(session, connection, moves, facts, now=now)


async def _waits_for_another(
    session: AsyncSession, suspension: Suspension, connection: Connection
) -> bool:
    systems = await connection_queries.systems(session, [connection.system_id])
    waiting = await queries.reaching(
        session, systems[connection.system_id], connection.code, [OrderState.SCHEDULED]
    )
    return any(order.id != suspension.id for order in waiting)


def _facts(suspension: Suspension) -> Facts:
    return {
        "suspension": str(suspension.id),
        "ground": suspension.ground.value,
        "scope": suspension.scope_kind.value,
        "code": suspension.scope_code,
        "directions": ",".join(suspension.directions),
        "public_reason": suspension.public_reason,
        "by": suspension.requested_by,
        "effective_at": suspension.effective_at.isoformat(),
        "notice": str(suspension.notice_id),
    }
