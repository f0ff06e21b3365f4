"""Saying the public key with which accounts signs, and keeping what others said."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.known import KnownCalendar
from accounts.domain.tokens import ISSUER, Signer
from accounts.settings import Settings
from chassis.clock import now
from chassis.database import raw_connection
from chassis.outbox import publish
from contracts.accounts.v1 import AccountKeysRotated
from contracts.catalog.v1 import CalendarChanged


async def announce_keys(session: AsyncSession, settings: Settings) -> None:
    """Say the public key once; repeating says nothing."""
    signer = Signer.from_file(settings.signing_key_file)
    if await queries.is_announced(session, signer.kid):
        return
    connection = await raw_connection(session)
    moment = now()
    await connection.execute(
        "INSERT INTO announced_keys (kid, announced_at) VALUES ($1, $2)", signer.kid, moment
    )
    publish(session, AccountKeysRotated(issuer=ISSUER, keys=[signer.public], rotated_at=moment))


async def learn_calendar(session: AsyncSession, event: CalendarChanged) -> None:
    """Keep the days off of a year; the last word replaces what was known."""
    days = [day.isoformat() for day in event.days_off]
    statement = insert(KnownCalendar).values(year=event.year, days_off=days)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["year"], set_={"days_off": days})
    )
