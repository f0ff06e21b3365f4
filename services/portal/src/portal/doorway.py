"""What every page shares: the session in its cookie, the security headers, the error pages."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from portal.hub import HubDown, Problem, SignedOut
from portal.pages import page
from portal.sessions import COOKIE
from portal.viewer import PASSWORD, SIGN_IN, ForeignForm, PasswordDue, keep_session, lead_to

log = structlog.get_logger()
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
Next = Callable[[Request], Awaitable[Response]]


def guard(app: FastAPI) -> None:
    """Give ``app`` sessions, security headers and designed error pages."""

    @app.middleware("http")
    async def with_session(request: Request, call_next: Next) -> Response:
        before = app.state.jar.open(request.cookies.get(COOKIE))
        request.state.session = before
        response = await call_next(request)
        if request.state.session != before:
            keep_session(app.state.jar, response, request.state.session)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.url.path.startswith("/assets/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.add_exception_handler(SignedOut, signed_out)
    app.add_exception_handler(PasswordDue, password_due)
    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(HubDown, down)
    app.add_exception_handler(ForeignForm, foreign)
    app.add_exception_handler(HTTPException, missing)
    app.add_exception_handler(RequestValidationError, missing)


async def signed_out(request: Request, _: Exception) -> Response:
    request.state.session = None
    return lead_to(SIGN_IN, request)


async def password_due(request: Request, _: Exception) -> Response:
    return lead_to(PASSWORD, request)


async def refused(request: Request, why: Exception) -> Response:
    if not isinstance(why, Problem):
        raise why
    return page(request, "problem.html", problem=why)


async def down(request: Request, why: Exception) -> Response:
    log.warning("the hub does not answer", path=request.url.path, why=str(why.__cause__))
    return page(request, "down.html", status=503)


async def foreign(request: Request, _: Exception) -> Response:
    return page(request, "foreign.html", status=403)


async def missing(request: Request, why: Exception) -> Response:
    status = why.status_code if isinstance(why, HTTPException) else 404
    return page(request, "missing.html", status=status)
