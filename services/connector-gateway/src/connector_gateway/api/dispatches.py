"""The door of the delivery log: what went out, how every try ended, sending anew (Điều 7.4)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis.auth import Principal
from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import After, Limit, Page, encode
from connector_gateway.api.bodies import CodeInPath, LoggedType, Moment, RangeBody, id_after
from connector_gateway.api.callers import Operator, OwnSystemOrReader, person
from connector_gateway.commands import redeliveries
from connector_gateway.commands.admissions import admit
from connector_gateway.domain.dispatches import DispatchState
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.errors.dispatches import DispatchUnknown
from connector_gateway.queries import View, connections, delivery_log
from connector_gateway.queries.delivery_log import DispatchDetail, DispatchView, Wanted

router = APIRouter(tags=["dispatches"])


async def admitted(
    code: CodeInPath, session: Transaction, who: OwnSystemOrReader, now: Now
) -> Principal:
    """Let in readers, and the system itself as long as it might push."""
    if who.kind == "system":
        await admit(session, who, code, now=now)
    return who


Admitted = Annotated[Principal, Depends(admitted)]


async def wanted_of(
    state: DispatchState | None = None,
    event_type: Annotated[LoggedType | None, Query(alias="type")] = None,
    begins: Annotated[Moment | None, Query(alias="from")] = None,
    ends: Annotated[Moment | None, Query(alias="to")] = None,
) -> Wanted:
    """Return which dispatches are asked for; `from` and `to` are of when they were made."""
    return Wanted(event_type, state, begins, ends)


class RedeliveredView(View):
    """How many go out again; `held` while the connection is suspended."""

    count: int
    state: DispatchState


@router.get("/connections/{code}/dispatches")
async def list_dispatches(
    code: CodeInPath,
    session: Transaction,
    _: Admitted,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    limit: Limit = 50,
    after: After = None,
) -> Page[DispatchView]:
    """List what went or waits to go out of a connection, the latest first.

    `state`, `type`, `from` and `to` (moments with offset) limit it. 404 `connection-unknown`.
    """
    connection = await connections.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    items = await delivery_log.views(
        session, connection.id, wanted, after=id_after(after), limit=limit
    )
    more = encode(str(items[-1].id)) if len(items) == limit else None
    return Page(items=items, next=more)


@router.get("/connections/{code}/dispatches/{dispatch}")
async def show_dispatch(
    code: CodeInPath, dispatch: UUID, session: Transaction, _: Admitted
) -> DispatchDetail:
    """Return a dispatch with its latest 100 tries: what was sent, and how it was answered.

    `sha256` and `size` are of the body, the same on every try; `kid` names the key of `jwks.json`
    that signed. Headers and the first 2 KiB of an answer are kept for 90 days, tries of finished
    dispatches for two years. 404 `dispatch-unknown`.
    """
    row = await delivery_log.dispatch_of(session, code, dispatch)
    if row is None:
        raise DispatchUnknown(connection=code, dispatch=dispatch)
    return await delivery_log.detail(session, row)


@router.post("/connections/{code}/dispatches/test", status_code=201)
async def send_test(
    code: CodeInPath, session: Transaction, who: Operator, now: Now
) -> DispatchView:
    """Send a test event (`connector-gateway.dispatch.tested.v1`), signed and logged like others.

    Tried once; it waits for nothing and nothing waits for it. 404 `connection-unknown`;
    409 `direction-not-offered`; 403 `connection-revoked`; 503 `connection-suspended`.
    """
    row = await redeliveries.dispatch_test(session, code, person(who), now=now)
    return delivery_log.view(row)


@router.post("/connections/{code}/dispatches/redeliver", status_code=202)
async def redeliver_range(
    code: CodeInPath, body: RangeBody, session: Transaction, who: Operator, now: Now
) -> RedeliveredView:
    """Send anew what was made from `from` until before `to` and was delivered or has failed.

    With the same `webhook-id`, oldest first per key, at most 10,000; held while suspended.
    404 `connection-unknown`; 409 `direction-not-offered`; 403 `connection-revoked`;
    422 `range-too-large`.
    """
    wanted = Wanted(event_type=body.type, begins=body.begins, ends=body.ends)
    done = await redeliveries.redeliver_range(session, code, wanted, person(who), now=now)
    return RedeliveredView(count=done.count, state=done.state)


@router.post("/connections/{code}/dispatches/{dispatch}/redeliver", status_code=202)
async def redeliver(
    code: CodeInPath, dispatch: UUID, session: Transaction, who: Operator, now: Now
) -> DispatchView:
    """Send one dispatch anew with the same `webhook-id`; held while suspended.

    One that waits for its next try is tried now. What was discarded or superseded may go out too:
    that is a decision, and the ledger names whose. 404 `dispatch-unknown`;
    409 `dispatch-under-way`, `direction-not-offered`; 403 `connection-revoked`.
    """
    row = await redeliveries.redeliver(session, code, dispatch, person(who), now=now)
    return delivery_log.view(row)
