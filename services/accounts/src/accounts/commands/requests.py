"""Carrying out a written request: kept with its clock before anything is done on it (Điều 4)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.requests import Action, WrittenRequest, due_at, impossible_places
from accounts.errors import AgencyUnknown, RequestDiffers, RequestImpossible
from chassis.errors import Place


async def carry_out(
    session: AsyncSession, request: WrittenRequest, wanted: Action, *, now: datetime
) -> WrittenRequest:
    """Keep ``request`` as the ground of a ``wanted`` action and return it as it stands.

    One document may name many accounts and so be carried out in parts; told differently from
    before it is refused.
    """
    await refuse_request(session, request, wanted, now=now)
    await queries.one_at_a_time(session, f"request {request.agency} {request.number}")
    standing = await queries.request_like(session, request)
    if standing is None:
        request.due_at = due_at(request.received_at, await queries.calendar(session))
        session.add(request)
        await session.flush()
        return request
    if not standing.is_same_as(request):
        raise RequestDiffers(number=request.number, agency=request.agency)
    standing.done_at, standing.done_by = now, request.done_by
    return standing


async def refuse_request(
    session: AsyncSession, request: WrittenRequest, wanted: Action, *, now: datetime
) -> None:
    """Raise why ``request`` can be the ground of no ``wanted`` action, whatever stands already."""
    wrong = list(impossible_places(request, wanted, now))
    if wrong:
        raise RequestImpossible(errors=wrong)
    if not await queries.agencies_by_code(session, [request.agency]):
        where = Place(
            "/written_request/agency", "agency-unknown", params={"agency": request.agency}
        )
        raise AgencyUnknown(agency=request.agency, errors=[where])
