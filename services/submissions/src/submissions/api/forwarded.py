"""The door for forwarded documents: connector-gateway fetches what an authority asks it for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from chassis.database import Transaction
from submissions.api.dry_runs import Asked, asked_by_gateway
from submissions.commands.deliveries import grant_of
from submissions.documents import pdf
from submissions.queries import consolidations as queries

router = APIRouter(tags=["consolidations"])


@router.get(
    "/forwarded/{consolidation_id}/document",
    response_class=Response,
    responses={
        200: {"content": {pdf.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def forwarded_document(
    consolidation_id: UUID,
    asked: Annotated[Asked, Depends(asked_by_gateway)],
    session: Transaction,
) -> Response:
    """Return the PDF of a forwarded consolidation, byte for byte as it was forwarded.

    For connector-gateway only, with a token that carries the connection and its grant: a regime
    outside the grant is not found. 403 `gateway-only`; 404 `consolidation-not-found`.
    """
    regimes = grant_of(asked.grant).regimes
    document = await queries.forwarded_document(session, consolidation_id, regimes)
    return Response(document, media_type=pdf.MEDIA_TYPE)
