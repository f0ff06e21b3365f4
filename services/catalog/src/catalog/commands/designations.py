"""Step 1: the operator gives a regime to its lead agency (Điều 7.1)."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog import queries
from catalog.domain.known import KnownAgency
from catalog.domain.regimes import Designation, impossible_days
from catalog.errors import AgencyUnknown, LegalBasisImpossible, RegimeNotFound
from chassis.auth import Principal
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AgencyOpened
from contracts.catalog.v1 import LeadAgencyDesignated, LegalBasis


async def designate(
    session: AsyncSession,
    code: str,
    agency: str,
    legal_basis: LegalBasis,
    *,
    who: Principal,
    now: datetime,
) -> None:
    """Give a regime to its lead agency; to the one that leads it already changes nothing."""
    wrong = list(impossible_days(legal_basis, None, now))
    if wrong:
        raise LegalBasisImpossible(errors=wrong)
    regime = await queries.regime_for_update(session, code)
    if regime is None:
        raise RegimeNotFound(regime=code)
    regime.must_be_in_force()
    if not await queries.agency_is_known(session, agency):
        where = Place("/agency", "agency-unknown", params={"agency": agency})
        raise AgencyUnknown(agency=agency, errors=[where])
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


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep an agency that can be designated."""
    statement = insert(KnownAgency).values(code=event.code, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )
