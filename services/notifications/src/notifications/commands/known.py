"""Learning what other services own: accounts, agencies, regimes."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened
from contracts.catalog.v1 import RegimePutInForce
from notifications.domain.inboxes import Reading
from notifications.domain.known import KnownAccount, KnownAgency, KnownRegime


async def learn_account(session: AsyncSession, event: AccountIssued) -> None:
    """Keep since when a person has an account."""
    facts = {"id": event.account_id, "issued_at": event.issued_at}
    await session.exec(insert(KnownAccount).values(facts).on_conflict_do_nothing())


async def forget_account(session: AsyncSession, event: AccountLocked) -> None:
    """Forget what a locked account has read."""
    await session.exec(delete(Reading).where(col(Reading.account_id) == event.account_id))
    await session.exec(delete(KnownAccount).where(col(KnownAccount.id) == event.account_id))


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
