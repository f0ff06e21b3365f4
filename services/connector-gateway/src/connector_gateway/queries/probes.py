"""Reads of what a probe looks at: what an order stops, valid credentials; and what it saw last."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.probes import Finding
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
# Inside a string ``"kind":"`` is escaped: the patterns meet kinds alone (ix_ledger_entries_acts).
LAST_SEEN = """
SELECT DISTINCT ON (chain, entry::json ->> 'direction') chain, at, entry FROM ledger_entries
WHERE chain IN (SELECT c.code FROM stops AS t JOIN connections AS c ON c.id = t.connection_id
                WHERE t.suspension_id = $1::text::uuid)
  AND entry NOT LIKE '%"kind":"delivery-%' AND entry LIKE '%"kind":"connection-probed"%'
  AND entry::json ->> 'suspension' = $1::text
ORDER BY chain, entry::json ->> 'direction', index DESC
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


@dataclass(frozen=True)
class Seen:
    """What was seen of one direction, when, and by whom (the id of an account)."""

    code: str
    finding: Finding
    at: datetime
    by: str


async def last_seen(session: AsyncSession, suspension_id: UUID) -> list[Seen]:
    """Return what the latest probe saw of each direction that the order stops."""
    raw = await raw_connection(session)
    seen = []
    for row in await raw.fetch(LAST_SEEN, str(suspension_id)):
        facts = json.loads(row["entry"])
        seen.append(Seen(row["chain"], Finding.of_facts(facts), row["at"], facts["by"]))
    return seen
