"""Writing down how tries ended, many in one transaction: state, log, breaker, acknowledgement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.ledger import Entry
from connector_gateway.domain.dispatches import LOG, LOG_DETAIL, Answer, DispatchState
from connector_gateway.domain.ledger import Kind
from connector_gateway.domain.outlets import EndingFence
from connector_gateway.queries import dispatches as queries
from contracts.connector_gateway.v1 import DeliveryAcknowledged
from contracts.submissions.v1 import ConsolidationForwarded

# Every end is logged; the usual one is written too, for many at once. A claim that had run out
# leaves the row to whoever has it now.
END = """
WITH logged AS (
    UPDATE attempts AS a SET ended_at = $1, status = e.status, problem = e.problem, url = e.url,
        subscription_version = e.version, kid = e.kid, duration_ms = e.duration_ms,
        request_headers = e.request_headers::jsonb, answer_headers = e.answer_headers::jsonb,
        answer_body = e.answer_body
    FROM unnest($2::uuid[], $3::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::text[],
                $10::int[], $11::text[], $12::text[], $13::bytea[])
        AS e(dispatch_id, number, status, problem, url, version, kid, duration_ms,
             request_headers, answer_headers, answer_body)
    WHERE a.dispatch_id = e.dispatch_id AND a.number = e.number)
UPDATE dispatches AS d
SET state = 'delivered', finished_at = $1, claimed_until = NULL, reason = NULL
FROM unnest($2::uuid[], $3::int[], $4::boolean[]) AS e(id, number, is_acknowledged)
WHERE d.id = e.id AND d.attempts = e.number AND d.state = 'sending'
  AND e.is_acknowledged
RETURNING d.id, d.event_id, d.event_type, d.key, d.epoch, d.traceparent
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
    codes = sorted({ending.lane for ending in endings})
    fences = await queries.fences_of_endings(session, codes, waits=waits)
    mine = [ending for ending in endings if ending.lane in fences]
    if mine:
        await _judge(session, mine, fences, now=now)
        rows = await _end(session, mine, now=now)
        await _acknowledge(session, mine, rows, fences, now=now)
        await _put_off(session, mine, fences, now=now)
    return [waits or ending.lane in fences or None for ending in endings]


async def _judge(
    session: AsyncSession,
    endings: Sequence[Ending],
    fences: Mapping[str, EndingFence],
    *,
    now: datetime,
) -> None:
    """Tell the breakers of connections where anything failed, now or before."""
    troubled = {
        ending.lane
        for ending in endings
        if not (ending.answer.is_acknowledged and fences[ending.lane].breaker.is_at_rest)
    }
    if not troubled:
        return
    ids = [fences[code].id for code in troubled]
    breakers = await queries.breakers_for_update(session, ids)
    for ending in endings:
        if ending.lane in troubled and not ending.answer.was_cut_off:
            breaker = breakers[fences[ending.lane].id]
            if ending.answer.is_acknowledged:
                breaker.record_success()
            else:
                breaker.record_failure(now=now)


async def _end(
    session: AsyncSession, endings: Sequence[Ending], *, now: datetime
) -> Sequence[Mapping[str, Any]]:
    """Log how tries ended; return the dispatches that have been delivered by it."""
    raw = await raw_connection(session)
    parcels = [ending.parcel for ending in endings]
    answers = [ending.answer for ending in endings]
    rows: Sequence[Mapping[str, Any]] = await raw.fetch(
        END,
        now,
        [one.dispatch for one in parcels],
        [one.number for one in parcels],
        [one.is_acknowledged for one in answers],
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
    return rows


async def _acknowledge(
    session: AsyncSession,
    endings: Sequence[Ending],
    rows: Sequence[Mapping[str, Any]],
    fences: Mapping[str, EndingFence],
    *,
    now: datetime,
) -> None:
    """Say what receivers have to the ledger and to whoever forwarded it."""
    if not rows:
        return
    codes = {ending.parcel.dispatch: ending.lane for ending in endings}
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in rows:
        code = codes[row["id"]]
        facts = {
            "dispatch": str(row["id"]),
            "event": row["event_id"],
            "key": row["key"],
            "epoch": row["epoch"],
        }
        entries[code].append((Kind.DISPATCH_ACKNOWLEDGED, facts))
        if row["event_type"] == ConsolidationForwarded.type:
            publish(
                session,
                DeliveryAcknowledged(
                    consolidation_id=UUID(row["key"]),
                    connection=code,
                    dispatch_id=row["id"],
                    acknowledged_at=now,
                ),
                traceparent=row["traceparent"],
            )
    heads = {code: fence.head for code, fence in fences.items()}
    await ledger.record_behind(session, heads, entries, at=now)


async def _put_off(
    session: AsyncSession,
    endings: Sequence[Ending],
    fences: Mapping[str, EndingFence],
    *,
    now: datetime,
) -> None:
    """Settle what has to go once more, or has gone often enough."""
    failed = [ending for ending in endings if not ending.answer.is_acknowledged]
    if not failed:
        return
    rows = await queries.dispatches_for_update(session, [one.parcel.dispatch for one in failed])
    for ending in failed:
        row = rows[ending.parcel.dispatch]
        # Where the claim had run out, somebody else has the row.
        if row.state is DispatchState.SENDING and row.attempts == ending.parcel.number:
            row.settle(ending.answer, is_stopped=fences[ending.lane].is_stopped, now=now)


async def trim_log(session: AsyncSession, *, now: datetime) -> None:
    """Forget headers and bodies after ``LOG_DETAIL``, tries of finished dispatches after ``LOG``.

    That a dispatch was acknowledged stays in the ledger.
    """
    raw = await raw_connection(session)
    await raw.execute(FORGET_DETAIL, now - LOG_DETAIL, AT_ONCE)
    await raw.execute(FORGET, now - LOG, AT_ONCE)
