"""Requests for a connection account with their clock of two working days (NĐ 194/2025 Đ40.3)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from contracts.submissions.v1 import ConsolidationForwarded
from portal.hub import CONNECTIONS, Problem
from portal.pages import page
from portal.viewer import Form, SignedIn, Viewer

router = APIRouter()


@router.get("/de-nghi-ket-noi")
async def board(request: Request, viewer: SignedIn) -> Response:
    """Show what was asked for, what is due when, what was answered."""
    found = await viewer.hub.get(f"{CONNECTIONS}/connection-requests")
    items = sorted(found["items"], key=lambda one: (one["state"] != "open", one["due_at"] or ""))
    return page(request, "requests.html", items=items)


@router.get("/de-nghi-ket-noi/{request_id}")
async def show(request: Request, request_id: UUID, viewer: SignedIn) -> Response:
    """Show one request and the ways to answer it."""
    return await _page(request, viewer, request_id)


@router.post("/de-nghi-ket-noi/{request_id}/cap")
async def grant(request: Request, request_id: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Open the connection as asked for; its secret is shown once, on the page that follows."""
    path = f"{CONNECTIONS}/connection-requests/{request_id}"
    asked = await viewer.hub.get(path)
    webhook = str(sent.get("webhook", ""))
    body = {
        "code": str(sent.get("code", "")),
        "name": str(sent.get("name", "")),
        "system": str(sent.get("system", "")),
        "directions": asked["directions"],
        "regimes": asked["regimes"],
        "agencies": asked["agencies"],
        "webhook": {"url": webhook, "events": [ConsolidationForwarded.type]} if webhook else None,
    }
    try:
        done = await viewer.hub.post(f"{path}/grant", body)
    except Problem as why:
        return await _page(request, viewer, request_id, problem=why, sent=body)
    return await _page(request, viewer, request_id, opened=done["connection"])


@router.post("/de-nghi-ket-noi/{request_id}/tu-choi")
async def refuse(request: Request, request_id: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Refuse with reasons."""
    body = {"reasons": str(sent.get("reasons", ""))}
    try:
        await viewer.hub.post(f"{CONNECTIONS}/connection-requests/{request_id}/refuse", body)
    except Problem as why:
        return await _page(request, viewer, request_id, problem=why)
    return RedirectResponse(f"/de-nghi-ket-noi/{request_id}", 303)


async def _page(
    request: Request,
    viewer: Viewer,
    request_id: UUID,
    *,
    problem: Problem | None = None,
    **facts: Any,
) -> Response:
    return page(
        request,
        "request.html",
        one=await viewer.hub.get(f"{CONNECTIONS}/connection-requests/{request_id}"),
        can_act=viewer.has("connection_operator", "operator", "administrator"),
        problem=problem,
        **({"opened": None, "sent": {}} | facts),
    )
