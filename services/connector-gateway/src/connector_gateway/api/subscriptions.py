"""The door for subscriptions: which events a connection takes, and where (Điều 3.5, 7.4)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from chassis.clock import Now
from chassis.database import Transaction
from chassis.etags import Tag, etag_of
from connector_gateway.api.bodies import CodeInPath, SubscriptionBody
from connector_gateway.api.callers import Operator, OwnSystemOrReader, person
from connector_gateway.commands.admissions import admit
from connector_gateway.commands.subscriptions import NewSubscription, subscribe
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import ConnectionUnknown, DirectionNotOffered
from connector_gateway.queries import connections, subscriptions
from connector_gateway.queries.subscriptions import SubscriptionView

router = APIRouter(tags=["subscriptions"])


@router.get("/connections/{code}/subscriptions")
async def show_subscription(
    code: CodeInPath, session: Transaction, who: OwnSystemOrReader, now: Now, response: Response
) -> SubscriptionView:
    """Return what a connection takes and where, with the ETag that a change must name.

    404 `connection-unknown`; 409 `direction-not-offered`.
    """
    if who.kind == "system":
        await admit(session, who, code, now=now)
    return await _view(session, code, response)


async def permitted(body: SubscriptionBody, request: Request) -> SubscriptionBody:
    """Return the body where its address may be called; raises ``TargetNotAllowed``."""
    Target.parse(body.url, request.app.state.settings.private_targets)
    return body


@router.put("/connections/{code}/subscriptions")
async def replace_subscription(
    code: CodeInPath,
    body: Annotated[SubscriptionBody, Depends(permitted)],
    session: Transaction,
    who: Operator,
    now: Now,
    tag: Tag,
) -> SubscriptionView:
    """Replace what a connection takes: address, event types, regimes and agencies (null: all).

    Events: `submissions.consolidation.forwarded.v1`, `submissions.report.accepted.v1`,
    `catalog.regime.put-in-force.v1`, `notifications.notice.published.v1`, and for the owner
    of the system `connector-gateway.connection.suspension-scheduled.v1`, `….suspended.v1`,
    `….resumed.v1`. Events from now on are chosen by it, within what the connection was granted;
    what waits already goes to the new address. 404 `connection-unknown`;
    409 `direction-not-offered`; 403 `connection-revoked`; 422 `target-not-allowed`; 412, 428.
    """
    new = NewSubscription(body.url, body.interest, tag.revision)
    await subscribe(session, code, new, person(who), now=now)
    await session.flush()
    return await _view(session, code, tag.response)


async def _view(session: Transaction, code: str, response: Response) -> SubscriptionView:
    found = await subscriptions.subscription(session, code)
    if found is None:
        if await connections.connection_of_code(session, code) is None:
            raise ConnectionUnknown(connection=code)
        raise DirectionNotOffered(connection=code)
    response.headers["ETag"] = etag_of(found.version)
    return found
