"""Standing approvals over HTTP: a head lets a connection send the unit's figures."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import Page
from contracts.accounts.v1 import Role
from contracts.identifiers import RegimeCode
from submissions.api.assignments import Day
from submissions.commands import standing_approvals as commands
from submissions.commands.standing_approvals import StandingOrder
from submissions.queries import standing_approvals

router = APIRouter(tags=["standing approvals"])
Head = Annotated[Principal, Depends(allow(Role.AGENCY_HEAD))]


class StandingBody(Body):
    """Which connection may send which regime, from when to when (inclusive)."""

    connection: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
    regime: RegimeCode
    valid_from: Day
    valid_to: Day | None = None


class StandingView(BaseModel):
    """A standing approval; ``revoked_at`` where it no longer holds."""

    id: UUID
    agency: str
    regime: str
    connection: str
    valid_from: date
    valid_to: date | None
    giver_name: str
    given_at: datetime
    revoked_at: datetime | None


@router.post("/standing-approvals", status_code=201)
async def give(body: StandingBody, session: Transaction, who: Head, now: Now) -> StandingView:
    """Let a connection send this unit's figures of a regime (Điều 9.2)."""
    order = StandingOrder(**body.model_dump())
    approval = await commands.give(session, order, who=who, now=now)
    return StandingView.model_validate(approval, from_attributes=True)


@router.get("/standing-approvals")
async def list_all(session: Transaction, who: Head) -> Page[StandingView]:
    """List the standing approvals of one's own unit, the latest first."""
    found = await standing_approvals.all_of(session, who.agency)
    return Page(items=[StandingView.model_validate(one, from_attributes=True) for one in found])


@router.delete("/standing-approvals/{approval_id}", status_code=204)
async def revoke(approval_id: UUID, session: Transaction, who: Head, now: Now) -> Response:
    """Revoke a standing approval of one's own unit."""
    await commands.revoke(session, approval_id, who=who, now=now)
    return Response(status_code=204)
