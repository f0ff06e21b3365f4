"""Every change of catalog: one function, one transaction."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog import queries
from catalog.domain.calendars import Calendar, days_off
from catalog.domain.forms import check_form
from catalog.domain.known import IndicatorUnit, KnownAgency
from catalog.domain.regimes import Designation, Regime, Scope, must_be_in_scope
from catalog.errors import AgencyUnknown, RegimeExists, RegimeNotFound
from chassis.auth import Principal
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AgencyOpened
from contracts.catalog.v1 import CalendarChanged, LeadAgencyDesignated, LegalBasis
from contracts.forms import Form


async def draft_regime(session: AsyncSession, regime: Regime, scope: Scope) -> None:
    """Draft a regime; the same draft again changes nothing, another one is refused."""
    must_be_in_scope(scope)
    form = Form.model_validate(regime.form)
    indicators = [f"{form.code}:{row.code}" for row in form.rows]
    check_form(form, await queries.units_of(session, indicators))
    standing = await queries.regime_for_update(session, regime.code)
    if standing is None:
        session.add(regime)
        await _keep_units(session, form)
    elif not standing.is_same_as(regime):
        raise RegimeExists(regime=regime.code)


async def put_in_force(
    session: AsyncSession, code: str, legal_basis: LegalBasis, in_force_from: date
) -> None:
    """Put a regime in force on its legal basis (Điều 5.1) and say so with its whole form."""
    regime = await queries.regime_for_update(session, code)
    if regime is None:
        raise RegimeNotFound(regime=code)
    regime.put_in_force(legal_basis, in_force_from)
    publish(session, regime.in_force_event())


async def designate(
    session: AsyncSession,
    code: str,
    agency: str,
    legal_basis: LegalBasis,
    *,
    who: Principal,
    now: datetime,
) -> None:
    """Give a regime to its lead agency: step 1 (Điều 7.1); the same again changes nothing."""
    regime = await queries.regime_for_update(session, code)
    if regime is None:
        raise RegimeNotFound(regime=code)
    regime.must_be_in_force()
    if not await queries.agency_is_known(session, agency):
        raise AgencyUnknown(
            agency=agency, errors=[Place("/agency", "agency-unknown", params={"agency": agency})]
        )
    if await queries.lead_agency(session, code) == agency:
        return
    designation = Designation(
        id=new_id(),
        regime=code,
        agency=agency,
        legal_basis=legal_basis.model_dump(mode="json"),
        designated_by=who.subject,
        designated_at=now,
    )
    session.add(designation)
    publish(
        session,
        LeadAgencyDesignated(
            regime=code, agency=agency, legal_basis=legal_basis, designated_at=now
        ),
    )


async def publish_calendars(session: AsyncSession, now: datetime) -> None:
    """Publish the calendars of last year, this year and next that are not published yet."""
    published = await queries.published_years(session)
    for year in {now.year - 1, now.year, now.year + 1} - published:
        days, sources = days_off(year)
        session.add(
            Calendar(
                year=year,
                days_off=[day.isoformat() for day in days],
                sources=sources,
                changed_at=now,
            )
        )
        publish(session, CalendarChanged(year=year, days_off=days, sources=sources, changed_at=now))


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep an agency that can be designated."""
    statement = insert(KnownAgency).values(code=event.code, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )


async def _keep_units(session: AsyncSession, form: Form) -> None:
    units = [{"indicator": f"{form.code}:{row.code}", "unit": row.unit} for row in form.rows]
    await session.exec(insert(IndicatorUnit).on_conflict_do_nothing(), params=units)
