"""Reads of what a probe looks at: what an order stops, and the credentials of a connection."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.connector_gateway.v1 import Direction

STOPPED = """
SELECT t.connection_id, c.code, t.direction, c.epoch, c.webhook_url,
       count(k.id) AS credentials,
       CASE WHEN bool_or(k.id IS NOT NULL AND k.valid_to IS NULL) THEN NULL
            ELSE max(k.valid_to) END AS valid_until
FROM stops AS t JOIN connections AS c ON c.id = t.connection_id
LEFT JOIN credentials AS k ON k.connection_id = c.id AND k.valid_from <= $2
      AND (k.valid_to IS NULL OR k.valid_to > $2)
WHERE t.suspension_id = $1 AND t.ended_at IS NULL
GROUP BY t.connection_id, c.code, t.direction, c.epoch, c.webhook_url
ORDER BY c.code, t.direction
"""


@dataclass(frozen=True)
class Stopped:
    """One direction that an order stops, as far as a probe needs it."""

    connection_id: UUID
    code: str
    direction: Direction
    epoch: int
    webhook_url: str | None
    credentials: int
    """How many are valid now."""
    valid_until: datetime | None
    """Until when the last of them is; None: without an end, or there is none."""


async def stopped_by(session: AsyncSession, suspension_id: UUID, *, now: datetime) -> list[Stopped]:
    """Return the directions that an order stops."""
    raw = await raw_connection(session)
    return [
        Stopped(
            row["connection_id"],
            row["code"],
            Direction(row["direction"]),
            row["epoch"],
            row["webhook_url"],
            row["credentials"],
            row["valid_until"],
        )
        for row in await raw.fetch(STOPPED, suspension_id, now)
    ]
