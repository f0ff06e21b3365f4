"""The door for figures: pushes of external systems, and their receipts."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, FastAPI, Query, Request, Response

from chassis.auth import Principal
from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import Refusal
from chassis.gathering import Gathering
from chassis.paging import After, Limit, Page, encode
from chassis.problems import PROBLEMS
from chassis.telemetry import current_traceparent
from connector_gateway.api.bodies import CodeInPath, id_after
from connector_gateway.api.callers import OwnSystem, OwnSystemOrReader, source_of
from connector_gateway.api.intake import read_delivery, read_sample
from connector_gateway.api.shortcuts import PushRoute
from connector_gateway.api.waiting import watch_of
from connector_gateway.commands import deliveries as commands
from connector_gateway.commands.admissions import admit
from connector_gateway.commands.dry_runs import permit
from connector_gateway.commands.keys import signing_key
from connector_gateway.domain.contents import CSV, JSON, XLSX
from connector_gateway.domain.pushes import Answer, Push
from connector_gateway.domain.receipts import Accepted
from connector_gateway.domain.signatures import Message
from connector_gateway.errors.deliveries import ReceiptUnknown
from connector_gateway.queries import deliveries as queries
from connector_gateway.queries.deliveries import ReceiptView
from connector_gateway.queries.dry_runs import DryRunView, dry_run
from contracts.connector_gateway.v1 import Direction

router = APIRouter(tags=["deliveries"])

TEXT: dict[str, Any] = {"schema": {"type": "string"}}
LIMITS: dict[str, Any] = {
    "RateLimit-Policy": TEXT | {"description": 'Quotas: "burst" of deliveries, "day" of bytes'},
    "RateLimit": TEXT | {"description": "What is left (r), and seconds until all is there (t)"},
}
"""On every answer to a push of a connection with a quota."""
PUSH: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"type": "object"}},
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Of every push; a dry run needs none",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
    ],
}


async def push(
    code: CodeInPath,
    request: Request,
    who: OwnSystem,
    now: Now,
    is_dry: Annotated[
        bool, Query(alias="dry_run", description="Only say what the delivery would do")
    ] = False,
) -> Response:
    """Push figures: at most 5 MiB, 20,000 figures, nesting 8; JSON, CSV or XLSX, gzip or zstd.

    202 with `Location` of the receipt. The same `Idempotency-Key` with the same body answers the
    same receipt. 503 `connection-suspended` with `ground`, `notice`, `expected_end`, `epoch`;
    403 `connection-revoked`; 401 `token-outdated`; 413 `payload-too-large`;
    415 `delivery-media-type`, `workbook-has-macros`;
    422 `idempotency-key-missing`, `idempotency-key-reused`, `invalid-text`; 400 `invalid-json`.
    By the policy of the connection: 403 `ip-not-allowed`; 415 `format-not-allowed`;
    401 `signature-required`, `signature-invalid` (RFC 9421, not for a dry run);
    429 `quota-exceeded` with `Retry-After`; with a quota, every answer has `RateLimit` and
    `RateLimit-Policy`.

    `?dry_run=true` keeps nothing, needs no `Idempotency-Key` and answers 200 at once with what the
    receipt would say; `submit` is not tried. 503 `dry-run-unavailable`.
    """
    if is_dry:
        return await _try_out(code, request, who, now)
    offered = await read_delivery(request)
    asked = Push(
        *(code, who.epoch, offered, current_traceparent()),
        source=source_of(request),
        message=_message(request),
    )
    told = await _gathering(request.app).take(asked)
    if isinstance(told, Refusal):
        raise told  # what the ledger says of it has been committed
    return _accepted(code, told, now)


router.add_api_route(
    "/connections/{code}/deliveries",
    push,
    methods=["POST"],
    status_code=202,
    openapi_extra=PUSH,
    response_class=Response,
    responses={
        200: {"model": DryRunView, "description": "What the delivery would do"},
        202: {"description": "Taken", "headers": {"Location": TEXT, **LIMITS}},
        429: PROBLEMS["4XX"] | {"headers": {"Retry-After": TEXT, **LIMITS}},
    },
    route_class_override=PushRoute,
)


def _message(request: Request) -> Message:
    url = request.app.state.settings.origin + request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    return Message(request.method, f"{url}?{query}" if query else url, request.headers)


async def _try_out(code: str, request: Request, who: Principal, now: datetime) -> Response:
    settings = request.app.state.settings
    async with request.app.state.database.transaction() as session:
        token, policy = await permit(
            session, who, code, signing_key(settings.signing_key_file), now=now
        )
    policy.refuse_source(source_of(request))
    sample = await read_sample(request)
    policy.refuse_format(sample.content_type)
    view = await dry_run(settings.submissions_url, token, sample)
    return Response(view.model_dump_json(), 200, media_type=JSON)


def _gathering(app: FastAPI) -> Gathering[Push, Answer]:
    """Return the one gathering of pushes in this process."""
    if not hasattr(app.state, "pushes"):
        bound = app.state.settings.bound_of(Direction.INBOUND)
        app.state.pushes = Gathering(app.state.database, partial(commands.receive, bound=bound))
    pushes: Gathering[Push, Answer] = app.state.pushes
    return pushes


def _accepted(code: str, accepted: Accepted, now: Now) -> Response:
    body = {
        "receipt": str(accepted.receipt),
        "state": accepted.state.value,
        "sha256": accepted.sha256.hex(),
        "received_at": accepted.received_at.astimezone(now.tzinfo).isoformat(
            timespec="milliseconds"
        ),
        "epoch": accepted.epoch,
        "ledger_index": accepted.ledger_index,
    }
    place = f"/api/connector-gateway/v1/connections/{code}/deliveries/{accepted.receipt}"
    headers = {"Location": place, **accepted.limits}
    return Response(orjson.dumps(body), 202, headers, media_type=JSON)


@router.get("/connections/{code}/deliveries/{receipt}")
async def show_receipt(
    code: CodeInPath,
    receipt: UUID,
    request: Request,
    who: OwnSystemOrReader,
    now: Now,
    wait: Annotated[int, Query(ge=0, le=30, description="Seconds to wait for a final state")] = 0,
) -> ReceiptView:
    """Return a receipt: its state, exact counts and every figure that was not taken.

    `wait` waits so many seconds for a final state. 404 `receipt-unknown`.
    """
    found = await find_receipt(request, who, code, receipt, now)
    if wait and found.state == "received":
        await watch_of(request.app).finished(receipt, wait)
        found = await find_receipt(request, who, code, receipt, now)
    return found


async def find_receipt(
    request: Request, who: Principal, code: str, receipt: UUID, now: datetime
) -> ReceiptView:
    """Return a receipt to whoever may see it now; raises ``ReceiptUnknown``."""
    async with request.app.state.database.transaction() as session:
        if who.kind == "system":
            await admit(session, who, code, now=now)
        found = await queries.receipt(session, code, receipt)
    if found is None:
        raise ReceiptUnknown(connection=code, receipt=receipt)
    return found


@router.get("/connections/{code}/deliveries")
async def list_receipts(
    code: CodeInPath,
    session: Transaction,
    who: OwnSystemOrReader,
    now: Now,
    limit: Limit = 50,
    after: After = None,
) -> Page[ReceiptView]:
    """List the receipts of a connection, the latest first."""
    if who.kind == "system":
        await admit(session, who, code, now=now)
    items = await queries.receipts(session, code, after=id_after(after), limit=limit)
    more = encode(str(items[-1].receipt)) if len(items) == limit else None
    return Page(items=items, next=more)
