"""Step 4 over HTTP: consolidate, look into a total, take the document, forward (Điều 7.4)."""

import asyncio
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.identifiers import RegimeCode
from contracts.text import Text
from submissions.api.assignments import PeriodCode
from submissions.commands import consolidations
from submissions.commands.consolidations import ConsolidationOrder
from submissions.documents import excel, pdf, word
from submissions.documents.paper import Paper
from submissions.documents.wording import letter_of
from submissions.queries import consolidation_views as views
from submissions.queries import consolidations as queries
from submissions.queries import origins, papers
from submissions.queries.consolidation_views import ConsolidationLine, ConsolidationView
from submissions.queries.origins import DrillDown

router = APIRouter(tags=["consolidations"])
Reviewer = Annotated[Principal, Depends(allow(Role.LEAD_AGENCY_REVIEWER))]
Watcher = Annotated[
    Principal,
    Depends(allow(Role.LEAD_AGENCY_REVIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR)),
]


class Exclusion(Body):
    """A unit to leave out of the totals, and why; the denominator follows."""

    agency: Annotated[str, Field(max_length=40)]
    reason: Annotated[Text, Field(max_length=500, pattern=r"\S")]


class ConsolidationBody(Body):
    """What to consolidate."""

    regime: RegimeCode
    period: PeriodCode
    exclude: Annotated[list[Exclusion], Field(max_length=1000)] = Field(default_factory=list)


class Format(StrEnum):
    """A format of the document."""

    DOCX = "docx"
    PDF = "pdf"
    XLSX = "xlsx"


@router.post("/consolidations", status_code=201)
async def consolidate(
    body: ConsolidationBody, session: Transaction, who: Reviewer, now: Now, response: Response
) -> ConsolidationView:
    """Add up the accepted reports of a period; missing units are named.

    Consolidating again replaces what was not forwarded yet. 403 `not-lead-agency`;
    409 `nothing-accepted`, `already-forwarded`; 422 `unit-unknown`, `regime-not-in-force`.
    """
    order = ConsolidationOrder(
        body.regime, body.period, {one.agency: one.reason for one in body.exclude}
    )
    made = await consolidations.consolidate(session, order, who=who, now=now)
    response.headers["Location"] = f"/api/submissions/v1/consolidations/{made.id}"
    return await views.view(session, made)


@router.get("/consolidations")
async def list_consolidations(
    session: Transaction,
    who: Watcher,
    regime: str | None = None,
    period: str | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ConsolidationLine]:
    """List consolidations, the latest first."""
    return await views.listed(session, who, (regime, period), limit=limit, after=after)


@router.get("/consolidations/{consolidation_id}")
async def show(consolidation_id: UUID, session: Transaction, who: Watcher) -> ConsolidationView:
    """Return a consolidation: who is in it, who is missing, every total with its four states."""
    found = await queries.consolidation(session, consolidation_id, who)
    return await views.view(session, found)


@router.get("/consolidations/{consolidation_id}/cells/{row}:{column}")
async def drill_down(
    consolidation_id: UUID, row: str, column: str, session: Transaction, who: Watcher
) -> DrillDown:
    """Return where a total came from: unit, version, and the person or receipt behind it."""
    found = await queries.consolidation(session, consolidation_id, who)
    return await origins.drill_down(session, found, row, column)


@router.get(
    "/consolidations/{consolidation_id}/document",
    response_class=Response,
    responses={
        200: {
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in (word.MEDIA_TYPE, pdf.MEDIA_TYPE, excel.MEDIA_TYPE)
            }
        }
    },
)
async def document(
    consolidation_id: UUID,
    session: Transaction,
    who: Watcher,
    kind: Annotated[Format, Query(alias="format")] = Format.PDF,
) -> Response:
    """Return the report as Word, PDF or Excel in the layout of NĐ 30/2020.

    The PDF of a forwarded consolidation is the one that was forwarded, byte for byte.
    """
    found = await queries.consolidation(session, consolidation_id, who)
    paper = await papers.paper_of(session, found)
    content, media_type = await asyncio.to_thread(_document, paper, kind)
    if kind is Format.PDF and found.document:
        content = found.document
    name = f"{found.regime}-{found.period}.{kind.value}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.post("/consolidations/{consolidation_id}/forward")
async def forward(
    consolidation_id: UUID, session: Transaction, who: Reviewer, now: Now
) -> ConsolidationView:
    """Send the report to the competent authority and freeze it.

    403 `not-lead-agency`; 409 `already-forwarded`, `consolidation-superseded`.
    """
    found = await consolidations.forward(session, consolidation_id, who=who, now=now)
    return await views.view(session, found)


def _document(paper: Paper, kind: Format) -> tuple[bytes, str]:
    letter = letter_of(paper)
    match kind:
        case Format.DOCX:
            return word.word_of(letter), word.MEDIA_TYPE
        case Format.PDF:
            return pdf.pdf_of(letter), pdf.MEDIA_TYPE
        case Format.XLSX:
            return excel.excel_of(paper, letter), excel.MEDIA_TYPE
