"""Learning what other services own: names of people, agencies and the working-day calendar."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.accounts.v1 import AccountIssued, AgencyOpened
from contracts.catalog.v1 import CalendarChanged

LEARN_ACCOUNT = """
INSERT INTO known_accounts (id, name) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
"""
LEARN_AGENCIES = """
INSERT INTO known_agencies (code, name) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name
"""
LEARN_DAYS = """
INSERT INTO known_calendar_days (day, is_working) SELECT * FROM unnest($1::date[], $2::boolean[])
ON CONFLICT (day) DO UPDATE SET is_working = excluded.is_working
"""


async def learn_account(session: AsyncSession, event: AccountIssued) -> None:
    """Remember how a person is called: what a locked account did keeps its name."""
    raw = await raw_connection(session)
    name = event.display_name or event.username
    await raw.execute(LEARN_ACCOUNT, str(event.account_id), name)


async def learn_agencies(session: AsyncSession, events: Sequence[AgencyOpened]) -> None:
    """Remember agencies by code and name; the last word on a code counts."""
    names = {event.code: event.name for event in events}
    raw = await raw_connection(session)
    await raw.execute(LEARN_AGENCIES, list(names), list(names.values()))


async def learn_calendar(session: AsyncSession, event: CalendarChanged) -> None:
    """Remember which days of a year are worked."""
    first = date(event.year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(event.year + 1, 1, 1) - first).days)]
    off = set(event.days_off)
    raw = await raw_connection(session)
    await raw.execute(LEARN_DAYS, days, [day not in off for day in days])
