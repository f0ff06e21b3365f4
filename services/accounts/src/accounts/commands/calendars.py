"""Keeping the working days that catalog publishes, for the clock of written requests."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.known import KnownCalendar
from accounts.domain.requests import due_at
from contracts.catalog.v1 import CalendarChanged


async def learn_calendar(session: AsyncSession, event: CalendarChanged) -> None:
    """Keep the days off of a year; requests that came before any calendar get their due time."""
    days = [day.isoformat() for day in event.days_off]
    statement = insert(KnownCalendar).values(year=event.year, days_off=days)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["year"], set_={"days_off": days})
    )
    calendar = await queries.calendar(session)
    for request in await queries.requests_without_due_time(session):
        request.due_at = due_at(request.received_at, calendar)
