"""Reads of owners of stopped systems that have not been heard of."""

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.domain.known import KnownStop
from notifications.queries.mails import Backlog


async def silent_owners(session: AsyncSession) -> Backlog:
    """Count the stops whose owner has not acknowledged, and since when the oldest stands."""
    statement = select(func.count(), func.min(col(KnownStop.effective_at))).where(
        col(KnownStop.acknowledged_at).is_(None), col(KnownStop.ended_at).is_(None)
    )
    count, oldest = (await session.exec(statement)).one()
    return Backlog(count, oldest)
