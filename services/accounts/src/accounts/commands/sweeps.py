"""Forgetting what no longer protects anybody: spent tokens of ended sessions, old failures."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts.domain.norms import norms_on
from chassis.database import raw_connection

FORGET_TOKENS = """
DELETE FROM spent_refresh_tokens USING sessions
WHERE sessions.id = session_id AND sessions.started_at < $1
"""
FORGET_FAILURES = "DELETE FROM failures WHERE failed_at < $1"


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Forget refresh tokens of sessions past their longest life, and failures of yesterday.

    Sessions themselves stay: they tell who was signed in when.
    """
    longest = timedelta(hours=norms_on(now.date()).session_hours)
    connection = await raw_connection(session)
    await connection.execute(FORGET_TOKENS, now - longest)
    await connection.execute(FORGET_FAILURES, now - timedelta(days=1))
