"""Data entry: the grid of a report, autosaved; approve and send; its history."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from portal.grids import grid
from portal.hub import SUBMISSIONS, Hub, Problem
from portal.pages import WORDS, page
from portal.viewer import Form, SignedIn, refuse_foreign

router = APIRouter()
OPEN = {"assigned", "draft", "approved", "returned"}
TO_APPROVE = {"assigned", "draft", "returned"}


@router.get("/bao-cao/{report}")
async def show(request: Request, report: UUID, viewer: SignedIn) -> Response:
    """Show the entry grid of a report, or its figures where they cannot be changed."""
    answer = await viewer.hub.ask("GET", f"{SUBMISSIONS}/reports/{report}")
    return _page(request, viewer, answer.json(), answer.headers["etag"])


def _page(
    request: Request,
    viewer: SignedIn,
    view: dict[str, Any],
    etag: str,
    problem: Problem | None = None,
) -> Response:
    is_own = view["unit"] == viewer.me["agency"] and viewer.has("officer", "agency_head")
    return page(
        request,
        "report.html",
        report=view,
        grid=grid(view),
        etag=etag,
        can_edit=is_own and view["status"] in OPEN,
        can_approve=is_own and viewer.has("agency_head") and view["status"] in TO_APPROVE,
        can_send=is_own and view["status"] == "approved",
        can_review=viewer.has("lead_agency_reviewer")
        and view["lead_agency"] == viewer.me["agency"],
        problem=problem,
    )


@router.patch("/bao-cao/{report}/so-lieu")
async def save(request: Request, report: UUID, viewer: SignedIn) -> Response:
    """Save figures of the grid; answer what the hub says, for the grid to show."""
    refuse_foreign(request, request.headers.get("x-form-token", ""))
    try:
        answer = await viewer.hub.ask(
            "PATCH",
            f"{SUBMISSIONS}/reports/{report}",
            json=await request.json(),
            headers={"If-Match": request.headers.get("if-match", "")},
        )
    except Problem as why:
        return JSONResponse(dict(why.body), why.status)
    view = answer.json()
    kept = ("cells", "derived", "findings", "status", "version", "notes")
    body = {name: view[name] for name in kept}
    body["status_text"] = WORDS["status"][view["status"]]
    body["status_colour"] = WORDS["status_colour"][view["status"]]
    return JSONResponse(body, headers={"ETag": answer.headers["etag"]})


@router.post("/bao-cao/{report}/phe-duyet")
async def approve(request: Request, report: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Sign the version off that was read."""
    body = {"version": int(str(sent.get("version") or 0)) or None}
    return await _step(request, viewer, report, "approve", body)


@router.post("/bao-cao/{report}/gui")
async def send(request: Request, report: UUID, viewer: SignedIn, _: Form) -> Response:
    """Send the report to the lead agency."""
    return await _step(request, viewer, report, "submit", None)


@router.get("/bao-cao/{report}/phien-ban")
async def history(
    request: Request, report: UUID, viewer: SignedIn, tu: int | None = None, den: int | None = None
) -> Response:
    """Show the versions of a report and what changed between two of them."""
    view = await viewer.hub.get(f"{SUBMISSIONS}/reports/{report}")
    versions = await viewer.hub.get(f"{SUBMISSIONS}/reports/{report}/versions")
    last = view["version"]
    first = tu if tu is not None else max(0, last - 1)
    diff = await _diff(viewer.hub, report, first, den if den is not None else last)
    return page(request, "history.html", report=view, versions=versions["items"], diff=diff)


async def _diff(hub: Hub, report: UUID, before: int, after: int) -> dict[str, Any]:
    path = f"{SUBMISSIONS}/reports/{report}/diff"
    found: dict[str, Any] = await hub.get(path, **{"from": str(before), "to": str(after)})
    return found


async def _step(request: Request, viewer: SignedIn, report: UUID, step: str, body: Any) -> Response:
    """Take a step; where it is refused show the page again with the reason."""
    try:
        await viewer.hub.post(f"{SUBMISSIONS}/reports/{report}/{step}", body)
    except Problem as why:
        answer = await viewer.hub.ask("GET", f"{SUBMISSIONS}/reports/{report}")
        return _page(request, viewer, answer.json(), answer.headers["etag"], why)
    return RedirectResponse(f"/bao-cao/{report}", 303)
