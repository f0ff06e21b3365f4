"""Opening agencies: many in one action, each on its legal basis."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.agencies import Agency, circular_places, unsound_places
from accounts.errors import AgenciesUnsound, AgencyDiffers
from chassis.errors import Place
from chassis.outbox import publish
from contracts.accounts.v1 import AgencyLevel, AgencyOpened


async def open_agencies(session: AsyncSession, agencies: Sequence[Agency]) -> int:
    """Open ``agencies``; return how many are new.

    One that stands already with the same facts is passed over; one with other facts, or that
    contradicts the list, refuses all of them with its place.
    """
    await queries.one_at_a_time(session, "agencies")
    standing = await queries.agencies_named(session, agencies)
    wrong = [*unsound_places(agencies, standing), *circular_places(agencies)]
    if wrong:
        raise AgenciesUnsound(errors=wrong)
    differing = [
        Place(f"/agencies/{at}", "agency-differs", params={"agency": agency.code})
        for at, agency in enumerate(agencies)
        if agency.code in standing and not standing[agency.code].is_same_as(agency)
    ]
    if differing:
        raise AgencyDiffers(agency=differing[0].params["agency"], errors=differing)
    new = [agency for agency in agencies if agency.code not in standing]
    for agency in new:
        session.add(agency)
        publish(session, _opened(agency))
    return len(new)


def _opened(agency: Agency) -> AgencyOpened:
    return AgencyOpened(
        code=agency.code,
        identification_code=agency.identification_code,
        name=agency.name,
        level=AgencyLevel(agency.level),
        parent_code=agency.parent_code,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        legal_basis=agency.legal_basis,
    )
