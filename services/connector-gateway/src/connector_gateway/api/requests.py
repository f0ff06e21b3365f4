"""Requests for a connection account: recorded, granted, refused (NĐ 194/2025 Điều 40.3)."""

from uuid import UUID

from fastapi import APIRouter, Request

from chassis.clock import Now
from chassis.database import Transaction
from chassis.identifiers import new_id
from chassis.paging import After, Limit, Page, encode
from connector_gateway.api.bodies import (
    ConnectionBody,
    ConnectionRequestBody,
    RefuseBody,
    id_after,
)
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.api.connections import OpenedView, as_asked
from connector_gateway.commands import requests as commands
from connector_gateway.domain.requests import ConnectionRequest, RequestState
from connector_gateway.errors.requests import ConnectionRequestUnknown
from connector_gateway.queries import View
from connector_gateway.queries import requests as queries
from connector_gateway.queries.requests import ConnectionRequestView

router = APIRouter(tags=["connection requests"])


class GrantedView(View):
    """The answered request and the credential to hand over, which is never shown again."""

    request: ConnectionRequestView
    connection: OpenedView


@router.post("/connection-requests", status_code=201)
async def record_request(
    body: ConnectionRequestBody, session: Transaction, who: Operator, now: Now
) -> ConnectionRequestView:
    """Record the document in which an agency asks for a connection of a system.

    `due_at` is the end of the second working day after `received_at` (NĐ 194/2025 Điều 40.3).
    409 `connection-request-known`; 422 `connection-request-impossible`.
    """
    by = person(who)
    request = ConnectionRequest(
        id=new_id(),
        number=body.number,
        signed_on=body.date,
        agency=body.agency,
        received_at=body.received_at,
        recorded_at=now,
        recorded_by=by.subject,
        recorded_by_name=by.name,
        system_name=body.system.name,
        owner_agency=body.system.owner_agency,
        contact_email=body.system.contact_email,
        purpose=body.purpose,
        directions=sorted(set(body.directions)),
        regimes=body.regimes,
        agencies=body.agencies,
        formats=list(map(str, body.formats)) if body.formats else None,
    )
    await commands.record(session, request, now=now)
    return await _view(session, request.id, now)


@router.get("/connection-requests")
async def list_requests(
    session: Transaction,
    _: Reader,
    now: Now,
    state: RequestState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ConnectionRequestView]:
    """List requests, the latest first: `open`, `granted` or `refused`."""
    items = await queries.views(session, now=now, state=state, after=id_after(after), limit=limit)
    more = encode(str(items[-1].id)) if len(items) == limit else None
    return Page(items=items, next=more)


@router.get("/connection-requests/{request_id}")
async def show_request(
    request_id: UUID, session: Transaction, _: Reader, now: Now
) -> ConnectionRequestView:
    """Return a request with its clock and its answer. 404 `connection-request-unknown`."""
    return await _view(session, request_id, now)


@router.post("/connection-requests/{request_id}/grant")
async def grant_request(
    request_id: UUID,
    body: ConnectionBody,
    request: Request,
    session: Transaction,
    who: Operator,
    now: Now,
) -> GrantedView:
    """Open the connection that was asked for, or less of it, and its system unless it is known.

    The body is that of `POST /connections`; `system` is the code that the system has or gets.
    404 `connection-request-unknown`; 409 `connection-request-decided`, `system-of-another-owner`,
    `code-taken`; 422 `granted-more-than-asked`, `credential-unfit`, `target-not-allowed`,
    `webhook-required`.
    """
    new = as_asked(body, request.app.state.settings)
    _, connection, secret = await commands.grant(session, request_id, new, person(who), now=now)
    await session.flush()
    return GrantedView(
        request=await _view(session, request_id, now),
        connection=OpenedView(
            code=connection.code, client_id=connection.client_id, client_secret=secret
        ),
    )


@router.post("/connection-requests/{request_id}/refuse")
async def refuse_request(
    request_id: UUID, body: RefuseBody, session: Transaction, who: Operator, now: Now
) -> ConnectionRequestView:
    """Refuse a request, with the reasons that the agency is told.

    404 `connection-request-unknown`; 409 `connection-request-decided`.
    """
    await commands.refuse(session, request_id, body.reasons, person(who), now=now)
    await session.flush()
    return await _view(session, request_id, now)


async def _view(session: Transaction, request_id: UUID, now: Now) -> ConnectionRequestView:
    found = await queries.views(session, now=now, only=request_id)
    if not found:
        raise ConnectionRequestUnknown(request=request_id)
    return found[0]
