"""Opening agencies: many in one action, each on its legal basis."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.agencies import Agency
from accounts.errors import AgencyDiffers, AgencyUnknown
from chassis.errors import Place
from chassis.outbox import publish
from contracts.accounts.v1 import AgencyLevel, AgencyOpened


async def open_agencies(session: AsyncSession, agencies: Sequence[Agency]) -> int:
    """Open ``agencies``, parents before children; return how many are new.

    One that stands already with the same facts is passed over; one with other facts, or below
    an agency that nobody opened, refuses all of them with its place.
    """
    codes = [agency.code for agency in agencies]
    parents = [agency.parent_code for agency in agencies if agency.parent_code]
    known = await queries.agencies_by_code(session, [*codes, *parents])
    wrong = _strangers(agencies, known)
    if wrong:
        raise AgencyUnknown(agency=wrong[0].params["agency"], errors=wrong)
    differing = [
        Place(f"/agencies/{at}", "agency-differs", params={"agency": agency.code})
        for at, agency in enumerate(agencies)
        if agency.code in known and not known[agency.code].is_same_as(agency)
    ]
    if differing:
        raise AgencyDiffers(agency=differing[0].params["agency"], errors=differing)
    new = [agency for agency in agencies if agency.code not in known]
    for agency in new:
        session.add(agency)
        publish(session, _opened(agency))
    return len(new)


def _strangers(agencies: Sequence[Agency], known: dict[str, Agency]) -> list[Place]:
    named = {*known, *(agency.code for agency in agencies)}
    return [
        Place(f"/agencies/{at}/parent_code", "agency-unknown", params={"agency": parent})
        for at, agency in enumerate(agencies)
        if (parent := agency.parent_code) and parent not in named
    ]


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
