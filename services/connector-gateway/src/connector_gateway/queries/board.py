"""The connections board: per direction what people want, what is observed, what is held."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.identifiers import first_id_of
from connector_gateway.domain.breakers import Breaker
from connector_gateway.domain.connections import WANTED, AdminState, Connection, Grants, System
from connector_gateway.domain.dispatches import ALIVE, CUT_OFF, Replica, confirmed, ramp
from connector_gateway.domain.known import KnownAgency
from connector_gateway.queries import LocalMoment, View
from contracts.connector_gateway.v1 import Direction

MINUTE = timedelta(minutes=1)
OUTBOUND_WORK = """
SELECT connection_id, count(*) FILTER (WHERE state = 'held') AS held,
       min(held_at) FILTER (WHERE state = 'held') AS oldest,
       count(*) FILTER (WHERE state = 'sending') AS in_flight,
       count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state <> 'held' AND released_at IS NOT NULL
                        AND NOT EXISTS (SELECT FROM attempts AS a WHERE a.dispatch_id = d.id
                                        AND a.began_at >= d.released_at)) AS untried
FROM dispatches AS d WHERE state IN ('waiting', 'sending', 'held') GROUP BY connection_id
"""
INBOUND_HELD = """
SELECT connection_id, count(*) FILTER (WHERE NOT is_released) AS held,
       min(received_at) FILTER (WHERE NOT is_released) AS oldest,
       count(*) FILTER (WHERE is_released) AS released
FROM held_deliveries GROUP BY connection_id
"""
LAST = """
SELECT c.id, (SELECT received_at FROM receipts AS r WHERE r.connection_id = c.id
              ORDER BY r.id DESC LIMIT 1) AS received_at,
       (SELECT finished_at FROM dispatches AS d
        WHERE d.connection_id = c.id AND d.state = 'delivered'
        ORDER BY d.id DESC LIMIT 1) AS sent_at
FROM connections AS c
"""
RECENT = """
SELECT c.id, r.received, r.refused, coalesce(t.tried, 0) AS tried, coalesce(t.failed, 0) AS failed
FROM connections AS c CROSS JOIN LATERAL (
    SELECT count(*) AS received, count(*) FILTER (WHERE o.state = 'refused') AS refused
    FROM receipts AS r LEFT JOIN outcomes AS o ON o.receipt_id = r.id
    WHERE r.connection_id = c.id AND r.id >= $1) AS r
LEFT JOIN (
    SELECT d.connection_id, count(*) AS tried,
           count(*) FILTER (WHERE a.status IS NULL OR a.status NOT BETWEEN 200 AND 299) AS failed
    FROM attempts AS a JOIN dispatches AS d ON d.id = a.dispatch_id
    WHERE a.began_at >= $2 AND a.ended_at IS NOT NULL AND a.problem IS DISTINCT FROM $3
    GROUP BY d.connection_id) AS t ON t.connection_id = c.id
