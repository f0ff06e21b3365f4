"""The delivery log of a connection: what went out, how it was answered, sending anew (Điều 7.4)."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from portal.hub import CONNECTIONS, Problem
from portal.live import stream
from portal.pages import from_local, page, part
from portal.viewer import Form, SignedIn, Viewer

router = APIRouter()
LOG = "/ket-noi/{code}/nhat-ky-gui"


@dataclass(frozen=True)
class Asked:
    """Which dispatches are looked at, as the form names it, and the page after which."""

    trang_thai: str = ""
    loai: str = ""
    tu: str = ""
    den: str = ""
    sau: str = ""
    gui_lai: int | None = None
    """How many have just been sent anew."""

    def limits(self) -> dict[str, Any]:
        """Return the limits as the hub takes them."""
        period = {"from": from_local(self.tu), "to": from_local(self.den)}
        return {"state": self.trang_thai, "type": self.loai, **period, "after": self.sau}

    def older(self, cursor: str | None) -> str | None:
        """Return the query of the page after this one; None where there is none."""
        kept = asdict(self) | {"sau": cursor, "gui_lai": None}
        return urlencode({name: text for name, text in kept.items() if text}) if cursor else None


@router.get(LOG)
async def show(
    request: Request, code: str, viewer: SignedIn, asked: Annotated[Asked, Depends()]
) -> Response:
    """Show what went or waits to go out of a connection, where to, and how it is answered."""
    return await _log(request, viewer, code, asked)


@router.post(f"{LOG}/thu")
async def send_test(request: Request, code: str, viewer: SignedIn, _: Form) -> Response:
    """Send a test event and show what becomes of it."""
    try:
        done = await viewer.hub.post(f"{_path(code)}/test")
    except Problem as why:
        return await _log(request, viewer, code, Asked(), problem=why)
    return RedirectResponse(f"{LOG.format(code=code)}/{done['id']}", 303)


@router.post(f"{LOG}/gui-lai")
async def redeliver_range(request: Request, code: str, viewer: SignedIn, sent: Form) -> Response:
    """Send anew what was made in a range and was delivered or has failed."""
    body = {
        "from": from_local(str(sent.get("from", ""))),
        "to": from_local(str(sent.get("to", ""))),
        "type": str(sent.get("type", "")) or None,
    }
    try:
        done = await viewer.hub.post(f"{_path(code)}/redeliver", body)
    except Problem as why:
        return await _log(request, viewer, code, Asked(), problem=why, again=dict(sent))
    return RedirectResponse(f"{LOG.format(code=code)}?gui_lai={done['count']}", 303)


@router.get(f"{LOG}/{{dispatch}}")
async def show_one(request: Request, code: str, dispatch: UUID, viewer: SignedIn) -> Response:
    """Show one dispatch with request and answer of every try."""
    return await _one(request, viewer, code, dispatch)


@router.get(f"{LOG}/{{dispatch}}/truc-tiep")
async def course(request: Request, code: str, dispatch: UUID, viewer: SignedIn) -> Response:
    """Tell the course of one dispatch whenever it changes (server-sent events)."""

    async def parts() -> dict[str, str]:
        one = await viewer.hub.get(f"{_path(code)}/{dispatch}")
        return {"dien-bien": part("dispatch-course.html", one=one)}

    return stream(request, parts)


@router.post(f"{LOG}/{{dispatch}}/gui-lai")
async def redeliver(
    request: Request, code: str, dispatch: UUID, viewer: SignedIn, _: Form
) -> Response:
    """Send one dispatch anew with the same webhook id."""
    try:
        await viewer.hub.post(f"{_path(code)}/{dispatch}/redeliver")
    except Problem as why:
        return await _one(request, viewer, code, dispatch, problem=why)
    return RedirectResponse(f"{LOG.format(code=code)}/{dispatch}", 303)


def _path(code: str) -> str:
    return f"{CONNECTIONS}/connections/{code}/dispatches"


async def _log(
    request: Request,
    viewer: Viewer,
    code: str,
    asked: Asked,
    *,
    problem: Problem | None = None,
    again: dict[str, Any] | None = None,
) -> Response:
    path = f"{CONNECTIONS}/connections/{code}"
    one = await viewer.hub.get(path)
    taken = await viewer.hub.get(f"{path}/subscriptions")
    try:
        found = await viewer.hub.get(_path(code), **asked.limits())
    except Problem as why:
        found, problem = {"items": [], "next": None}, why
    return page(
        request,
        "dispatches.html",
        problem=problem,
        one=one,
        taken=taken,
        items=found["items"],
        older=asked.older(found["next"]),
        asked=asked,
        again=again,
        can_act=viewer.has("connection_operator", "operator", "administrator"),
    )


async def _one(
    request: Request,
    viewer: Viewer,
    code: str,
    dispatch: UUID,
    *,
    problem: Problem | None = None,
) -> Response:
    return page(
        request,
        "dispatch.html",
        problem=problem,
        code=code,
        one=await viewer.hub.get(f"{_path(code)}/{dispatch}"),
        can_act=viewer.has("connection_operator", "operator", "administrator"),
    )
