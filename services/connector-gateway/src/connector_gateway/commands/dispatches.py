"""Outbound work: rows made from events, claimed under the connection's lock, settled after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.identifiers import new_id
from connector_gateway.commands import gates
from connector_gateway.domain.connections import (
    STARTING,
    STOPPED,
    AdminState,
    Connection,
    Grants,
)
from connector_gateway.domain.dispatches import (
    DRAIN,
    LEASE,
    Answer,
    Dispatch,
    DispatchState,
    webhook_id_of,
)
from connector_gateway.domain.documents import documents_of
from connector_gateway.domain.subscriptions import Interest, Offer, offer_of
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import dispatches as queries
from contracts.connector_gateway.v1 import Direction
from contracts.event import Event
from contracts.submissions.v1 import ConsolidationForwarded

SEEN = """
INSERT INTO presence.replicas (id, seen_at, epochs) VALUES ($1, $2, $3::text::jsonb)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, epochs = excluded.epochs
"""
# Of one key only the oldest unfinished row may go, so that order is kept over retries. It is asked
# row by row in the order of the index that finds what is due: an end after $3 rows, whatever waits.
# It is the first row from the beginning of its key on, in words that suit one index alone: by an
# equal connection another was chosen while the table was small, and kept while it grew.
START = """
WITH due AS (
    SELECT d.id FROM dispatches AS d
    WHERE d.connection_id = $1 AND d.state = 'waiting' AND d.next_attempt_at <= $2
      AND d.sequence = (
        SELECT e.sequence FROM dispatches AS e
        WHERE (e.connection_id, e.key, e.sequence) >= (d.connection_id, d.key, 0)
          AND e.state IN ('waiting', 'sending', 'held')
        ORDER BY e.connection_id, e.key, e.sequence LIMIT 1)
    ORDER BY d.next_attempt_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED),
started AS (
    UPDATE dispatches AS d
    SET state = 'sending', attempts = attempts + 1, epoch = $4, claimed_until = $5
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.sequence, d.attempts, d.payload, d.traceparent),
noted AS (
    INSERT INTO attempts (dispatch_id, number, epoch, began_at)
    SELECT id, attempts, $4, $2 FROM started)
SELECT id, attempts, payload, traceparent FROM started ORDER BY sequence
"""
FORGET = "DELETE FROM presence.replicas WHERE seen_at < $1"


@dataclass(frozen=True)
class Parcel:
    """A claimed dispatch, ready to be sent outside any lock."""

    dispatch: UUID
    connection: str
    number: int
    epoch: int
    url: str
    webhook_id: str
    payload: bytes
    traceparent: str | None
    subscription_version: int = 1

    def seen_from(self, traceparent: str | None) -> "Parcel":
        """Return the parcel as a part of the span that sends it."""
        return replace(self, traceparent=traceparent)


async def enqueue(
    session: AsyncSession,
    event: Event,
    *,
    event_id: str,
    traceparent: str | None,
    now: datetime,
) -> None:
    """Make a work row for every connection that takes this event; held where it is stopped."""
    offer = offer_of(event)
    facts = orjson.loads(event.to_bytes())
    for connection in await queries.subscribed(session, offer.type, owner_of=offer.owner_of):
        if not _takes(connection, offer):
            continue
        is_stopped = connection.outbound_state in STOPPED
        id = new_id()
        session.add(
            Dispatch(
                id=id,
                connection_id=connection.id,
                event_id=event_id,
                event_type=offer.type,
                key=offer.key,
                payload=_payload(offer, facts, connection.code, id, now=now),
                subscription_version=connection.subscription_version,
                traceparent=traceparent,
                state=DispatchState.HELD if is_stopped else DispatchState.WAITING,
                created_at=now,
                next_attempt_at=now,
                held_at=now if is_stopped else None,
            )
        )


def _payload(
    offer: Offer, facts: dict[str, Any], connection: str, dispatch: UUID, *, now: datetime
) -> bytes:
    """Return the body that is signed and sent, the same on every try."""
    if offer.type == ConsolidationForwarded.type:
        documents = documents_of(facts, connection=connection, dispatch=dispatch)
        facts = {**facts, "documents": documents}
    at = offer.happened_at or now
    return orjson.dumps({"type": offer.type, "timestamp": at.isoformat(), "data": facts})


def _takes(connection: Connection, offer: Offer) -> bool:
    """Say whether a connection may have what is offered, and wants it."""
    grants = Grants.from_text(connection.grants)
    granted = Interest([offer.type], grants.regimes, grants.agencies)
    wanted = Interest(
        connection.webhook_events, connection.webhook_regimes, connection.webhook_agencies
    )
    return all(
        interest.takes(regime=offer.regime, agency=offer.agency) for interest in (granted, wanted)
    )


async def claim(session: AsyncSession, code: str, *, slots: int, now: datetime) -> list[Parcel]:
    """Claim what may start now of a connection, sharing its key until the commit.

    A suspension waits for this transaction or this one sees it: nothing is claimed after it has
    committed (Điều 8.1; decisions/0005, 0025).
    """
    fence = await queries.fence_of_claim(session, code, now)
    free = fence.places(slots, now=now) if fence else 0
    if fence is None or free <= 0:
        return []
    raw = await raw_connection(session)
    rows = await raw.fetch(START, fence.id, now, free, fence.epoch, now + LEASE)
    if rows and fence.breaker.probes_at(now):
        (await queries.breaker_for_update(session, fence.id)).probe(now=now)
    return [
        Parcel(
            dispatch=row["id"],
            connection=code,
            number=row["attempts"],
            epoch=fence.epoch,
            url=fence.url,
            webhook_id=webhook_id_of(row["id"]),
            payload=row["payload"],
            traceparent=row["traceparent"],
            subscription_version=fence.subscription_version,
        )
        for row in rows
    ]


async def reclaim(session: AsyncSession, dispatch_id: UUID, code: str, *, now: datetime) -> None:
    """Take back a dispatch whose sender was never heard of again; it goes out with the same id."""
    connection = await connection_queries.connection_for_update(session, code)
    dispatch = await queries.dispatch_for_update(session, dispatch_id)
    is_lost = dispatch.claimed_until is not None and dispatch.claimed_until < now
    if connection is None or dispatch.state is not DispatchState.SENDING or not is_lost:
        return
    is_stopped = connection.outbound_state not in STARTING
    dispatch.settle(Answer(problem="sender-lost"), is_stopped=is_stopped, now=now)


async def finish_draining(session: AsyncSession, *, now: datetime) -> None:
    """Suspend what has drained, or has had its time (Điều 8.2: maintenance begins)."""
    for connection in await connection_queries.draining_for_update(session):
        is_over = now - connection.outbound_since >= DRAIN
        if is_over or not await queries.in_flight(session, connection.id):
            await gates.move(
                session, connection, {Direction.OUTBOUND: AdminState.SUSPENDED}, {}, now=now
            )


async def confirm(
    session: AsyncSession, replica: UUID, epochs: Mapping[str, int], *, now: datetime
) -> None:
    """Say that this replica runs and which epochs it acts by."""
    raw = await raw_connection(session)
    await raw.execute(SEEN, replica, now, orjson.dumps(dict(epochs)).decode())
    await raw.execute(FORGET, now - 10 * LEASE)
