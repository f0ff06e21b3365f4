"""The connections board and each connection: states, flags, what was done to it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from portal.hub import CONNECTIONS
from portal.live import stream
from portal.pages import page, part
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


@router.get("/ket-noi/{code}")
async def show(request: Request, code: str, viewer: SignedIn, sau: str | None = None) -> Response:
    """Show one connection and its course, as the exchange ledger keeps it."""
    path = f"{CONNECTIONS}/connections/{code}"
    return page(
        request,
        "connection.html",
        one=await viewer.hub.get(path),
        course=await viewer.hub.get(f"{path}/timeline", after=sau, limit=30),
        flags=(await viewer.hub.get(f"{path}/flags", state="open"))["items"],
        can_suspend=viewer.has("connection_operator", "operator"),
    )


@router.post("/ket-noi/{code}/canh-bao")
async def flag(code: str, viewer: SignedIn, sent: Form) -> Response:
    """Say that a connection may be a security risk; a person decides (Điều 8.1c)."""
    body = {"reason": str(sent.get("reason", ""))}
    await viewer.hub.post(f"{CONNECTIONS}/connections/{code}/flags", body)
    return RedirectResponse(f"/ket-noi/{code}", 303)


@router.post("/ket-noi/{code}/canh-bao/{flag_id}/bo-qua")
async def dismiss(code: str, flag_id: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Decide that a flag tells of no risk, with the reason."""
    body = {"reason": str(sent.get("reason", ""))}
    await viewer.hub.post(f"{CONNECTIONS}/connections/{code}/flags/{flag_id}/dismiss", body)
    return RedirectResponse(f"/ket-noi/{code}", 303)
