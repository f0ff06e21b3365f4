"""The door for dry runs: connector-gateway asks what a delivery would do (decisions/0011)."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from joserfc import jws

from chassis.auth import Bearer, Principal, whoever
from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import TooLarge
from chassis.identifiers import new_id
from contracts.submissions.v1 import DeliveryProcessed
from submissions.commands.deliveries import content_of, grant_of
from submissions.commands.dry_runs import try_out
from submissions.domain.deliveries.intake import Arrival
from submissions.domain.deliveries.shapes import MOST_BYTES
from submissions.errors import GatewayOnly

router = APIRouter(tags=["dry runs"])

GATEWAY = "connector-gateway"
DRY_RUN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Asked(msgspec.Struct):
    """What the token of connector-gateway says of the connection that it asks for."""

    iss: str
    connection: str
    grant: str
    code_map: int


async def asked_by_gateway(credentials: Bearer, _: Annotated[Principal, Depends(whoever)]) -> Asked:
    """Return for whom the gateway asks; the signature has been checked. Raises ``GatewayOnly``.

    Access tokens of systems come from the same key but carry no grant, so that no system asks
    past the gate of its connection.
    """
    try:
        token = jws.extract_compact(credentials.credentials.encode() if credentials else b"")
        asked = msgspec.json.decode(token.payload, type=Asked)
    except (ValueError, msgspec.ValidationError) as why:
        raise GatewayOnly from why
    if asked.iss != GATEWAY:
        raise GatewayOnly
    return asked


@router.post("/dry-runs", openapi_extra=DRY_RUN)
async def dry_run(
    request: Request,
    asked: Annotated[Asked, Depends(asked_by_gateway)],
    session: Transaction,
    now: Now,
) -> DeliveryProcessed:
    """Say what a delivery would do now, every figure that would not be taken with its place.

    For connector-gateway only, with a token that carries the connection and its grant. The body
    is the delivery as it came, at most 5 MiB. Nothing is written; `receipt_id` is nobody's.
    403 `gateway-only`; 413 `payload-too-large`; 503 `code-map-not-arrived`.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    headers = request.headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    content = await content_of(body, kind, headers.get("content-encoding", ""))
    arrival = Arrival(
        receipt_id=new_id(),
        connection=asked.connection,
        received_at=now,
        grant=grant_of(asked.grant),
        traceparent=None,
        content=content,
        code_map_version=asked.code_map,
    )
    return await try_out(session, arrival, now=now)
