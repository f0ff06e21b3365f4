"""The connections board: states, flags, suspending with notice, lifting with a second person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from portal.hub import CONNECTIONS, Problem
from portal.live import stream
from portal.pages import ZONE, page, part
from portal.viewer import Form, SignedIn

router = APIRouter()


@router.get("/ket-noi")
async def board(request: Request, viewer: SignedIn) -> Response:
    """Show every connection: what is wanted, what is observed, what is held."""
    connections = await viewer.hub.get(f"{CONNECTIONS}/connections")
    suspensions = await viewer.hub.get(f"{CONNECTIONS}/suspensions")
    return page(
        request,
        "connections.html",
        connections=connections["items"],
        suspensions=suspensions["items"],
        can_suspend=viewer.has("connection_operator", "operator"),
    )


@router.get("/ket-noi/trang-thai")
async def states(request: Request, viewer: SignedIn) -> Response:
    """Tell the state of every connection whenever it changes (server-sent events)."""

    async def parts() -> dict[str, str]:
        found = await viewer.hub.get(f"{CONNECTIONS}/connections")
        return {
            f"trang-thai-{one['code']}": part("connection-state.html", one=one)
            for one in found["items"]
        }

    return stream(request, parts)


@router.get("/ket-noi/{code}/tam-ngung")
async def ask(request: Request, code: str, viewer: SignedIn) -> Response:
    """Show the form that suspends a connection, with the notice as it will be read."""
    connection = await viewer.hub.get(f"{CONNECTIONS}/connections/{code}")
    return page(request, "suspend.html", connection=connection, problem=None, sent={})


@router.post("/ket-noi/{code}/tam-ngung")
async def suspend(request: Request, code: str, viewer: SignedIn, sent: Form) -> Response:
    """Suspend a connection on a legal ground (Điều 8.1)."""
    order = {
        "ground": str(sent.get("ground", "")),
        "scope": {
            "kind": "connection",
            "code": code,
            "directions": [str(one) for one in sent.getlist("directions")],
        },
        "public_reason": str(sent.get("public_reason", "")),
        "internal_reason": str(sent.get("internal_reason", "")) or None,
        "effective_at": _moment(sent, "effective_at"),
        "expected_end": _moment(sent, "expected_end"),
    }
    try:
        await viewer.hub.post(f"{CONNECTIONS}/suspensions", order)
    except Problem as why:
        if why.status not in {409, 422}:
            raise
        connection = await viewer.hub.get(f"{CONNECTIONS}/connections/{code}")
        facts = {"connection": connection, "problem": dict(why.body), "sent": order}
        return page(request, "suspend.html", status=why.status, **facts)
    return RedirectResponse("/ket-noi", 303)


@router.post("/ket-noi/{code}/canh-bao")
async def flag(code: str, viewer: SignedIn, sent: Form) -> Response:
    """Say that a connection may be a security risk; a person decides (Điều 8.1c)."""
    body = {"reason": str(sent.get("reason", ""))}
    await viewer.hub.post(f"{CONNECTIONS}/connections/{code}/flags", body)
    return RedirectResponse("/ket-noi", 303)


@router.get("/tam-ngung/{suspension}")
async def show(request: Request, suspension: UUID, viewer: SignedIn) -> Response:
    """Show a suspension: ground, notice, who asked, and the way to lift it."""
    found = await viewer.hub.get(f"{CONNECTIONS}/suspensions/{suspension}")
    return page(request, "suspension.html", suspension=found, problem=None)


@router.post("/tam-ngung/{suspension}/khoi-phuc")
async def lift(request: Request, suspension: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Ask for the lift with a remedy and a choice about what was held."""
    body = {
        "remedy": str(sent.get("remedy", "")),
        "held": {
            "choose": str(sent.get("choose", "all")),
            "reason": str(sent.get("discard_reason", "")) or None,
        },
    }
    return await _step(request, viewer, suspension, "lift", body)


@router.post("/tam-ngung/{suspension}/khoi-phuc/duyet")
async def approve_lift(request: Request, suspension: UUID, viewer: SignedIn, _: Form) -> Response:
    """Approve the lift as the second person."""
    return await _step(request, viewer, suspension, "lift/approve", {})


async def _step(
    request: Request, viewer: SignedIn, suspension: UUID, step: str, body: Any
) -> Response:
    path = f"{CONNECTIONS}/suspensions/{suspension}"
    try:
        await viewer.hub.post(f"{path}/{step}", body)
    except Problem as why:
        if why.status not in {403, 409, 422}:
            raise
        found = await viewer.hub.get(path)
        facts = {"suspension": found, "problem": dict(why.body)}
        return page(request, "suspension.html", status=why.status, **facts)
    return RedirectResponse(f"/tam-ngung/{suspension}", 303)


def _moment(sent: FormData, name: str) -> str | None:
    text = str(sent.get(name, ""))
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat() if text else None
