"""The door for documents of forwarded reports: JSON and PDF, as their digests were signed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import Now
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import OwnSystemOrReader
from connector_gateway.commands.admissions import admit
from connector_gateway.commands.dry_runs import token_for
from connector_gateway.commands.keys import signing_key
from connector_gateway.domain.dispatches import Dispatch
from connector_gateway.domain.documents import JSON, PDF, json_of, pdf_digest_of
from connector_gateway.errors.dispatches import DispatchUnknown, DocumentUnknown
from connector_gateway.queries import connections, delivery_log
from connector_gateway.queries.documents import forwarded_pdf
from contracts.submissions.v1 import ConsolidationForwarded

router = APIRouter(tags=["dispatches"])

SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}


def _answers(media_type: str, shape: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": shape}}}}


@router.get(
    "/connections/{code}/dispatches/{dispatch}/document.json",
    response_class=Response,
    responses=_answers(JSON, {"type": "object"}),
)
async def show_json(
    code: CodeInPath, dispatch: UUID, request: Request, who: OwnSystemOrReader, now: Now
) -> Response:
    """Return the facts of the forwarded report as JSON: sorted keys, no spaces, UTF-8.

    Its SHA-256 is the one that the signed webhook names in `data.documents`.
    404 `dispatch-unknown`, `document-unknown`; 503 `connection-suspended`.
    """
    async with request.app.state.database.transaction() as session:
        if who.kind == "system":
            await admit(session, who, code, now=now)
        row = await _forwarded(session, code, dispatch)
    content, _ = json_of(row.payload)
    return Response(content, media_type=JSON, headers=SAFE)


@router.get(
    "/connections/{code}/dispatches/{dispatch}/document.pdf",
    response_class=Response,
    responses=_answers(PDF, {"type": "string", "format": "binary"}),
)
async def show_pdf(
    code: CodeInPath, dispatch: UUID, request: Request, who: OwnSystemOrReader, now: Now
) -> Response:
    """Return the forwarded report as PDF in its official layout, byte for byte as forwarded.

    Its SHA-256 is the one that the signed webhook names in `data.documents`; anything else is
    never given out. 404 `dispatch-unknown`, `document-unknown`; 503 `document-unavailable`,
    `connection-suspended`.
    """
    settings = request.app.state.settings
    key = signing_key(settings.signing_key_file)
    async with request.app.state.database.transaction() as session:
        if who.kind == "system":
            await admit(session, who, code, now=now)
        row = await _forwarded(session, code, dispatch)
        connection = await connections.connection_of_code(session, code)
        if connection is None:
            raise DispatchUnknown(connection=code, dispatch=dispatch)
        token = token_for(connection, key, now=now)
    content = await forwarded_pdf(
        settings.submissions_url, token, UUID(row.key), sha256=pdf_digest_of(row.payload)
    )
    name = f'attachment; filename="{row.webhook_id}.pdf"'
    return Response(content, media_type=PDF, headers=SAFE | {"Content-Disposition": name})


async def _forwarded(session: AsyncSession, code: str, dispatch: UUID) -> Dispatch:
    row = await delivery_log.dispatch_of(session, code, dispatch)
    if row is None:
        raise DispatchUnknown(connection=code, dispatch=dispatch)
    if row.event_type != ConsolidationForwarded.type:
        raise DocumentUnknown(dispatch=dispatch)
    return row
