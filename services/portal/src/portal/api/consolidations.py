"""Consolidations: totals, missing units, the way down from a total, documents, forwarding."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from portal.hub import CATALOG, SUBMISSIONS
from portal.pages import page
from portal.totals import totals
from portal.viewer import Form, SignedIn

router = APIRouter()


@router.post("/tien-do/{regime}/{period}/tong-hop")
async def consolidate(regime: str, period: str, viewer: SignedIn, _: Form) -> Response:
    """Consolidate what was accepted (Điều 7.4)."""
    body = {"regime": regime, "period": period, "exclude": []}
    found = await viewer.hub.post(f"{SUBMISSIONS}/consolidations", body)
    return RedirectResponse(f"/tong-hop/{found['consolidation']}", 303)


@router.get("/tong-hop/{consolidation}")
async def show(request: Request, consolidation: UUID, viewer: SignedIn) -> Response:
    """Show the province's totals with the missing units named."""
    view = await viewer.hub.get(f"{SUBMISSIONS}/consolidations/{consolidation}")
    regime = await viewer.hub.get(f"{CATALOG}/regimes/{view['regime']}")
    return page(
        request,
        "consolidation.html",
        view=view,
        regime=regime,
        grid=totals(regime["form"], view["totals"]),
        can_forward=viewer.has("lead_agency_reviewer") and view["state"] == "completed",
    )


@router.get("/tong-hop/{consolidation}/o/{cell}")
async def drill_down(
    request: Request, consolidation: UUID, cell: str, viewer: SignedIn
) -> Response:
    """Show which unit, version, person or receipt a total comes from."""
    path = f"{SUBMISSIONS}/consolidations/{consolidation}"
    view = await viewer.hub.get(path)
    origin = await viewer.hub.get(f"{path}/cells/{cell}")
    return page(request, "origin.html", view=view, origin=origin)


@router.get("/tong-hop/{consolidation}/van-ban")
async def document(consolidation: UUID, viewer: SignedIn, dinh_dang: str = "pdf") -> Response:
    """Return the document in the official layout: ``docx``, ``pdf`` or ``xlsx``."""
    path = f"{SUBMISSIONS}/consolidations/{consolidation}/document"
    answer = await viewer.hub.ask("GET", path, params={"format": dinh_dang})
    kept = ("content-type", "content-disposition")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return Response(answer.content, headers=headers)


@router.post("/tong-hop/{consolidation}/gui")
async def forward(consolidation: UUID, viewer: SignedIn, _: Form) -> Response:
    """Forward to the competent authority; the report is frozen from then on (Điều 7.4)."""
    await viewer.hub.post(f"{SUBMISSIONS}/consolidations/{consolidation}/forward")
    return RedirectResponse(f"/tong-hop/{consolidation}", 303)
