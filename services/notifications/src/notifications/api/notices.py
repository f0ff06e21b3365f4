"""Public notices over HTTP: a page, JSON, Atom, iCal; no login."""

from importlib import resources
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import After, Limit, Page
from chassis.problems import PROBLEMS
from notifications.api.pages import FRESH, POLICY, Accept, page, wants_json
from notifications.channels import feeds
from notifications.errors import NoticeNotFound
from notifications.queries import notices as queries
from notifications.queries.notices import NoticeView
from notifications.queries.roots import latest_roots

router = APIRouter(tags=["notices"])
FEED_LENGTH = 200
FEED_ROOTS = 31
TEXT = {"schema": {"type": "string"}}
HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": TEXT}}}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"content": {"text/html": TEXT, **PROBLEMS["4XX"]["content"]}}
}


class Feed(Response):
    """A feed of notices (RFC 4287)."""

    media_type = "application/atom+xml"


class Calendar(Response):
    """A calendar of notices (RFC 5545)."""

    media_type = "text/calendar"


@router.get("/notices", response_model=Page[NoticeView], responses=HTML)
async def notices(
    session: Transaction,
    response: Response,
    accept: Accept = "*/*",
    limit: Limit = 50,
    after: After = None,
) -> Page[NoticeView] | Response:
    """Return public notices, the latest first, as a page or (by ``Accept``) as JSON."""
    found = await queries.notices(session, limit=limit, after=after)
    if wants_json(accept):
        response.headers.update(FRESH)
        return found
    return page("notices.html", page=found)


@router.get("/notices.atom", response_class=Feed)
async def atom(request: Request, session: Transaction, now: Now) -> Feed:
    """Return public notices as an Atom feed, and signed roots of the ledger (`ledger-root`)."""
    found = await queries.notices(session, limit=FEED_LENGTH, after=None)
    roots = await latest_roots(session, limit=FEED_ROOTS)
    feed = feeds.atom(found.items, roots, origin=request.app.state.settings.origin, now=now)
    return Feed(feed, headers=POLICY | FRESH)


@router.get("/notices.ics", response_class=Calendar)
async def icalendar(request: Request, session: Transaction) -> Calendar:
    """Return announced suspensions as a calendar."""
    found = await queries.notices(session, limit=FEED_LENGTH, after=None)
    calendar = feeds.icalendar(found.items, origin=request.app.state.settings.origin)
    return Calendar(calendar, headers=POLICY | FRESH)


@router.get("/notices/assets/notices.css", include_in_schema=False)
async def style() -> Response:
    """Return the style of the public pages."""
    source = resources.files("notifications").joinpath("static", "notices.css")
    kept = {"Cache-Control": "public, max-age=3600"}
    return Response(source.read_bytes(), media_type="text/css", headers=POLICY | kept)


@router.get("/notices/{notice_id}", response_model=NoticeView, responses=HTML | MISSING)
async def notice(
    notice_id: UUID, session: Transaction, response: Response, accept: Accept = "*/*"
) -> NoticeView | Response:
    """Return one public notice, as a page or (by ``Accept``) as JSON."""
    found = await queries.notice(session, notice_id)
    if wants_json(accept):
        if found is None:
            raise NoticeNotFound(notice=notice_id)
        response.headers.update(FRESH)
        return queries.notice_view(found, await queries.sighting(session, notice_id))
    if found is None:
        return page("missing.html", 404)
    course = await queries.notices_about(session, found.subject)
    (notice,) = [one for one in course if one.id == notice_id]
    return page("notice.html", notice=notice, course=course)
