"""Sending anew what went out already, one or a range, and trying the way with a test event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.identifiers import new_id
from connector_gateway.commands import ledger
from connector_gateway.commands.admissions import suspended
from connector_gateway.commands.subscriptions import outbound_for_update
from connector_gateway.domain.connections import STOPPED
from connector_gateway.domain.dispatches import TEST, Dispatch, DispatchState
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.dispatches import DispatchUnknown, RangeTooLarge
from connector_gateway.queries import delivery_log
from connector_gateway.queries.delivery_log import Wanted
from contracts.connector_gateway.v1 import Direction

MOST = 10_000
"""Dispatches that one act may send anew."""
AGAIN = """
UPDATE dispatches SET state = $6, attempts_before = attempts, next_attempt_at = $7,
    held_at = CASE WHEN $6 = 'held' THEN $7::timestamptz END,
    finished_at = NULL, released_at = NULL, reason = NULL
WHERE connection_id = $1 AND created_at >= $2 AND created_at < $3
  AND state IN ('delivered', 'failed')
  AND CASE WHEN $4::text IS NULL THEN event_type <> $5 ELSE event_type = $4 END
"""


@dataclass(frozen=True)
class Redelivered:
    """How many go out again, and whether they wait or are held by a suspension."""

    count: int
    state: DispatchState


async def redeliver(
    session: AsyncSession, code: str, dispatch_id: UUID, by: Person, *, now: datetime
) -> Dispatch:
    """Send one dispatch anew with the same webhook id; held while suspended (Điều 8).

    One that waits for its next try is tried now. Raises ``DispatchUnderWay``.
    """
    connection = await outbound_for_update(session, code)
    row = await delivery_log.dispatch_of(session, code, dispatch_id, for_update=True)
    if row is None:
        raise DispatchUnknown(connection=code, dispatch=dispatch_id)
    row.redeliver(is_stopped=connection.outbound_state in STOPPED, now=now)
    facts: Facts = {"dispatch": str(row.id), "count": 1, "by": by.subject}
    await ledger.record(session, code, [(Kind.DISPATCHES_REDELIVERED, facts)], at=now)
    return row


async def redeliver_range(
    session: AsyncSession, code: str, wanted: Wanted, by: Person, *, now: datetime
) -> Redelivered:
    """Send anew what was delivered or has failed of a range, oldest first per key."""
    connection = await outbound_for_update(session, code)
    count = await delivery_log.count_in_range(session, connection.id, wanted)
    if count > MOST:
        raise RangeTooLarge(count=count, most=MOST)
    is_stopped = connection.outbound_state in STOPPED
    state = DispatchState.HELD if is_stopped else DispatchState.WAITING
    begins, ends, kind = wanted.begins, wanted.ends, wanted.event_type
    raw = await raw_connection(session)
    await raw.execute(AGAIN, connection.id, begins, ends, kind, TEST, state.value, now)
    facts: Facts = {
        "from": begins.isoformat() if begins else None,
        "to": ends.isoformat() if ends else None,
        "type": kind,
        "count": count,
        "by": by.subject,
    }
    await ledger.record(session, code, [(Kind.DISPATCHES_REDELIVERED, facts)], at=now)
    return Redelivered(count, state)


async def dispatch_test(session: AsyncSession, code: str, by: Person, *, now: datetime) -> Dispatch:
    """Send a test event, once, beside every order of keys; raises ``Suspended``."""
    connection = await outbound_for_update(session, code)
    if connection.outbound_state in STOPPED:
        epoch, directions = connection.epoch, [Direction.OUTBOUND]
        raise await suspended(session, connection.id, code, directions, epoch=epoch, now=now)
    id = new_id()
    said = {"type": TEST, "timestamp": now.isoformat(), "data": {"connection": code}}
    row = Dispatch(
        id=id,
        connection_id=connection.id,
        event_id=str(id),
        event_type=TEST,
        key=str(id),
        payload=orjson.dumps(said),
        subscription_version=connection.subscription_version,
        state=DispatchState.WAITING,
        created_at=now,
        next_attempt_at=now,
    )
    session.add(row)
    facts: Facts = {"dispatch": str(id), "by": by.subject}
    await ledger.record(session, code, [(Kind.TEST_DISPATCHED, facts)], at=now)
    return row
