"""Reads of outbound work: what may start, what is in flight, what a try belongs to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import any_, literal
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database, raw_connection
from connector_gateway.domain.breakers import Breaker, BreakerState
from connector_gateway.domain.connections import AdminState, Connection
from connector_gateway.domain.dispatches import ALIVE, HEAD_START, Dispatch, DispatchState
from connector_gateway.domain.ledger import Head
from connector_gateway.domain.outlets import ClaimFence, EndingFence
from contracts.connector_gateway.v1 import Direction

WITH_WORK = """
SELECT array_agg(c.code) FROM connections AS c
WHERE c.outbound_state = ANY($2::text[]) AND EXISTS (
    SELECT FROM dispatches AS d
    WHERE d.connection_id = c.id AND d.state = 'waiting'
      AND d.next_attempt_at <= CASE WHEN c.code = ANY($3::text[]) THEN $4::timestamptz ELSE $1 END)
"""
# The row's lock is the fence (decisions/0005, 0025): the state read here is true until the commit.
FENCE_OF_CLAIM = "SELECT * FROM fence_of_claim((sharing_turns(ARRAY[$1::text], true))[1], $2)"
FENCES_OF_ENDINGS = "SELECT * FROM fences_of_endings(sharing_turns($1, $2), $2)"
UNTRIED = """
SELECT EXISTS (SELECT FROM dispatches AS d WHERE d.connection_id = $1
    AND d.state IN ('waiting', 'sending') AND d.released_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM attempts AS a
                    WHERE a.dispatch_id = d.id AND a.began_at >= d.released_at))
"""
STOPPED = """
SELECT array_agg(code) FROM connections WHERE code = ANY($1::text[])
AND outbound_state IN ('SUSPENDED', 'REVOKED')
"""
EPOCHS = "SELECT code, epoch FROM connections"
REPLICAS = "SELECT id FROM presence.replicas WHERE seen_at > $1"


async def connections_with_work(
    database: Database, states: Sequence[AdminState], now: datetime, *, elsewhere: Sequence[str]
) -> list[str]:
    """Return the connections that have something due, as a glance outside any transaction.

    Those whose home is ``elsewhere`` count only when that has had its ``HEAD_START``.
    """
    return (
        await database.read_one(WITH_WORK, now, list(states), list(elsewhere), now - HEAD_START)
        or []
    )


async def fence_of_claim(session: AsyncSession, code: str, now: datetime) -> ClaimFence | None:
    """Return what a claim of an outbound connection meets, sharing the key of its row."""
    raw = await raw_connection(session)
    row = await raw.fetchrow(FENCE_OF_CLAIM, code, now - timedelta(seconds=1))
    if row is None:
        return None
    return ClaimFence(
        id=row["id"],
        state=AdminState(row["outbound_state"]),
        since=row["outbound_since"],
        epoch=row["epoch"],
        url=row["webhook_url"],
        subscription_version=row["subscription_version"],
        breaker=Breaker(
            connection_id=row["id"],
            direction=Direction.OUTBOUND,
            state=BreakerState(row["breaker_state"]),
            retry_at=row["retry_at"],
        ),
        started=row["started"],
    )


async def fences_of_endings(
    session: AsyncSession, codes: Sequence[str], *, waits: bool
) -> dict[str, EndingFence]:
    """Lock the rows of connections in one order; held ones are left out unless it ``waits``."""
    raw = await raw_connection(session)
    return {
        row["code"]: EndingFence(
            id=row["id"],
            state=AdminState(row["outbound_state"]),
            breaker=Breaker(
                connection_id=row["id"],
                direction=Direction.OUTBOUND,
                state=BreakerState(row["breaker_state"]),
                consecutive_failures=row["consecutive_failures"],
            ),
            head=Head(row["head_index"], row["head_hash"], row["head_at"])
            if row["head_index"]
            else Head(),
        )
        for row in await raw.fetch(FENCES_OF_ENDINGS, codes, waits)
    }


async def subscribed(
    session: AsyncSession, event_type: str, *, owner_of: str | None
) -> list[Connection]:
    """Return the outbound connections that take ``event_type``, sharing their keys.

    With ``owner_of`` only those of the same system as that connection.
    """
    found = (
        select(Connection)
        .where(
            col(Connection.outbound_state).is_not(None),
            Connection.outbound_state != AdminState.REVOKED,
            literal(event_type) == any_(col(Connection.webhook_events)),
        )
        .order_by(Connection.code)
    )
    if owner_of:
        other = select(Connection.system_id).where(Connection.code == owner_of)
        found = found.where(col(Connection.system_id).in_(other))
    locked = found.with_for_update(key_share=True, read=True).execution_options(
        populate_existing=True
    )
    return list(await session.exec(locked))


async def breaker_for_update(session: AsyncSession, connection_id: UUID) -> Breaker:
    """Return the breaker of a connection's outbound direction, its row locked."""
    return (await breakers_for_update(session, [connection_id]))[connection_id]


async def breakers_for_update(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Breaker]:
    """Return the breakers of outbound directions by connection, their rows locked."""
    found = await session.exec(
        select(Breaker)
        .where(col(Breaker.connection_id).in_(ids), Breaker.direction == Direction.OUTBOUND)
        .order_by(col(Breaker.connection_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {breaker.connection_id: breaker for breaker in found}


async def has_untried(session: AsyncSession, connection_id: UUID) -> bool:
    """Say whether something released by the last lift has not been tried yet."""
    raw = await raw_connection(session)
    return bool(await raw.fetchval(UNTRIED, connection_id))


async def dispatch_for_update(session: AsyncSession, dispatch_id: UUID) -> Dispatch:
    """Return a dispatch, its row locked."""
    return await session.get_one(
        Dispatch, dispatch_id, with_for_update=True, populate_existing=True
    )


async def dispatches_for_update(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Dispatch]:
    """Return dispatches by id, their rows locked."""
    found = await session.exec(
        select(Dispatch)
        .where(col(Dispatch.id).in_(ids))
        .order_by(col(Dispatch.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {dispatch.id: dispatch for dispatch in found}


async def abandoned(session: AsyncSession, now: datetime) -> Sequence[tuple[UUID, str]]:
    """Return dispatches whose claim ran out without word, with their connections."""
    found = await session.exec(
        select(Dispatch.id, Connection.code)
        .join(Connection, col(Connection.id) == Dispatch.connection_id)
        .where(Dispatch.state == DispatchState.SENDING, col(Dispatch.claimed_until) < now)
        .limit(500)
    )
    return found.all()


async def in_flight(session: AsyncSession, connection_id: UUID) -> int:
    """Count the dispatches of a connection that are being sent."""
    found = await session.exec(
        select(Dispatch.id).where(
            Dispatch.connection_id == connection_id, Dispatch.state == DispatchState.SENDING
        )
    )
    return len(found.all())


async def stopped(database: Database, codes: Sequence[str]) -> Sequence[str]:
    """Return those of ``codes`` whose outbound direction must not send any more, at a glance."""
    return await database.read_one(STOPPED, list(codes)) or []


async def epochs(session: AsyncSession) -> dict[str, int]:
    """Return the epoch of every connection."""
    raw = await raw_connection(session)
    return {row["code"]: row["epoch"] for row in await raw.fetch(EPOCHS)}


async def replicas(session: AsyncSession, now: datetime) -> set[UUID]:
    """Return the replicas that dispatch, as far as they have said so."""
    raw = await raw_connection(session)
    return {row["id"] for row in await raw.fetch(REPLICAS, now - ALIVE)}
