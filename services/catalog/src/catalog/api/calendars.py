"""The working-day calendar over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from catalog import queries
from catalog.errors import CalendarNotFound
from catalog.queries import CalendarView
from chassis.auth import Principal, allow
from chassis.database import Transaction

router = APIRouter(tags=["calendar"])
Anyone = Annotated[Principal, Depends(allow())]


@router.get("/calendar/{year}")
async def calendar(
    year: Annotated[int, Path(ge=2000, le=2100)], session: Transaction, _: Anyone
) -> CalendarView:
    """Return the days off of a year with the documents that they rest on."""
    found = await queries.calendar(session, year)
    if found is None:
        raise CalendarNotFound(year=year)
    return found
