"""Reads of what is held: how much of each connection, since when, what a decision would do."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.dispatches import RAMP, ramp_seconds
from connector_gateway.domain.held import Backlog, Bound, Held, HeldChoice, Room
from connector_gateway.queries import LocalMoment, View
from contracts.connector_gateway.v1 import Direction

TOTALS = """
SELECT connection_id, deliveries, bytes FROM held_totals WHERE connection_id = ANY($1::uuid[])
"""
BACKLOGS = """
SELECT c.code, 'inbound' AS direction, coalesce(t.deliveries, 0) AS count,
       coalesce(t.bytes, 0) AS bytes,
       (SELECT received_at FROM held_deliveries AS h WHERE h.connection_id = c.id
        ORDER BY receipt_id LIMIT 1) AS oldest
FROM connections AS c LEFT JOIN held_totals AS t ON t.connection_id = c.id
WHERE c.inbound_state IS NOT NULL
UNION ALL
SELECT c.code, 'outbound', count(d.id), 0, min(d.held_at)
FROM connections AS c
LEFT JOIN dispatches AS d ON d.connection_id = c.id AND d.state = 'held'
WHERE c.outbound_state IS NOT NULL GROUP BY c.code
"""

FREED = """
SELECT t.connection_id, c.code, t.direction FROM stops AS t
JOIN connections AS c ON c.id = t.connection_id
WHERE t.suspension_id = $1 AND t.ended_at IS NULL
  AND CASE t.direction WHEN 'inbound' THEN c.inbound_state ELSE c.outbound_state END <> 'REVOKED'
  AND NOT EXISTS (SELECT FROM stops AS e
                  WHERE e.connection_id = t.connection_id AND e.direction = t.direction
                    AND e.suspension_id <> $1 AND e.ended_at IS NULL)
ORDER BY c.code, t.direction
"""
# Of deliveries each counts as the latest of its key: a later one changes only what it names.
HELD_INBOUND = """
SELECT connection_id, count(*) AS count, count(*) AS keys,
       count(*) FILTER (WHERE received_at < $2 OR received_at > $3) AS outside,
       min(received_at) AS oldest
FROM held_deliveries WHERE connection_id = ANY($1::uuid[]) AND NOT is_released
GROUP BY connection_id
"""
HELD_OUTBOUND = """
SELECT connection_id, count(*) AS count, count(DISTINCT key) AS keys,
       count(*) FILTER (WHERE created_at < $2 OR created_at > $3) AS outside,
       min(held_at) AS oldest
FROM dispatches WHERE connection_id = ANY($1::uuid[]) AND state = 'held'
GROUP BY connection_id
"""


HELD = {Direction.INBOUND: HELD_INBOUND, Direction.OUTBOUND: HELD_OUTBOUND}


class FateView(View):
    """What a decision would do to what is held of one direction of a connection."""

    connection: str
    direction: Direction
    held: int
    oldest: LocalMoment | None
    released: int
    superseded: int
    """Passed over because a later one of the same key goes on."""
    discarded: int
    seconds: int | None
    """In how many all that goes on has started, at the soonest; None where nothing slows it."""


class PaceView(View):
    """From so many seconds after the lift on, so many dispatches of a connection may start."""

    begins: int
    per_second: int


class LiftPreviewView(View):
    """What lifting an order with this decision would set going, all in all and by connection.

    Directions that another order keeps stopped are not among them: their rows stay held.
    `ramp` is the pace at which what was held goes out; deliveries go on at once.
    """

    held: int
    oldest: LocalMoment | None
    released: int
    superseded: int
    discarded: int
    directions: list[FateView]
    ramp: list[PaceView]


async def preview(
    session: AsyncSession, suspension_id: UUID, choice: HeldChoice, *, now: datetime
) -> LiftPreviewView:
    """Return what lifting an order with ``choice`` would do; it changes nothing."""
    raw = await raw_connection(session)
    freed = await raw.fetch(FREED, suspension_id)
    begins, ends = choice.span(now=now) or (now, now)
    found: dict[tuple[UUID, str], Held] = {}
    for direction, query in HELD.items():
        ids = [row["connection_id"] for row in freed if row["direction"] == direction]
        for row in await raw.fetch(query, ids, begins, ends):
            held = Held(row["count"], row["keys"], row["outside"], row["oldest"])
            found[row["connection_id"], direction] = held
    views = [
        _fate(row, found.get((row["connection_id"], row["direction"]), Held()), choice)
        for row in freed
    ]
    return LiftPreviewView(
        held=sum(view.held for view in views),
        oldest=min((view.oldest for view in views if view.oldest), default=None),
        released=sum(view.released for view in views),
        superseded=sum(view.superseded for view in views),
        discarded=sum(view.discarded for view in views),
        directions=views,
        ramp=[PaceView(begins=begins, per_second=rate) for begins, rate in RAMP],
    )


def _fate(row: Any, held: Held, choice: HeldChoice) -> FateView:
    fate = choice.fate(held)
    return FateView(
        connection=row["code"],
        direction=row["direction"],
        held=held.count,
        oldest=held.oldest_at,
        released=fate.released,
        superseded=fate.superseded,
        discarded=fate.discarded,
        seconds=ramp_seconds(fate.released) if row["direction"] == Direction.OUTBOUND else None,
    )


async def rooms(session: AsyncSession, ids: Collection[UUID], bound: Bound) -> dict[UUID, Room]:
    """Return what is left of the quarantine of connections whose fences are held."""
    raw = await raw_connection(session)
    held = {
        row["connection_id"]: Backlog(row["deliveries"], row["bytes"])
        for row in await raw.fetch(TOTALS, list(ids))
    }
    return {id: Room(bound, held.get(id, Backlog())) for id in ids}


async def backlogs(session: AsyncSession) -> dict[tuple[str, Direction], Backlog]:
    """Return what is held of every connection, by code and direction."""
    raw = await raw_connection(session)
    return {
        (row["code"], Direction(row["direction"])): Backlog(
            row["count"], row["bytes"], row["oldest"]
        )
        for row in await raw.fetch(BACKLOGS)
    }
