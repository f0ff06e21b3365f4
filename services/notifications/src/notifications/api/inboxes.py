"""Inboxes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import After, Limit, Page
from notifications.commands import inboxes as commands
from notifications.errors import NoInbox
from notifications.queries import inboxes as queries
from notifications.queries.inboxes import InboxView

router = APIRouter(tags=["inbox"])


class Unread(BaseModel):
    """How many items have not been read."""

    unread: int


def person(who: Annotated[Principal, Depends(allow())]) -> Principal:
    """Return the person who asks; a system has no inbox."""
    if who.kind != "person":
        raise NoInbox
    return who


Person = Annotated[Principal, Depends(person)]


@router.get("/inbox")
async def inbox(
    session: Transaction, who: Person, limit: Limit = 50, after: After = None
) -> Page[InboxView]:
    """Return my inbox, the latest first."""
    return await queries.inbox(session, who, limit=limit, after=after)


@router.get("/inbox/unread-count")
async def unread(session: Transaction, who: Person) -> Unread:
    """Count what I have not read."""
    return Unread(unread=await queries.unread(session, who))


@router.post("/inbox/{item_id}/read", status_code=204)
async def read(item_id: UUID, session: Transaction, who: Person, now: Now) -> Response:
    """Note that I have read an item."""
    await commands.mark_read(session, item_id, who, now=now)
    return Response(status_code=204)
