"""Step 3 over HTTP: what is due, fill in, approve, send; and the history of a report."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.etags import Tag, etag_of
from chassis.http import Body
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.text import Text
from submissions.commands import reports as commands
from submissions.commands.reports import Edit
from submissions.domain.reports import Report
from submissions.queries import known, reports, views, work
from submissions.queries.views import Diff, ReportView, VersionLine, VersionView
from submissions.queries.work import Cut, Filter, WorkItem

router = APIRouter(tags=["reports"])
Anyone = Annotated[Principal, Depends(allow())]
Unit = Annotated[Principal, Depends(allow(Role.OFFICER, Role.AGENCY_HEAD))]
Head = Annotated[Principal, Depends(allow(Role.AGENCY_HEAD))]
MOST_VERSIONS = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=MOST_VERSIONS)]
Name = Annotated[Text, Field(max_length=300)]
Cell = Annotated[str, Field(max_length=100)]
Value = Annotated[str, Field(max_length=2000)]


class EditBody(Body):
    """Cells as ``{"1:c2": "120"}``: a decimal, ``-`` nil, ``x`` not applicable, empty clears."""

    cells: Annotated[
        dict[Cell, Annotated[str, Field(max_length=2000)]], Field(max_length=20000)
    ] = Field(default_factory=dict)
    notes: dict[Name, Annotated[Text, Field(max_length=2000)]] = Field(default_factory=dict)
    narrative: dict[Name, Annotated[Text, Field(max_length=50000)]] = Field(default_factory=dict)


class ApprovalBody(Body):
    """The version that was read; without it the latest is approved."""

    version: int | None = Field(default=None, ge=1)


@router.get("/my-work")
async def my_work(session: Transaction, who: Anyone, now: Now) -> Page[WorkItem]:
    """Return what is due from me, overdue first."""
    calendar = await known.calendar(session)
    return await work.due_from(session, who, calendar, now=now)


@router.get("/reports")
async def list_reports(
    session: Transaction,
    who: Anyone,
    now: Now,
    asked: Annotated[Filter, Depends()],
    limit: Limit = 100,
    after: After = None,
) -> Page[WorkItem]:
    """List reports of one's own unit, or of the regimes one's agency leads."""
    calendar = await known.calendar(session)
    return await work.reports(session, who, Cut(asked, limit, after), calendar, now=now)


@router.get("/reports/{report_id}")
async def read(
    report_id: UUID, session: Transaction, who: Anyone, response: Response
) -> ReportView:
    """Return a report with figures, derived cells and findings; its ETag is its revision."""
    report = await reports.report(session, report_id, who)
    return await _answer(session, report, response)


@router.patch("/reports/{report_id}")
async def fill_in(
    report_id: UUID,
    body: EditBody,
    session: Transaction,
    who: Unit,
    tag: Tag,
    now: Now,
) -> ReportView:
    """Change figures, justifications or narrative; every bad cell is named, none is taken."""
    edit = Edit(body.cells, body.notes, body.narrative)
    report = await commands.fill_in(
        session, report_id, edit, revision=tag.revision, who=who, now=now
    )
    return await _answer(session, report, tag.response)


@router.post("/reports/{report_id}/approve")
async def approve(
    report_id: UUID,
    session: Transaction,
    who: Head,
    now: Now,
    response: Response,
    body: ApprovalBody | None = None,
) -> ReportView:
    """Sign the figures off inside the unit (Điều 9.2)."""
    version = body.version if body else None
    report = await commands.approve(session, report_id, version=version, who=who, now=now)
    return await _answer(session, report, response)


@router.post("/reports/{report_id}/submit")
async def submit(
    report_id: UUID, session: Transaction, who: Unit, now: Now, response: Response
) -> ReportView:
    """Send an approved report to the lead agency: step 3 (Điều 7.3)."""
    report = await commands.submit(session, report_id, who=who, now=now)
    return await _answer(session, report, response)


@router.get("/reports/{report_id}/versions")
async def versions(report_id: UUID, session: Transaction, who: Anyone) -> Page[VersionLine]:
    """Return the history of a report: every version, oldest first, and whom it came from."""
    report = await reports.report(session, report_id, who)
    return Page(items=await views.history(session, report))


@router.get("/reports/{report_id}/versions/{number}")
async def version(
    report_id: UUID, number: Number, session: Transaction, who: Anyone
) -> VersionView:
    """Return one version with every cell."""
    report = await reports.report(session, report_id, who)
    return await views.version_view(session, report, number)


@router.get("/reports/{report_id}/diff")
async def diff(
    report_id: UUID,
    session: Transaction,
    who: Anyone,
    before: Annotated[int, Query(alias="from", ge=0, le=MOST_VERSIONS)],
    after: Annotated[int, Query(alias="to", ge=0, le=MOST_VERSIONS)],
) -> Diff:
    """Return what changed between two versions; 0 is the empty report."""
    report = await reports.report(session, report_id, who)
    return await views.diff(session, report, before, after)


async def _answer(session: Transaction, report: Report, response: Response) -> ReportView:
    await session.flush()
    response.headers["ETag"] = etag_of(report.revision)
    return await views.report_view(session, report)
