"""Reads of what units owe."""

from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection

DUE_DAYS = """
SELECT DISTINCT (due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS due_on
FROM known_duties WHERE is_open AND due_at >= $1 AND due_at < $2
"""


async def due_days(session: AsyncSession, earliest: datetime, latest: datetime) -> list[date]:
    """Return the days on which reports are due that were not sent."""
    raw = await raw_connection(session)
    return [row["due_on"] for row in await raw.fetch(DUE_DAYS, earliest, latest)]
