"""Public notices over HTTP: a page, JSON, Atom, iCal; no login."""

from importlib import resources
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import After, Limit, Page
from notifications import commands, feeds, queries
from notifications.domain.papers import PAGES
from notifications.errors import NoticeNotFound
from notifications.queries import NoticeView
from notifications.settings import Settings

router = APIRouter(tags=["notices"])
public_router = APIRouter(tags=["notices"])
Accept = Annotated[str, Header()]
POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
FEED_LENGTH = 200
HTML = {"text/html": {"schema": {"type": "string"}}}


class Subscription(Body):
    """An address that wants public notices by mail."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]


@router.post("/subscriptions", status_code=204)
async def subscribe(body: Subscription, session: Transaction, now: Now) -> Response:
    """Get public notices by mail from now on; the answer is the same for a known address."""
    await commands.subscribe(session, body.email, now=now)
    return Response(status_code=204)


@public_router.get("/notices", response_model=Page[NoticeView], responses={200: {"content": HTML}})
async def notices(
    session: Transaction, accept: Accept = "*/*", limit: Limit = 50, after: After = None
) -> Page[NoticeView] | Response:
    """Return public notices, the latest first, as a page or (by ``Accept``) as JSON."""
    page = await queries.notices(session, limit=limit, after=after)
    if _wants_json(accept):
        return page
    return _page("notices.html", page=page)


@public_router.get("/notices.atom")
async def atom(request: Request, session: Transaction, now: Now) -> Response:
    """Return public notices as an Atom feed."""
    page = await queries.notices(session, limit=FEED_LENGTH, after=None)
    settings: Settings = request.app.state.settings
    feed = feeds.atom(page.items, origin=settings.origin, now=now)
    return Response(feed, media_type="application/atom+xml")


@public_router.get("/notices.ics")
async def icalendar(request: Request, session: Transaction) -> Response:
    """Return announced suspensions as a calendar."""
    page = await queries.notices(session, limit=FEED_LENGTH, after=None)
    settings: Settings = request.app.state.settings
    return Response(feeds.icalendar(page.items, origin=settings.origin), media_type="text/calendar")


@public_router.get("/notices/assets/notices.css", include_in_schema=False)
async def style() -> Response:
    """Return the style of the public pages."""
    source = resources.files("notifications").joinpath("static", "notices.css")
    return Response(source.read_bytes(), media_type="text/css")


@public_router.get(
    "/notices/{notice_id}", response_model=NoticeView, responses={200: {"content": HTML}}
)
async def notice(
    notice_id: UUID, session: Transaction, accept: Accept = "*/*"
) -> NoticeView | Response:
    """Return one public notice, as a page or (by ``Accept``) as JSON."""
    found = await queries.notice(session, notice_id)
    if found is None:
        raise NoticeNotFound
    view = queries.notice_view(found)
    return view if _wants_json(accept) else _page("notice.html", notice=view)


def _wants_json(accept: str) -> bool:
    return "application/json" in accept and "text/html" not in accept


def _page(template: str, **facts: object) -> HTMLResponse:
    return HTMLResponse(PAGES.get_template(template).render(facts), headers=POLICY)
