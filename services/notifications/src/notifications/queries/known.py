"""Reads of what other services said: names, working days."""

from collections.abc import Collection

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.calendar import WorkingCalendar
from notifications.domain.known import KnownAgency, KnownCalendar, KnownRegime
from notifications.domain.messages import Names


async def names(
    session: AsyncSession, *, agencies: Collection[str] = (), regimes: Collection[str] = ()
) -> Names:
    """Return the names of agencies and regimes, as far as they are known."""
    of_agencies = select(KnownAgency).where(col(KnownAgency.code).in_(set(agencies)))
    of_regimes = select(KnownRegime).where(col(KnownRegime.code).in_(set(regimes)))
    return Names(
        {row.code: row.name for row in await session.exec(of_agencies)} if agencies else {},
        {row.code: row.name for row in await session.exec(of_regimes)} if regimes else {},
    )


async def working_calendar(session: AsyncSession) -> WorkingCalendar:
    """Return the calendar as far as catalog has told of it."""
    years = await session.exec(select(KnownCalendar))
    return WorkingCalendar({one.year: frozenset(one.days_off) for one in years})
