"""Mails over HTTP: those that wait, and those that did not get out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from notifications.commands import mails as commands
from notifications.domain.mails import MailState
from notifications.queries import mails as queries
from notifications.queries.mails import MailView

router = APIRouter(tags=["mails"])
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Watcher = Annotated[Principal, Depends(allow(Role.OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR))]


@router.get("/mails")
async def mails(
    session: Transaction,
    _: Watcher,
    state: MailState | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[MailView]:
    """List mails, for instance those that did not get out (``state=failed``)."""
    return await queries.mails(session, state=state, limit=limit, after=after)


@router.post("/mails/{mail_id}/retry", status_code=204)
async def retry(mail_id: UUID, session: Transaction, _: Operator, now: Now) -> Response:
    """Send a mail that was given up once more, with three days of its own."""
    await commands.retry(session, mail_id, now=now)
    return Response(status_code=204)
