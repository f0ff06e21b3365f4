"""How I am told, what is difficult for me, and mails that did not get out (Điều 8.3, 13.3)."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from portal.hub import NOTIFICATIONS, Problem
from portal.pages import page
from portal.viewer import Form, SignedIn, Viewer

router = APIRouter()
READERS = ("operator", "administrator", "auditor")


@router.get("/tuy-chon")
async def preferences(request: Request, viewer: SignedIn, da_luu: bool = False) -> Response:
    """Show by which way I am told of what, beside the inbox."""
    wanted = await viewer.hub.get(f"{NOTIFICATIONS}/preferences")
    return page(request, "preferences.html", wanted=wanted, is_saved=da_luu)


@router.post("/tuy-chon")
async def prefer(request: Request, viewer: SignedIn, sent: Form) -> Response:
    """Replace how I am told."""
    ways = {name.removeprefix("way-"): str(way) for name, way in sent.items() if name[:4] == "way-"}
    quiet = {"begins": str(sent.get("begins", "")), "ends": str(sent.get("ends", ""))}
    body = {"ways": ways, "quiet_hours": quiet if sent.get("is_quiet") else None}
    try:
        await viewer.hub.ask("PUT", f"{NOTIFICATIONS}/preferences", json=body)
    except Problem as why:
        wanted = await viewer.hub.get(f"{NOTIFICATIONS}/preferences") | body
        return page(request, "preferences.html", problem=why, wanted=wanted, is_saved=False)
    return RedirectResponse("/tuy-chon?da_luu=true", 303)


@router.get("/phan-anh")
async def feedback(request: Request, viewer: SignedIn, trang: str = "/") -> Response:
    """Show the form in which I say what is difficult; operators see what was said (Điều 13.3)."""
    return await _feedback(request, viewer, sent={"page": trang})


@router.post("/phan-anh")
async def send(request: Request, viewer: SignedIn, sent: Form) -> Response:
    """Send what is difficult to the operator."""
    body = {
        "text": str(sent.get("text", "")),
        "page": str(sent.get("page", "/")),
        "contact": str(sent.get("contact", "")) or None,
    }
    try:
        done = await viewer.hub.post(f"{NOTIFICATIONS}/feedback", body)
    except Problem as why:
        return await _feedback(request, viewer, sent=body, problem=why)
    return RedirectResponse(f"/phan-anh/{done['id']}", 303)


async def _feedback(
    request: Request,
    viewer: Viewer,
    *,
    sent: dict[str, str | None],
    problem: Problem | None = None,
) -> Response:
    items = []
    if viewer.has(*READERS):
        items = (await viewer.hub.get(f"{NOTIFICATIONS}/feedback"))["items"]
    return page(
        request,
        "feedback.html",
        items=items,
        is_reader=viewer.has(*READERS),
        sent=sent,
        problem=problem,
    )


@router.get("/phan-anh/{feedback_id}")
async def show(request: Request, feedback_id: UUID, viewer: SignedIn) -> Response:
    """Show a feedback and its answer to its author and to operators."""
    return await _one(request, viewer, feedback_id)


@router.post("/phan-anh/{feedback_id}/tra-loi")
async def answer(request: Request, feedback_id: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Answer a feedback, and put it under a topic."""
    path = f"{NOTIFICATIONS}/feedback/{feedback_id}"
    try:
        topic = str(sent.get("topic", "")).strip() or None
        await viewer.hub.ask("PUT", f"{path}/topic", json={"topic": topic})
        await viewer.hub.post(f"{path}/answer", {"answer": str(sent.get("answer", ""))})
    except Problem as why:
        return await _one(request, viewer, feedback_id, problem=why)
    return RedirectResponse(f"/phan-anh/{feedback_id}", 303)


async def _one(
    request: Request, viewer: Viewer, feedback_id: UUID, *, problem: Problem | None = None
) -> Response:
    return page(
        request,
        "feedback-one.html",
        one=await viewer.hub.get(f"{NOTIFICATIONS}/feedback/{feedback_id}"),
        can_answer=viewer.has("operator"),
        problem=problem,
    )


@router.get("/thu-chua-gui-duoc")
async def mails(request: Request, viewer: SignedIn) -> Response:
    """Show the mails that did not get out, with the mail server's words."""
    found = await viewer.hub.get(f"{NOTIFICATIONS}/mails", state="failed")
    return page(request, "mails.html", items=found["items"], can_retry=viewer.has("operator"))


@router.post("/thu-chua-gui-duoc/{mail_id}/gui-lai")
async def retry(mail_id: UUID, viewer: SignedIn, _: Form) -> Response:
    """Send a mail that was given up once more."""
    await viewer.hub.post(f"{NOTIFICATIONS}/mails/{mail_id}/retry")
    return RedirectResponse("/thu-chua-gui-duoc", 303)
