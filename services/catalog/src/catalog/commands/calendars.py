"""Publishing the working days of the years around today."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from catalog import queries
from catalog.domain.calendars import Calendar, Swap, calendar_of, swaps
from chassis.outbox import publish
from contracts.catalog.v1 import CalendarChanged


async def publish_calendars(session: AsyncSession, now: datetime) -> None:
    """Publish last year, this year and next where they are new or have changed.

    A new notice or a newer holiday library arrives with a new version of the service; its first
    run says what changed, and whoever counts working days counts anew.
    """
    await publish_years(session, (now.year - 1, now.year, now.year + 1), swaps(), now=now)


async def publish_years(
    session: AsyncSession, years: Sequence[int], swapped: Sequence[Swap], *, now: datetime
) -> None:
    """Publish the calendars of ``years`` that differ from what was published."""
    for year in years:
        calendar = calendar_of(year, swapped, now=now)
        standing = await queries.published_calendar(session, year)
        if standing and standing.is_same_as(calendar):
            continue
        await session.merge(calendar)
        publish(session, _changed(calendar))


def _changed(calendar: Calendar) -> CalendarChanged:
    return CalendarChanged(
        year=calendar.year,
        days_off=[date.fromisoformat(day) for day in calendar.days_off],
        sources=calendar.sources,
        changed_at=calendar.changed_at,
    )
