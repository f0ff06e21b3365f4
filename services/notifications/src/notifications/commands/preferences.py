"""Choosing how one wants to be told."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.domain.preferences import Kind, Preferences, QuietHours, Way


async def prefer(
    session: AsyncSession,
    account_id: UUID,
    ways: dict[Kind, Way],
    quiet: QuietHours | None,
    *,
    now: datetime,
) -> None:
    """Replace what a person has chosen; messages from now on go that way.

    Raises ``QuietHoursEmpty``.
    """
    await session.merge(Preferences.choose(account_id, ways, quiet, now=now))
