"""The exchange ledger for operators and auditors: checked on the spot, exported for outsiders."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from portal.hub import CONNECTIONS, Problem
from portal.pages import ZONE, day, page
from portal.viewer import Form, SignedIn

router = APIRouter()


@router.get("/nhat-ky-trao-doi")
async def show(request: Request, viewer: SignedIn) -> Response:
    """Show the signed roots and the form that checks a period."""
    roots = await viewer.hub.get(f"{CONNECTIONS}/ledger/roots")
    return page(request, "ledger.html", roots=roots["items"], verdict=None, asked={})


@router.post("/nhat-ky-trao-doi")
async def check(request: Request, viewer: SignedIn, sent: Form) -> Response:
    """Follow every chain of a period now and say what does not hold."""
    asked = {name: str(sent.get(name, "")) for name in ("tu", "den")}
    facts: dict[str, Any] = {"asked": asked, "verdict": None}
    facts["roots"] = (await viewer.hub.get(f"{CONNECTIONS}/ledger/roots"))["items"]
    try:
        facts["verdict"] = await viewer.hub.post(f"{CONNECTIONS}/ledger/verify", _period(asked))
    except Problem as why:
        return page(request, "ledger.html", problem=why, **facts)
    return page(request, "ledger.html", **facts)


@router.get("/nhat-ky-trao-doi/tai-ve")
async def export(viewer: SignedIn, tu: str = "", den: str = "") -> Response:
    """Hand out the export that proves itself; it passes through, however long it is."""
    period = _period({"tu": tu, "den": den})
    answer = await viewer.hub.ask(
        "GET", f"{CONNECTIONS}/ledger/export", params=period, is_long=True
    )
    kept = ("content-type", "content-disposition")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return StreamingResponse(_through(answer), headers=headers)


async def _through(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_bytes():
            yield piece
    finally:
        await answer.aclose()


def _period(asked: dict[str, str]) -> dict[str, str]:
    """Return whole days as moments: from the beginning of the first to the end of the last."""
    first, last = day(asked["tu"]), day(asked["den"], later=1)
    named = {"from": first, "to": last}
    return {
        name: moment.replace(tzinfo=ZONE).isoformat() for name, moment in named.items() if moment
    }
