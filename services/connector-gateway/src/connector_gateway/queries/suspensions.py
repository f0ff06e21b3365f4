"""Reads of suspension orders: what is in force, what is due, what the board and the public see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import Connection, System
from connector_gateway.domain.stops import Acknowledgement, Stop
from connector_gateway.domain.suspensions import OrderState, ScopeKind, Suspension
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries.extensions import ExtensionView, extensions_of
from contracts.calendar import WorkingCalendar
from contracts.connector_gateway.v1 import Direction, Ground

# The latest stop, open or just ended: while a direction resumes its order is still what is told.
STOPPED_BY = """
SELECT s.ground, s.id, coalesce(e.notice_id, s.notice_id) AS notice_id,
       coalesce(e.expected_end, s.expected_end) AS expected_end
FROM stops AS t JOIN suspensions AS s ON s.id = t.suspension_id
LEFT JOIN LATERAL (SELECT notice_id, expected_end FROM extensions
                   WHERE suspension_id = s.id AND failure IS NULL
                   ORDER BY expected_end DESC LIMIT 1) AS e ON true
WHERE t.connection_id = $1 AND t.direction = ANY($2::text[])
ORDER BY t.ended_at IS NULL DESC, t.began_at DESC LIMIT 1
"""
DAYS_OFF = """
SELECT extract(year FROM day)::int AS year, array_agg(day) FILTER (WHERE NOT is_working) AS days
FROM known_calendar_days GROUP BY 1
"""
STOPPED_ELSEWHERE = """
SELECT DISTINCT connection_id, direction FROM stops
WHERE ended_at IS NULL AND suspension_id <> $1 AND connection_id = ANY($2::uuid[])
"""


@dataclass(frozen=True)
class Grounds:
    """What the caller of a stopped connection is told of the order."""

    suspension: UUID
    ground: Ground
    notice_id: UUID
    expected_end: datetime | None


class ScopeView(View):
    """What an order stops."""

    kind: ScopeKind
    code: str
    directions: list[Direction]


class LiftView(View):
    """Remedy, decision about what was held, and who answers for it."""

    remedy: str
    held: dict[str, str | None] | None
    requested_by: str
    requested_at: LocalMoment
    approved_by: str | None


class AcknowledgementView(View):
    """An owner that has said it was told."""

    system: str
    by: str
    at: LocalMoment


class SuspensionView(View):
    """A suspension order and its course."""

    id: UUID
    state: OrderState
    ground: Ground
    scope: ScopeView
    public_reason: str
    internal_reason: str | None
    requested_by: str
    requested_at: LocalMoment
    notice: str
    notice_visible_at: LocalMoment | None
    effective_at: LocalMoment
    in_force_at: LocalMoment | None
    expected_end: LocalMoment | None
    """The latest that was announced and counts."""
    extensions: list[ExtensionView]
    ended_at: LocalMoment | None
    failure: str | None
    connections: list[str]
    owners: list[str]
    acknowledgements: list[AcknowledgementView]
    lift: LiftView | None
    warnings: list[str]


async def working_calendar(session: AsyncSession) -> WorkingCalendar:
    """Return the calendar as far as catalog has told of it."""
    raw = await raw_connection(session)
    rows = await raw.fetch(DAYS_OFF)
    return WorkingCalendar({row["year"]: frozenset(row["days"] or ()) for row in rows})


async def grounds_of(
    session: AsyncSession, connection_id: UUID, directions: Sequence[Direction]
) -> Grounds | None:
    """Return the order that stops a connection."""
    raw = await raw_connection(session)
    row = await raw.fetchrow(STOPPED_BY, connection_id, [one.value for one in directions])
    if row is None:
        return None
    return Grounds(row["id"], Ground(row["ground"]), row["notice_id"], row["expected_end"])


async def suspension(session: AsyncSession, suspension_id: UUID) -> Suspension | None:
    """Return an order."""
    return await session.get(Suspension, suspension_id)


async def suspension_for_update(session: AsyncSession, suspension_id: UUID) -> Suspension | None:
    """Return an order, its row locked."""
    return await session.get(Suspension, suspension_id, with_for_update=True)


async def suspension_of_notice(session: AsyncSession, notice_id: UUID) -> Suspension | None:
    """Return the order that a notice announced, its row locked."""
    found = await session.exec(
        select(Suspension).where(Suspension.notice_id == notice_id).with_for_update()
    )
    return found.first()


async def due_orders(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Return scheduled orders whose moment has come."""
    found = await session.exec(
        select(Suspension.id)
        .where(Suspension.state == OrderState.SCHEDULED, Suspension.effective_at <= now)
        .order_by(Suspension.effective_at)  # type: ignore[arg-type]  # a column, for mypy a datetime
    )
    return found.all()


