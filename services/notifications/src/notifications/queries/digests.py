"""Reads of what waits for the digests of people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from notifications.domain.digests import DigestLine
from notifications.queries.mails import Backlog
from notifications.queries.preferences import Reachable, quiet_hours_of

DUE = """
SELECT line.account_id, account.email, p.account_id IS NOT NULL AS has_chosen,
       p.quiet_from, p.quiet_to,
       jsonb_agg(jsonb_build_object(
           'subject', line.subject, 'body', line.body, 'link', line.link) ORDER BY line.id)::text
           AS lines
FROM digest_lines AS line
JOIN known_accounts AS account ON account.id = line.account_id AND account.email IS NOT NULL
LEFT JOIN preferences AS p ON p.account_id = line.account_id
WHERE line.told_at < $1
  AND NOT EXISTS (SELECT FROM digests AS had
                  WHERE had.account_id = line.account_id AND had.digest_on = $2)
GROUP BY line.account_id, account.email, p.account_id
"""


@dataclass(frozen=True)
class DigestDue(Reachable):
    """What a person was told since the last digest, the earliest first."""

    lines: list[dict[str, Any]]


async def digests_due(session: AsyncSession, *, closed_at: datetime) -> list[DigestDue]:
    """Return the digests of the day of ``closed_at`` that have not been made."""
    raw = await raw_connection(session)
    return [
        DigestDue(row["account_id"], row["email"], quiet_hours_of(row), orjson.loads(row["lines"]))
        for row in await raw.fetch(DUE, closed_at, closed_at.date())
    ]


async def backlog(session: AsyncSession) -> Backlog:
    """Count what waits for digests, and since when the oldest does."""
    statement = select(func.count(), func.min(col(DigestLine.told_at)))
    count, oldest = (await session.exec(statement)).one()
    return Backlog(count, oldest)
