"""Step 2 over HTTP: assign a report to many units in one action."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from chassis.auth import Principal, allow
from chassis.clock import ZONE, Now
from chassis.database import Transaction
from chassis.http import Body
from contracts.accounts.v1 import AgencyLevel, Role
from contracts.identifiers import RegimeCode, StatisticsCode
from submissions.commands.assignments import AssignmentOrder, assign
from submissions.queries import known

router = APIRouter(tags=["assignments"])
LeadAgency = Annotated[Principal, Depends(allow(Role.LEAD_AGENCY_REVIEWER, Role.OPERATOR))]
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=ZONE), datetime(2100, 1, 1, tzinfo=ZONE)
PeriodCode = Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Z-]{0,39}$")]
Moment = Annotated[AwareDatetime, Field(gt=EARLIEST, lt=LATEST)]
Day = Annotated[date, Field(gt=EARLIEST.date(), lt=LATEST.date())]
Codes = Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1)]


class AssignmentBody(Body):
    """Units (by code, or all of a level) × rows × columns × period.

    Without rows or columns the whole form is assigned; without days the regime's rule decides.
    """

    regime: RegimeCode
    period: PeriodCode
    units: Annotated[list[StatisticsCode], Field(min_length=1, max_length=1000)] | None = None
    level: AgencyLevel | None = None
    rows: Codes | None = None
    columns: Codes | None = None
    cut_off_on: Day | None = None
    due_at: Moment | None = None


class Assigned(BaseModel):
    """An assignment and how many reports it gave."""

    assignment: UUID
    regime: str
    period: str
    cut_off_at: datetime
    due_at: datetime
    reports: int


@router.post("/assignments", status_code=201)
async def assign_reports(
    body: AssignmentBody, session: Transaction, who: LeadAgency, now: Now
) -> Assigned:
    """Assign a report to units (Điều 7.2); only the lead agency of the regime may."""
    of_level = await known.units_of_level(session, body.level) if body.level else []
    units = list(dict.fromkeys([*(body.units or ()), *of_level]))
    order = AssignmentOrder(
        regime=body.regime,
        period=body.period,
        units=units,
        rows=body.rows,
        columns=body.columns,
        cut_off_on=body.cut_off_on,
        due_at=body.due_at,
    )
    assignment, given = await assign(session, order, who=who, now=now)
    return Assigned(
        assignment=assignment.id,
        regime=assignment.regime,
        period=assignment.period,
        cut_off_at=assignment.cut_off_at,
        due_at=assignment.due_at,
        reports=given,
    )
