"""Suspending with notice, extending, calling off, the owner who has been told (Điều 8)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from portal.hub import CONNECTIONS, Problem
from portal.pages import from_local, page
from portal.viewer import Form, SignedIn, Viewer

router = APIRouter()


@router.get("/ket-noi/{code}/tam-ngung")
async def ask(request: Request, code: str, viewer: SignedIn) -> Response:
    """Show the form that suspends a connection."""
    connection = await viewer.hub.get(f"{CONNECTIONS}/connections/{code}")
    return page(request, "suspend.html", connection=connection, order={}, plan=None)


@router.post("/ket-noi/{code}/tam-ngung")
async def suspend(request: Request, code: str, viewer: SignedIn, sent: Form) -> Response:
    """Show what an order would do and the notice as it will be read, or give it (Điều 8.1)."""
    connection = await viewer.hub.get(f"{CONNECTIONS}/connections/{code}")
    order = _order(connection, sent)
    is_preview = sent.get("step") == "preview"
    facts = {"connection": connection, "order": order}
    try:
        path = f"{CONNECTIONS}/suspensions{'/preview' if is_preview else ''}"
        done = await viewer.hub.post(path, order)
    except Problem as why:
        return page(request, "suspend.html", problem=why, plan=None, **facts)
    if is_preview:
        return page(request, "suspend.html", plan=done, **facts)
    return RedirectResponse(f"/tam-ngung/{done['id']}", 303)


def _order(connection: dict[str, Any], sent: FormData) -> dict[str, Any]:
    kind = str(sent.get("scope", "connection"))
    codes = {"connection": connection["code"], "agency": connection["system"]["owner_agency"]}
    return {
        "ground": str(sent.get("ground", "")),
        "scope": {
            "kind": kind,
            "code": codes.get(kind, ""),
            "directions": [str(one) for one in sent.getlist("directions")],
        },
        "public_reason": str(sent.get("public_reason", "")),
        "internal_reason": str(sent.get("internal_reason", "")) or None,
        "effective_at": from_local(str(sent.get("effective_at", ""))),
        "expected_end": from_local(str(sent.get("expected_end", ""))),
    }


@router.get("/tam-ngung/{suspension}")
async def show(request: Request, suspension: UUID, viewer: SignedIn) -> Response:
    """Show a suspension: ground, notice, who was told, and the way to end it."""
    return await _page(request, viewer, suspension)


@router.post("/tam-ngung/{suspension}/gia-han")
async def extend(request: Request, suspension: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Announce a later end with a new notice (Điều 8.2)."""
    body = {
        "expected_end": from_local(str(sent.get("expected_end", ""))),
        "public_reason": str(sent.get("public_reason", "")),
    }
    return await _step(request, viewer, suspension, "extend", body)


@router.post("/tam-ngung/{suspension}/huy")
async def cancel(request: Request, suspension: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Cancel an order that was announced and has not begun; the reason is public."""
    body = {"remedy": str(sent.get("remedy", ""))}
    return await _step(request, viewer, suspension, "lift", body)


@router.get("/tam-ngung/{suspension}/da-biet")
async def ask_owner(request: Request, suspension: UUID, _: SignedIn) -> Response:
    """Ask a person of the owner agency to confirm having been told (Điều 8.4)."""
    return page(request, "acknowledge.html", suspension=suspension, is_done=False)


@router.post("/tam-ngung/{suspension}/da-biet")
async def acknowledge(request: Request, suspension: UUID, viewer: SignedIn, _: Form) -> Response:
    """Record that the owner of the system has been told (Điều 8.4)."""
    facts: dict[str, Any] = {"suspension": suspension}
    try:
        await viewer.hub.post(f"{CONNECTIONS}/suspensions/{suspension}/acknowledge")
    except Problem as why:
        return page(request, "acknowledge.html", problem=why, is_done=False, **facts)
    return page(request, "acknowledge.html", is_done=True, **facts)


async def _step(
    request: Request, viewer: Viewer, suspension: UUID, step: str, body: Any
) -> Response:
    try:
        await viewer.hub.post(f"{CONNECTIONS}/suspensions/{suspension}/{step}", body)
    except Problem as why:
        return await _page(request, viewer, suspension, problem=why)
    return RedirectResponse(f"/tam-ngung/{suspension}", 303)


async def _page(
    request: Request, viewer: Viewer, suspension: UUID, *, problem: Problem | None = None
) -> Response:
    return page(
        request,
        "suspension.html",
        suspension=await viewer.hub.get(f"{CONNECTIONS}/suspensions/{suspension}"),
        can_act=viewer.has("connection_operator", "operator", "administrator"),
        problem=problem,
    )