"""


class HeldView(View):
    """What waits for a decision."""

    count: int = 0
    oldest: LocalMoment | None = None


class ObservedView(View):
    """What the running replicas have confirmed of the wanted state, and what is under way."""

    replicas: int
    confirmed: int
    in_flight: int


class ResumingView(View):
    """How far a direction is that resumes after a lift."""

    left: int
    """Released and not sent on, or not tried, yet."""
    per_second: int | None
    """How many may start in a second now: 1, then 10, then 50; None where nothing slows it."""


class DirectionView(View):
    """One direction of a connection."""

    admin_state: str
    breaker_state: str
    epoch: int
    wanted: str
    observed: ObservedView
    held: HeldView
    waiting: int = 0
    resuming: ResumingView | None = None


class SystemView(View):
    """An external system and its owner."""

    code: str
    name: str
    owner_agency: str
    owner_agency_name: str | None = None
    owner_email: str


class WebhookView(View):
    """Where dispatches go, and for which events."""

    url: str
    events: list[str]


class RecentView(View):
    """What came in and what was sent during the last minute.

    `refused` could not be taken at all; `failed` tries were not acknowledged by the receiver.
    What we broke off ourselves, to suspend, is no try.
    """

    received: int = 0
    refused: int = 0
    tried: int = 0
    failed: int = 0


class ConnectionView(View):
    """A connection as the board shows it."""

    code: str
    name: str
    system: SystemView
    client_id: str
    regimes: list[str] | None
    agencies: list[str] | None
    while_suspended: str
    is_essential: bool
    epoch: int
    directions: dict[str, DirectionView]
    webhook: WebhookView | None = None
    last_received_at: LocalMoment | None = None
    last_sent_at: LocalMoment | None = None
    """When its receiver acknowledged the youngest event that it has."""
    recent: RecentView = RecentView()


async def systems(session: AsyncSession) -> list[SystemView]:
    """Return every system with the name of its owner, as far as accounts has told it."""
    found = await session.exec(
        select(System, KnownAgency.name)
        .join(KnownAgency, col(KnownAgency.code) == System.owner_agency, isouter=True)
        .order_by(System.code)
    )
    return [
        SystemView(
            code=system.code,
            name=system.name,
            owner_agency=system.owner_agency,
            owner_agency_name=name,
            owner_email=system.owner_email,
        )
        for system, name in found
    ]


async def connections(
    session: AsyncSession, now: datetime, *, code: str | None = None
) -> list[ConnectionView]:
    """Return the connections board: what is wanted, what is observed, what is held."""
    found = select(Connection, System).join(System).order_by(Connection.code)
    if code:
        found = found.where(Connection.code == code)
    rows = (await session.exec(found)).all()
    work = await _Work.read(session, now)
    names = {
        agency.code: agency.name
        for agency in await session.exec(
            select(KnownAgency).where(
                col(KnownAgency.code).in_([system.owner_agency for _, system in rows])
            )
        )
    }
    return [_row(connection, system, names, work) for connection, system in rows]


class _Work:
    """Counts beside the connections, read once for the whole board."""

    def __init__(self, alive: Sequence[Replica], now: datetime) -> None:
        self.alive = alive
        self.now = now
        self.outbound: dict[UUID, Any] = {}
        self.inbound: dict[UUID, Any] = {}
        self.last: dict[UUID, Any] = {}
        self.recent: dict[UUID, RecentView] = {}
        self.breakers: dict[tuple[UUID, str], str] = defaultdict(lambda: "CLOSED")

    @classmethod
    async def read(cls, session: AsyncSession, now: datetime) -> "_Work":
        alive = await session.exec(select(Replica).where(Replica.seen_at > now - ALIVE))
        work = cls(alive.all(), now)
        for breaker in await session.exec(select(Breaker)):
            work.breakers[breaker.connection_id, breaker.direction] = breaker.state
        raw = await raw_connection(session)
        work.outbound = {row["connection_id"]: row for row in await raw.fetch(OUTBOUND_WORK)}
        work.inbound = {row["connection_id"]: row for row in await raw.fetch(INBOUND_HELD)}
        work.recent = {
            row["id"]: RecentView(**dict(row.items()))
            for row in await raw.fetch(RECENT, first_id_of(now - MINUTE), now - MINUTE, CUT_OFF)
        }
        work.last = {row["id"]: row for row in await raw.fetch(LAST)}
        return work

    def held(self, connection: Connection, direction: Direction) -> HeldView:
        counts = self.inbound if direction is Direction.INBOUND else self.outbound
        row = counts.get(connection.id)
        return HeldView(count=row["held"], oldest=row["oldest"]) if row else HeldView()

    def resuming(self, connection: Connection, direction: Direction) -> ResumingView | None:
        if connection.state_of(direction) is not AdminState.RESUMING:
            return None
        if direction is Direction.INBOUND:
            row = self.inbound.get(connection.id)
            return ResumingView(left=row["released"] if row else 0, per_second=None)
        row = self.outbound.get(connection.id)
        since = (self.now - connection.outbound_since).total_seconds()
        return ResumingView(left=row["untried"] if row else 0, per_second=ramp(since))


def _row(
    connection: Connection, system: System, names: dict[str, str], work: _Work
) -> ConnectionView:
    grants = Grants.from_text(connection.grants)
    return ConnectionView(
        code=connection.code,
        name=connection.name,
        system=SystemView(
            code=system.code,
            name=system.name,
            owner_agency=system.owner_agency,
            owner_agency_name=names.get(system.owner_agency),
            owner_email=system.owner_email,
        ),
        client_id=connection.client_id,
        regimes=list(grants.regimes) if grants.regimes is not None else None,
        agencies=list(grants.agencies) if grants.agencies is not None else None,
        while_suspended=connection.while_suspended,
        is_essential=connection.is_essential,
        epoch=connection.epoch,
        directions={
            direction.value: _direction(connection, direction, work)
            for direction in connection.directions
        },
        webhook=WebhookView(url=connection.webhook_url, events=connection.webhook_events)
        if connection.webhook_url
        else None,
        last_received_at=work.last[connection.id]["received_at"],
        last_sent_at=work.last[connection.id]["sent_at"],
        recent=work.recent[connection.id],
    )


def _direction(connection: Connection, direction: Direction, work: _Work) -> DirectionView:
    state = connection.state_of(direction)
    if state is None:
        raise LookupError(direction)
    row = work.outbound.get(connection.id) if direction is Direction.OUTBOUND else None
    return DirectionView(
        admin_state=state,
        breaker_state=work.breakers[connection.id, direction],
        epoch=connection.epoch,
        wanted=WANTED.get(state, state),
        observed=ObservedView(
            replicas=len(work.alive),
            confirmed=confirmed(work.alive, connection.code, connection.epoch),
            in_flight=row["in_flight"] if row else 0,
        ),
        held=work.held(connection, direction),
        waiting=row["waiting"] if row else 0,
        resuming=work.resuming(connection, direction),
    )
