"""Learning what other services own: accounts, agencies, regimes, working days."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened
from contracts.catalog.v1 import CalendarChanged, RegimePutInForce
from notifications.domain.digests import DigestLine
from notifications.domain.inboxes import Reading
from notifications.domain.known import KnownAccount, KnownAgency, KnownCalendar, KnownRegime
from notifications.domain.preferences import Preferences


async def learn_account(session: AsyncSession, event: AccountIssued) -> None:
    """Keep whom mail may reach, and since when a person has an account."""
    facts = {
        "issued_at": event.issued_at,
        "email": event.email,
        "agency": event.agency,
        "roles": list(event.roles),
    }
    statement = insert(KnownAccount).values(id=event.account_id, **facts)
    await session.exec(statement.on_conflict_do_update(index_elements=["id"], set_=facts))


async def forget_account(session: AsyncSession, event: AccountLocked) -> None:
    """Forget what a locked account has read, wanted and waits for: no more mail reaches it."""
    account = event.account_id
    await session.exec(delete(Reading).where(col(Reading.account_id) == account))
    await session.exec(delete(DigestLine).where(col(DigestLine.account_id) == account))
    await session.exec(delete(Preferences).where(col(Preferences.account_id) == account))
    await session.exec(delete(KnownAccount).where(col(KnownAccount.id) == account))


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep the name of an agency."""
    statement = insert(KnownAgency).values(code=event.code, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )


async def learn_regime(session: AsyncSession, event: RegimePutInForce) -> None:
    """Keep the name of a regime."""
    statement = insert(KnownRegime).values(code=event.regime, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )


async def learn_calendar(session: AsyncSession, event: CalendarChanged) -> None:
    """Keep the days off of a year; reminders are counted by them at their next turn."""
    facts = {"days_off": list(event.days_off), "changed_at": event.changed_at}
    statement = insert(KnownCalendar).values(year=event.year, **facts)
    await session.exec(statement.on_conflict_do_update(index_elements=["year"], set_=facts))
