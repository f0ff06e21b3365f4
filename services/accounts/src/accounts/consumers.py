"""What accounts listens to: the working-day calendar."""

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts.commands import calendars
from chassis.delivery import Consumers, Envelope
from contracts.catalog.v1 import CalendarChanged

consumers = Consumers(service="accounts")


@consumers.on(CalendarChanged)
async def calendar_changed(session: AsyncSession, event: CalendarChanged, _: Envelope) -> None:
    """Keep the calendar that the clock of written requests runs on (Điều 4.3)."""
    await calendars.learn_calendar(session, event)
