"""Writing down how tries ended, many in one transaction: state, log, breaker, acknowledgement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.ledger import Entry
from connector_gateway.domain.breakers import Breaker
from connector_gateway.domain.connections import STARTING, Connection
from connector_gateway.domain.dispatches import LOG, LOG_DETAIL, Answer, Dispatch, DispatchState
from connector_gateway.domain.ledger import Kind
from connector_gateway.queries import dispatches as queries
from contracts.connector_gateway.v1 import DeliveryAcknowledged
from contracts.submissions.v1 import ConsolidationForwarded

LOG_ENDS = """
UPDATE attempts AS a SET ended_at = $1, status = e.status, problem = e.problem, url = e.url,
    subscription_version = e.version, kid = e.kid, duration_ms = e.duration_ms,
    request_headers = e.request_headers::jsonb, answer_headers = e.answer_headers::jsonb,
    answer_body = e.answer_body
FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::text[], $7::int[], $8::text[],
            $9::int[], $10::text[], $11::text[], $12::bytea[])
    AS e(dispatch_id, number, status, problem, url, version, kid, duration_ms,
         request_headers, answer_headers, answer_body)
WHERE a.dispatch_id = e.dispatch_id AND a.number = e.number
"""
AT_ONCE = 10_000
"""Entries of the log that one transaction trims."""
FORGET_DETAIL = """
UPDATE attempts SET request_headers = NULL, answer_headers = NULL, answer_body = NULL
WHERE (dispatch_id, number) IN (
    SELECT dispatch_id, number FROM attempts
    WHERE began_at < $1 AND request_headers IS NOT NULL ORDER BY began_at LIMIT $2)
"""
FORGET = """
DELETE FROM attempts WHERE (dispatch_id, number) IN (
    SELECT a.dispatch_id, a.number FROM attempts AS a JOIN dispatches AS d ON d.id = a.dispatch_id
    WHERE a.began_at < $1 AND d.finished_at < $1 ORDER BY a.began_at LIMIT $2)
"""


@dataclass(frozen=True)
class Ending:
    """The end of a try."""

    parcel: Parcel
    answer: Answer

    @property
    def lane(self) -> str:
        """Return the connection, whose row is locked to write it down."""
        return self.parcel.connection

    @property
    def size(self) -> int:
        """Return its weight in bytes."""
        return len(self.answer.body) + 1000


async def settle(
    session: AsyncSession, endings: Sequence[Ending], *, waits: bool, now: datetime
) -> list[bool | None]:
    """Write down how tries ended; acknowledgements are told to submissions and the ledger.

    None is the answer to those of a connection whose row somebody else holds, unless it ``waits``.
    """
    codes = {ending.parcel.connection for ending in endings}
    connections = await queries.connections_to_settle(session, codes, waits=waits)
    mine = [ending for ending in endings if ending.parcel.connection in connections]
    if mine:
        await _log(session, mine, now=now)
        ids = [connection.id for connection in connections.values()]
        breakers = await queries.breakers_for_update(session, ids)
        rows = await queries.dispatches_for_update(session, [one.parcel.dispatch for one in mine])
        taken: dict[str, list[Dispatch]] = defaultdict(list)
        for ending in mine:
            connection = connections[ending.parcel.connection]
            _judge(breakers[connection.id], ending.answer, now=now)
            row = rows[ending.parcel.dispatch]
            if _end(connection, row, ending, now=now):
                taken[connection.code].append(row)
        await _acknowledge(session, connections, taken, now=now)
    return [waits or ending.parcel.connection in connections or None for ending in endings]


def _judge(breaker: Breaker, answer: Answer, *, now: datetime) -> None:
    if answer.was_cut_off:
        return
    if answer.is_acknowledged:
        breaker.record_success()
    else:
        breaker.record_failure(now=now)


def _end(connection: Connection, row: Dispatch, ending: Ending, *, now: datetime) -> bool:
    """Settle a dispatch; return whether the receiver has it."""
    is_ours = row.state is DispatchState.SENDING and row.attempts == ending.parcel.number
    if not is_ours:
        return False  # the claim had run out, and somebody else has the row
    is_stopped = connection.outbound_state not in STARTING
    row.settle(ending.answer, is_stopped=is_stopped, now=now)
    return ending.answer.is_acknowledged


async def _log(session: AsyncSession, endings: Sequence[Ending], *, now: datetime) -> None:
    raw = await raw_connection(session)
    parcels = [ending.parcel for ending in endings]
    answers = [ending.answer for ending in endings]
    await raw.execute(
        LOG_ENDS,
        now,
        [one.dispatch for one in parcels],
        [one.number for one in parcels],
        [one.status for one in answers],
        [one.problem for one in answers],
        [one.url for one in parcels],
        [one.subscription_version for one in parcels],
        [one.kid for one in answers],
        [one.duration_ms for one in answers],
        [orjson.dumps(dict(one.request_headers)).decode() for one in answers],
        [orjson.dumps(dict(one.headers)).decode() for one in answers],
        [one.body for one in answers],
    )


async def _acknowledge(
    session: AsyncSession,
    connections: Mapping[str, Connection],
    taken: Mapping[str, Sequence[Dispatch]],
    *,
    now: datetime,
) -> None:
    for code, rows in taken.items():
        entries: list[Entry] = [
            (
                Kind.DISPATCH_ACKNOWLEDGED,
                {
                    "dispatch": str(row.id),
                    "event": row.event_id,
                    "key": row.key,
                    "epoch": row.epoch,
                },
            )
            for row in rows
        ]
        await ledger.record(session, connections[code].code, entries, at=now)
        for row in rows:
            if row.event_type == ConsolidationForwarded.type:
                publish(
                    session,
                    DeliveryAcknowledged(
                        consolidation_id=UUID(row.key),
                        connection=code,
                        dispatch_id=row.id,
                        acknowledged_at=now,
                    ),
                    traceparent=row.traceparent,
                )


async def trim_log(session: AsyncSession, *, now: datetime) -> None:
    """Forget headers and bodies after ``LOG_DETAIL``, tries of finished dispatches after ``LOG``.

    That a dispatch was acknowledged stays in the ledger.
    """
    raw = await raw_connection(session)
    await raw.execute(FORGET_DETAIL, now - LOG_DETAIL, AT_ONCE)
    await raw.execute(FORGET, now - LOG, AT_ONCE)
