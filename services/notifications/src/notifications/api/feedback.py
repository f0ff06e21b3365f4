"""Feedback of users over HTTP (Điều 13.3): anyone with an account sends, the operator answers."""

import csv
import io
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, Field

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.identifiers import new_id
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.text import Text
from notifications.api.inboxes import Person
from notifications.commands import feedback as commands
from notifications.domain.feedback import Feedback, FeedbackState
from notifications.errors import FeedbackNotFound, PeriodBackwards
from notifications.queries import feedback as queries
from notifications.queries.feedback import FeedbackSummary, FeedbackView

router = APIRouter(tags=["feedback"])
READERS = (Role.OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR)
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Reader = Annotated[Principal, Depends(allow(*READERS))]
CSV = "text/csv"
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so may be a formula; an apostrophe before it makes it text."""

Trimmed = Annotated[Text, AfterValidator(str.strip)]


class FeedbackDraft(Body):
    """A difficulty that a user met."""

    text: Annotated[Trimmed, Field(min_length=1, max_length=4000)]
    page: Annotated[Text, Field(pattern=r"^/", max_length=200)]
    """Where in the portal, as a path: `/bao-cao/…`."""
    contact: Annotated[Trimmed, Field(min_length=1, max_length=200)] | None = None
    """How else to reach the author, for instance a telephone number."""


class Answer(Body):
    """What the operator answers."""

    answer: Annotated[Trimmed, Field(min_length=1, max_length=4000)]


class Grouping(Body):
    """Under which topic a feedback is consolidated."""

    topic: Annotated[Trimmed, Field(min_length=1, max_length=100)] | None
    """null: under none."""


def days(
    first: Annotated[date, Query(alias="from", description="First day")],
    last: Annotated[date, Query(alias="to", description="Last day, included")],
) -> tuple[date, date]:
    """Return the days that are asked for; raises ``PeriodBackwards``."""
    if last < first:
        raise PeriodBackwards
    return first, last


Days = Annotated[tuple[date, date], Depends(days)]


@router.post("/feedback", status_code=201)
async def send_feedback(
    body: FeedbackDraft, session: Transaction, who: Person, now: Now
) -> FeedbackView:
    """Say what is difficult; operators are told, and the answer comes to the own inbox."""
    feedback = Feedback(
        id=new_id(),
        account_id=UUID(who.subject),
        author_name=who.name,
        agency=who.agency,
        sent_at=now,
        **body.model_dump(),
    )
    await commands.send_feedback(session, feedback, now=now)
    return queries.feedback_view(feedback)


@router.get("/feedback")
async def feedback_list(
    session: Transaction,
    _: Reader,
    state: FeedbackState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[FeedbackView]:
    """List feedback: what waits for an answer first, then the latest first."""
    return await queries.feedback_list(session, state=state, limit=limit, after=after)


@router.get("/feedback/summary")
async def feedback_summary(session: Transaction, _: Reader, asked: Days) -> FeedbackSummary:
    """Count what was sent in some days by topic, page and state, for the report to the province.

    422 `period-backwards`.
    """
    return await queries.summary(session, *asked)


@router.get(
    "/feedback/export.csv",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def export_feedback(session: Transaction, _: Reader, asked: Days) -> Response:
    """Return what was sent in some days, a line each, as Excel opens it (UTF-8 with BOM).

    A cell that a spreadsheet would run as a formula has an apostrophe before it.
    422 `period-backwards`.
    """
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    table = csv.writer(text)
    table.writerow(FeedbackView.model_fields)
    for one in await queries.feedback_sent(session, *asked):
        table.writerow(map(_harmless, one.model_dump(mode="json").values()))
    headers = {
        "Content-Disposition": f'attachment; filename="feedback-{asked[0]}-{asked[1]}.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text.getvalue().encode(), media_type=CSV, headers=headers)


def _harmless(cell: str | None) -> str:
    return f"'{cell}" if cell and cell.startswith(RUN_BY_SPREADSHEETS) else cell or ""


@router.get("/feedback/{feedback_id}")
async def read_feedback(feedback_id: UUID, session: Transaction, who: Person) -> FeedbackView:
    """Return a feedback to its author and to those who read all; to others it is not there."""
    found = await queries.feedback(session, feedback_id)
    if found is None or (found.account_id != UUID(who.subject) and not who.has(*READERS)):
        raise FeedbackNotFound(feedback=feedback_id)
    return queries.feedback_view(found)


@router.post("/feedback/{feedback_id}/answer")
async def answer_feedback(
    feedback_id: UUID, body: Answer, session: Transaction, who: Operator, now: Now
) -> FeedbackView:
    """Answer a feedback, once; its author is told. 409 `feedback-is-answered`."""
    found = await commands.answer_feedback(session, feedback_id, body.answer, who, now=now)
    return queries.feedback_view(found)


@router.put("/feedback/{feedback_id}/topic")
async def group_feedback(
    feedback_id: UUID, body: Grouping, session: Transaction, _: Operator
) -> FeedbackView:
    """Put a feedback under a topic, so that it is consolidated with others."""
    return queries.feedback_view(await commands.group_feedback(session, feedback_id, body.topic))
