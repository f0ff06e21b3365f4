"""Counting, for the detectors, what happens to connections: small counters, one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.errors import Refusal
from chassis.identifiers import first_id_of
from connector_gateway.domain.detectors import BEGINNING, SPANS, UNTIMELY, Tally
from connector_gateway.domain.norms import norms_on
from connector_gateway.domain.pushes import Answer, Fence, Push
from connector_gateway.domain.receipts import Completion, ReceiptState
from connector_gateway.errors.policies import SignatureInvalid

ADD = """
INSERT INTO tallies (kind, connection_id, began_at, count, detail)
SELECT $1, t.id, date_bin($2, $3, $4), t.count, $7
FROM unnest($5::uuid[], $6::bigint[]) AS t(id, count)
ON CONFLICT (kind, connection_id, began_at) DO UPDATE
SET count = tallies.count + excluded.count, detail = coalesce(excluded.detail, tallies.detail)
"""
SETTLED = timedelta(seconds=10)
"""After which nothing is committed any more with an earlier moment."""
COUNT_FROM = "INSERT INTO tallied_until (id, moment) VALUES (true, $1) ON CONFLICT DO NOTHING"
COUNTED_UNTIL = "SELECT moment FROM tallied_until FOR UPDATE"
# By the index that lists receipts: ids are made in the order of time (uuid7).
COUNT = """
WITH arrived AS (
    SELECT c.id, date_bin($4, r.received_at, $3) AS minute, date_bin($5, r.received_at, $3) AS hour
    FROM connections AS c CROSS JOIN LATERAL (
        SELECT received_at FROM receipts
        WHERE connection_id = c.id AND id >= $1 AND id < $2) AS r
)
INSERT INTO tallies (kind, connection_id, began_at, count)
SELECT 'arrived', id, minute, count(*) FROM arrived GROUP BY id, minute
UNION ALL SELECT 'received', id, hour, count(*) FROM arrived GROUP BY id, hour
ON CONFLICT (kind, connection_id, began_at) DO UPDATE SET count = tallies.count + excluded.count
"""
COUNT_REFUSED = """
INSERT INTO tallies (kind, connection_id, began_at, count)
SELECT 'refused', connection_id, date_bin($2, received_at, $3), count(*)
FROM receipts WHERE id = ANY($1::uuid[]) GROUP BY 2, 3
ON CONFLICT (kind, connection_id, began_at) DO UPDATE SET count = tallies.count + excluded.count
"""
MOVE_ON = "UPDATE tallied_until SET moment = $1"
FORGET = """
DELETE FROM tallies WHERE began_at < CASE WHEN kind = 'received' THEN $2::timestamptz ELSE $1 END
"""


@dataclass(frozen=True)
class Seen:
    """How often something happened to each connection, and what was seen last."""

    kind: Tally
    times: Mapping[UUID, int]
    detail: str | None = None


async def add(session: AsyncSession, seen: Seen, *, now: datetime) -> None:
    """Count what was seen; connections in one order, so that two writers cannot block."""
    raw = await raw_connection(session)
    ids = sorted(seen.times)
    await raw.execute(
        ADD,
        seen.kind.value,
        SPANS[seen.kind],
        now,
        BEGINNING,
        ids,
        [seen.times[one] for one in ids],
        seen.detail,
    )


async def add_turned_down(
    session: AsyncSession,
    fences: Mapping[str, Fence],
    pushes: Sequence[Push],
    answers: Sequence[Answer | None],
    *,
    now: datetime,
) -> None:
    """Count the pushes refused for their form or signature; good ones cost no statement."""
    for push, answer in zip(pushes, answers, strict=True):
        if isinstance(answer, SignatureInvalid):
            kind = Tally.BAD_SIGNATURE
        elif isinstance(answer, Refusal) and answer is push.offered:
            kind = Tally.UNREADABLE
        else:
            continue
        seen = Seen(kind, {fences[push.connection].id: 1}, push.source)
        await add(session, seen, now=now)


async def add_refused(session: AsyncSession, completions: Sequence[Completion]) -> None:
    """Count the deliveries that submissions refused for what they say; others cost nothing."""
    refused = [
        one.receipt
        for one in completions
        if one.state is ReceiptState.REFUSED and not _is_untimely(one)
    ]
    if refused:
        raw = await raw_connection(session)
        await raw.execute(COUNT_REFUSED, refused, SPANS[Tally.REFUSED], BEGINNING)


def _is_untimely(refused: Completion) -> bool:
    problem = orjson.loads(refused.result).get("problem") or {}
    return problem.get("type") in UNTIMELY


async def count_arrivals(session: AsyncSession, *, now: datetime) -> None:
    """Count receipts since the last time, each once.

    Who counts holds the one row that says how far it has come; another worker waits and finds
    nothing left.
    """
    raw = await raw_connection(session)
    until = now - SETTLED
    await raw.execute(COUNT_FROM, until)
    since = await raw.fetchval(COUNTED_UNTIL)
    if until <= since:
        return
    minute, hour = SPANS[Tally.ARRIVED], SPANS[Tally.RECEIVED]
    await raw.execute(COUNT, first_id_of(since), first_id_of(until), BEGINNING, minute, hour)
    await raw.execute(MOVE_ON, until)


async def forget(session: AsyncSession, *, now: datetime) -> None:
    """Forget counters that no window reaches any more."""
    days = norms_on(now.date()).volume_days + 1
    raw = await raw_connection(session)
    await raw.execute(FORGET, now - timedelta(days=1), now - timedelta(days=days))
