"""Keeping what others said: agencies, regimes with their lead agencies, the calendar."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.accounts.v1 import AgencyOpened
from contracts.catalog.v1 import CalendarChanged, LeadAgencyDesignated, RegimePutInForce
from contracts.connector_gateway.v1 import CodeMapPublished
from submissions import errors
from submissions.domain.known import KnownAgency, KnownCalendar, KnownCodeMap, KnownRegime
from submissions.queries import known


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep an agency."""
    facts = event.model_dump(exclude={"legal_basis"})
    statement = insert(KnownAgency).values(**facts)
    await session.exec(statement.on_conflict_do_update(index_elements=["code"], set_=facts))


async def learn_regime(session: AsyncSession, event: RegimePutInForce) -> None:
    """Keep a regime with its form; who leads it stays as it was."""
    definition = event.model_dump(mode="json")
    statement = insert(KnownRegime).values(code=event.regime, definition=definition)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"definition": definition})
    )


async def learn_lead_agency(session: AsyncSession, event: LeadAgencyDesignated) -> None:
    """Keep who leads a regime from now on (Điều 7.1)."""
    regime = await known.regime_row(session, event.regime)
    if regime is None:
        raise errors.RegimeNotInForce(regime=event.regime)
    regime.lead_agency = event.agency


async def learn_calendar(session: AsyncSession, event: CalendarChanged) -> None:
    """Keep the days off of a year."""
    days = [day.isoformat() for day in event.days_off]
    statement = insert(KnownCalendar).values(year=event.year, days_off=days)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["year"], set_={"days_off": days})
    )


async def learn_code_map(session: AsyncSession, event: CodeMapPublished) -> None:
    """Keep a version of a code map beside those before it."""
    codes = event.model_dump(include={"regimes", "agencies", "rows", "columns"})
    statement = insert(KnownCodeMap).values(
        connection=event.connection, version=event.version, codes=codes
    )
    await session.exec(statement.on_conflict_do_nothing())