async def reaching(
    session: AsyncSession, system: System, connection: str, states: Sequence[OrderState]
) -> list[Suspension]:
    """Return the orders in ``states`` whose scope reaches a connection of ``system``."""
    found = await session.exec(
        select(Suspension).where(
            col(Suspension.state).in_(states),
            or_(
                Suspension.scope_kind == ScopeKind.SYSTEM,
                (Suspension.scope_kind == ScopeKind.AGENCY)
                & (Suspension.scope_code == system.owner_agency),
                (Suspension.scope_kind == ScopeKind.CONNECTION)
                & (Suspension.scope_code == connection),
            ),
        )
    )
    return list(found)


async def open_stops(session: AsyncSession, suspension_id: UUID) -> list[Stop]:
    """Return what an order still stops."""
    found = await session.exec(
        select(Stop).where(Stop.suspension_id == suspension_id, col(Stop.ended_at).is_(None))
    )
    return list(found)


async def stopped_elsewhere(
    session: AsyncSession, suspension_id: UUID, connections: Sequence[UUID]
) -> set[tuple[UUID, Direction]]:
    """Return the directions of ``connections`` that another order stops as well."""
    raw = await raw_connection(session)
    rows = await raw.fetch(STOPPED_ELSEWHERE, suspension_id, connections)
    return {(row["connection_id"], Direction(row["direction"])) for row in rows}


async def systems_stopped_by(session: AsyncSession, suspension: UUID) -> list[System]:
    """Return the systems whose connections an order stops or stopped."""
    found = await session.exec(
        select(System)
        .join(Connection)
        .join(Stop)
        .where(Stop.suspension_id == suspension)
        .distinct()
    )
    return list(found)


async def connections_stopped_by(
    session: AsyncSession, suspension: UUID, system: UUID
) -> list[str]:
    """Return the codes of the connections of a system that an order stops or stopped."""
    found = await session.exec(
        select(Connection.code)
        .join(Stop)
        .where(Stop.suspension_id == suspension, Connection.system_id == system)
        .distinct()
        .order_by(col(Connection.code))
    )
    return list(found)


async def views(
    session: AsyncSession, *, only: UUID | None = None, limit: int = 200
) -> list[SuspensionView]:
    """Return orders, the latest first."""
    found = select(Suspension).order_by(col(Suspension.id).desc()).limit(limit)
    if only:
        found = found.where(Suspension.id == only)
    orders = (await session.exec(found)).all()
    ids = [order.id for order in orders]
    stopped = (
        await session.exec(
            select(Stop.suspension_id, Connection.code, System.owner_agency)
            .join(Connection, col(Connection.id) == Stop.connection_id)
            .join(System, col(System.id) == Connection.system_id)
            .where(col(Stop.suspension_id).in_(ids))
        )
    ).all()
    heard = (
        await session.exec(
            select(Acknowledgement, System.code)
            .join(System, col(System.id) == Acknowledgement.system_id)
            .where(col(Acknowledgement.suspension_id).in_(ids))
        )
    ).all()
    extended = await extensions_of(session, ids)
    return [
        _view(
            order,
            extensions=extended.get(order.id, []),
            connections={code for of, code, _ in stopped if of == order.id},
            owners={owner for of, _, owner in stopped if of == order.id},
            heard=[
                AcknowledgementView(system=system, by=ack.acknowledged_by_name, at=moment)
                for ack, system in heard
                if ack.suspension_id == order.id and (moment := ack.acknowledged_at)
            ],
        )
        for order in orders
    ]


def _view(
    order: Suspension,
    *,
    extensions: list[ExtensionView],
    connections: set[str],
    owners: set[str],
    heard: list[AcknowledgementView],
) -> SuspensionView:
    lift = None
    if order.remedy and order.lift_requested_by_name and order.lift_requested_at:
        lift = LiftView(
            remedy=order.remedy,
            held=order.held_choice,
            requested_by=order.lift_requested_by_name,
            requested_at=order.lift_requested_at,
            approved_by=order.lift_approved_by_name,
        )
    return SuspensionView(
        id=order.id,
        state=order.state,
        ground=order.ground,
        scope=ScopeView(
            kind=order.scope_kind,
            code=order.scope_code,
            directions=[Direction(direction) for direction in order.directions],
        ),
        public_reason=order.public_reason,
        internal_reason=order.internal_reason,
        requested_by=order.requested_by_name,
        requested_at=order.requested_at,
        notice=f"/notices/{order.notice_id}",
        notice_visible_at=order.notice_visible_at,
        effective_at=order.effective_at,
        in_force_at=order.in_force_at,
        expected_end=max(
            (one.expected_end for one in extensions if one.failure is None),
            default=order.expected_end,
        ),
        extensions=extensions,
        ended_at=order.ended_at,
        failure=order.failure,
        connections=sorted(connections),
        owners=sorted(owners),
        acknowledgements=heard,
        lift=lift,
        warnings=[],
    )
