"""Agencies over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from accounts import queries
from accounts.commands.agencies import open_agencies
from accounts.domain.agencies import Agency
from accounts.errors import AgencyNotFound
from accounts.queries import AgencyView
from chassis.auth import Principal, allow
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import AgencyLevel, Role
from contracts.identifiers import IdentificationCode, StatisticsCode
from contracts.text import Text

router = APIRouter(tags=["agencies"])
Anyone = Annotated[Principal, Depends(allow())]
Operator = Annotated[Principal, Depends(allow(Role.ADMINISTRATOR, Role.OPERATOR))]


class NewAgency(Body):
    """An agency to be opened, in both code schemes where it has them."""

    code: StatisticsCode
    identification_code: IdentificationCode | None = None
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    level: AgencyLevel
    parent_code: StatisticsCode | None = None
    valid_from: date
    valid_to: date | None = None


class AgencyList(Body):
    """Agencies to be opened in one action on one legal basis, in any order."""

    legal_basis: Annotated[Text, Field(min_length=1, max_length=500)]
    agencies: Annotated[list[NewAgency], Field(min_length=1, max_length=1000)]


class Opened(BaseModel):
    """How many agencies are new and how many stood already."""

    opened: int
    unchanged: int


@router.post("/agencies", status_code=201)
async def open_many(body: AgencyList, session: Transaction, _: Operator) -> Opened:
    """Open agencies; repeating the same list changes nothing."""
    agencies = [Agency(**one.model_dump(), legal_basis=body.legal_basis) for one in body.agencies]
    opened = await open_agencies(session, agencies)
    return Opened(opened=opened, unchanged=len(agencies) - opened)


@router.get("/agencies")
async def agencies(
    session: Transaction,
    _: Anyone,
    level: AgencyLevel | None = None,
    parent: StatisticsCode | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[AgencyView]:
    """List agencies in order of their codes, of one level or below one parent."""
    return await queries.agencies(session, level=level, parent=parent, limit=limit, after=after)


@router.get("/agencies/{code}")
async def agency(code: StatisticsCode, session: Transaction, _: Anyone) -> AgencyView:
    """Return one agency."""
    found = await queries.agencies_by_code(session, [code])
    if code not in found:
        raise AgencyNotFound(agency=code)
    return queries.agency_view(found[code])
