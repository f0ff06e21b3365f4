"""My work, the inbox, and the way in."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from portal.hub import NOTIFICATIONS, SUBMISSIONS
from portal.pages import page
from portal.viewer import Form, SignedIn

router = APIRouter()


@router.get("/livez")
@router.get("/readyz")
async def ready() -> JSONResponse:
    """Say that the portal can serve pages; it keeps nothing that it would have to wait for."""
    return JSONResponse({"ready": True, "waits": {}})


@router.get("/metrics")
async def metrics() -> Response:
    """Return the metrics of this process in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/")
async def home(viewer: SignedIn) -> Response:
    """Lead to what the person is here for."""
    if viewer.has("connection_operator") and not viewer.has("officer", "agency_head"):
        return RedirectResponse("/ket-noi", 303)
    return RedirectResponse("/viec-cua-toi", 303)


@router.get("/viec-cua-toi")
async def my_work(request: Request, viewer: SignedIn) -> Response:
    """Show what is due from me, overdue first."""
    work = await viewer.hub.get(f"{SUBMISSIONS}/my-work")
    return page(request, "my-work.html", items=work["items"])


@router.get("/hop-tin")
async def inbox(request: Request, viewer: SignedIn) -> Response:
    """Show what I was told."""
    found = await viewer.hub.get(f"{NOTIFICATIONS}/inbox")
    return page(request, "inbox.html", items=found["items"])


@router.get("/hop-tin/chua-doc")
async def unread(viewer: SignedIn) -> JSONResponse:
    """Return how many items of the inbox are unread."""
    return JSONResponse(await viewer.hub.get(f"{NOTIFICATIONS}/inbox/unread-count"))


@router.post("/hop-tin/{item}/da-doc")
async def read(item: str, viewer: SignedIn, _: Form) -> Response:
    """Note that I have read an item."""
    await viewer.hub.post(f"{NOTIFICATIONS}/inbox/{item}/read")
    return RedirectResponse("/hop-tin", 303)
