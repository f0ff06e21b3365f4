"""Step 4 over HTTP: send back, accept, and the progress board of a period."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.etags import etag_of
from chassis.http import Body
from contracts.accounts.v1 import Role
from contracts.identifiers import RegimeCode
from contracts.text import Text
from submissions.api.assignments import Moment, PeriodCode
from submissions.commands import reviews
from submissions.commands.reviews import Return
from submissions.domain.reports import Report
from submissions.queries import views
from submissions.queries.views import Progress, ReportView

router = APIRouter(tags=["reviews"])
Reviewer = Annotated[Principal, Depends(allow(Role.LEAD_AGENCY_REVIEWER))]
Watcher = Annotated[
    Principal,
    Depends(allow(Role.LEAD_AGENCY_REVIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR)),
]


class ReturnBody(Body):
    """A reason (mandatory), the cells that are meant, and the new deadline (Điều 7.4)."""

    reason: Annotated[Text, Field(max_length=2000, pattern=r"\S")]
    cells: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=20000)] = Field(
        default_factory=list
    )
    due_at: Moment


class AcceptAllBody(Body):
    """Which reports of a period are accepted; without ``reports`` all that were sent."""

    regime: RegimeCode
    period: PeriodCode
    reports: Annotated[list[UUID], Field(max_length=1000)] | None = None


class AcceptedAll(BaseModel):
    """How many were accepted, and those that were not waiting for review."""

    accepted: int
    refused: list[UUID]


@router.post("/reports/{report_id}/send-back")
async def send_back(
    report_id: UUID,
    body: ReturnBody,
    session: Transaction,
    who: Reviewer,
    now: Now,
    response: Response,
) -> ReportView:
    """Send a report back with a reason on chosen cells and a new deadline (Điều 7.4)."""
    order = Return(body.reason, body.cells, body.due_at)
    report = await reviews.send_back(session, report_id, order, who=who, now=now)
    return await _answer(session, report, response)


@router.post("/reports/{report_id}/accept")
async def accept(
    report_id: UUID, session: Transaction, who: Reviewer, now: Now, response: Response
) -> ReportView:
    """Accept a report whose data is sound (Điều 7.4)."""
    report = await reviews.accept(session, report_id, who=who, now=now)
    return await _answer(session, report, response)


@router.post("/reports/accept-all")
async def accept_all(
    body: AcceptAllBody, session: Transaction, who: Reviewer, now: Now
) -> AcceptedAll:
    """Accept every report of a period that was sent, or the chosen ones, in one action."""
    accepted, refused = await reviews.accept_all(
        session, body.regime, body.period, body.reports, who=who, now=now
    )
    return AcceptedAll(accepted=accepted, refused=refused)


@router.get("/progress")
async def progress(
    regime: Text, period: Text, session: Transaction, who: Watcher, now: Now
) -> Progress:
    """Return where every unit's report of a period stands."""
    return await views.progress(session, who, regime, period, now=now)


async def _answer(session: Transaction, report: Report, response: Response) -> ReportView:
    await session.flush()
    response.headers["ETag"] = etag_of(report.revision)
    return await views.report_view(session, report)
