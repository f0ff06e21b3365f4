"""What a problem means, and where the documents of the API are; no login."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.asyncapi import document as messages
from contracts.yaml import dump
from portal.hub import ACCOUNTS, CATALOG, CONNECTIONS, NOTIFICATIONS, SUBMISSIONS, Hub, Problem
from portal.pages import page

router = APIRouter()
SERVICES = {
    "accounts": ACCOUNTS,
    "catalog": CATALOG,
    "submissions": SUBMISSIONS,
    "notifications": NOTIFICATIONS,
    "connector-gateway": CONNECTIONS,
}


@router.get("/problems/{slug}")
async def problem(request: Request, slug: str) -> Response:
    """Explain a kind of problem and what to do about it."""
    hub = Hub(request.app.state.http)
    for prefix in SERVICES.values():
        try:
            text = await hub.get(f"{prefix}/problems/{slug}")
        except Problem:
            continue
        return page(request, "problem-text.html", text=text)
    return page(request, "missing.html", status=404)


@router.get("/docs")
async def documents(request: Request) -> Response:
    """List the documents of the public interface."""
    return page(request, "documents.html", services=SERVICES)


@router.get("/docs/asyncapi.yaml")
async def asyncapi() -> Response:
    """Return what the services say to each other (AsyncAPI 3)."""
    return Response(dump(messages()), media_type="application/yaml")
