"""The lead agency's pages: the progress board of a period, review, send back, accept."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from portal.grids import grid
from portal.hub import CATALOG, SUBMISSIONS, Problem
from portal.pages import from_local, page
from portal.viewer import Form, SignedIn

router = APIRouter()


@router.get("/tien-do")
async def periods(request: Request, viewer: SignedIn) -> Response:
    """Show which regimes there are, to choose a period of one."""
    regimes = await viewer.hub.get(f"{CATALOG}/regimes")
    work = await viewer.hub.get(f"{SUBMISSIONS}/reports", limit=500)
    found = sorted({(item["regime"], item["period"]) for item in work["items"]})
    return page(request, "periods.html", regimes=regimes["items"], periods=found)


@router.get("/tien-do/{regime}/{period}")
async def board(
    request: Request, regime: str, period: str, viewer: SignedIn, trang_thai: str = ""
) -> Response:
    """Show where every unit's report stands."""
    progress = await viewer.hub.get(f"{SUBMISSIONS}/progress", regime=regime, period=period)
    units = [unit for unit in progress["units"] if not trang_thai or unit["status"] == trang_thai]
    done = await viewer.hub.get(f"{SUBMISSIONS}/consolidations", regime=regime, period=period)
    return page(
        request,
        "board.html",
        progress=progress,
        units=units,
        chosen=trang_thai,
        consolidations=done["items"],
        can_review=viewer.has("lead_agency_reviewer"),
    )


@router.get("/bao-cao/{report}/ra-soat")
async def review(request: Request, report: UUID, viewer: SignedIn) -> Response:
    """Show a report that was sent, to accept it or to choose cells and send it back."""
    view = await viewer.hub.get(f"{SUBMISSIONS}/reports/{report}")
    return page(request, "review.html", report=view, grid=grid(view), sent={})


@router.post("/bao-cao/{report}/gui-tra-lai")
async def send_back(request: Request, report: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Send a report back with a reason on the chosen cells and a new deadline (Điều 7.4)."""
    body = {
        "reason": str(sent.get("reason", "")),
        "cells": [str(cell) for cell in sent.getlist("cells")],
        "due_at": from_local(str(sent.get("due_at", ""))),
    }
    try:
        view = await viewer.hub.post(f"{SUBMISSIONS}/reports/{report}/send-back", body)
    except Problem as why:
        view = await viewer.hub.get(f"{SUBMISSIONS}/reports/{report}")
        facts = {"report": view, "grid": grid(view), "sent": body}
        return page(request, "review.html", problem=why, **facts)
    return RedirectResponse(f"/tien-do/{view['regime']}/{view['period']}", 303)


@router.post("/bao-cao/{report}/tiep-nhan")
async def accept(report: UUID, viewer: SignedIn, _: Form) -> Response:
    """Accept a report whose data is sound (Điều 7.4)."""
    view = await viewer.hub.post(f"{SUBMISSIONS}/reports/{report}/accept", {})
    return RedirectResponse(f"/tien-do/{view['regime']}/{view['period']}", 303)


@router.post("/tien-do/{regime}/{period}/tiep-nhan-tat-ca")
async def accept_all(regime: str, period: str, viewer: SignedIn, _: Form) -> Response:
    """Accept everything that was sent, in one action."""
    await viewer.hub.post(f"{SUBMISSIONS}/reports/accept-all", {"regime": regime, "period": period})
    return RedirectResponse(f"/tien-do/{regime}/{period}", 303)
