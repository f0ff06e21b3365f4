"""The other question to another service: the PDF of a forwarded report (decisions/0018)."""

import hashlib
from uuid import UUID

import httpx

from chassis.telemetry import current_traceparent
from connector_gateway.errors.dispatches import DocumentUnavailable

PATH = "/api/submissions/v1/forwarded"
WAIT_SECONDS = 15.0


async def forwarded_pdf(
    submissions_url: str, token: str, consolidation: UUID, *, sha256: str
) -> bytes:
    """Return the frozen document with this digest; raises ``DocumentUnavailable``."""
    address = f"{submissions_url.rstrip('/')}{PATH}/{consolidation}/document"
    headers = {
        "Authorization": f"Bearer {token}",
        "traceparent": current_traceparent() or "",
    }
    try:
        async with httpx.AsyncClient(timeout=WAIT_SECONDS, trust_env=False) as client:
            answer = await client.get(address, headers=headers)
        answer.raise_for_status()
    except (httpx.HTTPError, OSError) as why:
        raise DocumentUnavailable(why=type(why).__name__) from why
    if hashlib.sha256(answer.content).hexdigest() != sha256:
        raise DocumentUnavailable(why="digest")
    return answer.content
