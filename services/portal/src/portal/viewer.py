"""Who looks at a page: the session of the browser, renewed when needed, and the forms it sends."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from portal.hub import ACCOUNTS, Hub, Problem, SignedOut
from portal.sessions import COOKIE, BrowserSession, CookieJar, Renewals

SIGN_IN = "/dang-nhap"
PASSWORD = "/doi-mat-khau"  # noqa: S105 an address


class ForeignForm(Exception):
    """A form that did not come from a page of this session."""


class PasswordDue(Exception):
    """The password is due: until it has changed the session opens nothing else (Điều 4.4)."""


@dataclass(frozen=True)
class Viewer:
    """Whoever is signed in: the hub asked in their name, and what they may do."""

    hub: Hub
    me: dict[str, Any]

    def has(self, *roles: str) -> bool:
        """Say whether the viewer holds one of ``roles``."""
        return not set(roles).isdisjoint(self.me["roles"])


async def viewer(request: Request) -> Viewer:
    """Return who is signed in; raises ``SignedOut`` where nobody is, or ``PasswordDue``."""
    session: BrowserSession | None = request.state.session
    if session is None:
        raise SignedOut
    if session.is_ending:
        session = await renewed(request, session)
    hub = Hub(request.app.state.http, session.access_token)
    request.state.me = await hub.get(f"{ACCOUNTS}/me")
    if request.state.me["must_change_password"] and request.url.path != PASSWORD:
        raise PasswordDue
    return Viewer(hub, request.state.me)


async def renewed(request: Request, session: BrowserSession) -> BrowserSession:
    """Return the session with fresh tokens; raises ``SignedOut`` where it has ended."""
    renewals: Renewals = request.app.state.renewals
    nobody = Hub(request.app.state.http)

    async def renew(token: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = await nobody.post(
                f"{ACCOUNTS}/sessions/refresh", {"refresh_token": token}
            )
        except Problem:
            return None
        return found

    fresh = await renewals.once(session, renew)
    request.state.session = fresh
    if fresh is None:
        raise SignedOut
    return fresh


async def form(request: Request) -> FormData:
    """Return a form of this session; refuse one that another site sent."""
    sent = await request.form()
    refuse_foreign(request, str(sent.get("form_token", "")))
    return sent


def refuse_foreign(request: Request, form_token: str) -> None:
    """Refuse a change that did not begin on a page of this session (CSRF)."""
    session: BrowserSession | None = request.state.session
    if session is None:
        raise SignedOut
    if not is_same_site(request) or form_token != session.form_token:
        raise ForeignForm


def is_same_site(request: Request) -> bool:
    """Say whether the browser tells that the request began on this site."""
    site = request.headers.get("sec-fetch-site")
    if site:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def lead_to(path: str, request: Request) -> RedirectResponse:
    """Lead to ``path`` and from there back to this page."""
    asked = f"{request.url.path}?{request.url.query}".rstrip("?")
    back = asked if request.method == "GET" else "/"
    return RedirectResponse(f"{path}?ve={quote(back)}", 303)


def lead_back(back: str) -> RedirectResponse:
    """Lead back to a page of this site; to the first one where ``back`` is none."""
    is_here = back.startswith("/") and not back.startswith(("//", "/\\"))
    return RedirectResponse(back if is_here else "/", 303)


def keep_session(jar: CookieJar, response: Response, session: BrowserSession | None) -> None:
    """Write the session into the browser, or take it out."""
    if session is None:
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return
    response.set_cookie(
        COOKIE, jar.seal(session), path="/", secure=True, httponly=True, samesite="lax"
    )


SignedIn = Annotated[Viewer, Depends(viewer)]
Form = Annotated[FormData, Depends(form)]
