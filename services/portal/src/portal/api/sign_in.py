"""Signing in and out."""

import contextlib

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from portal.hub import ACCOUNTS, Hub, Problem, SignedOut
from portal.pages import page
from portal.sessions import begin
from portal.viewer import (
    PASSWORD,
    SIGN_IN,
    ForeignForm,
    Form,
    SignedIn,
    is_same_site,
    lead_back,
    renewed,
)

router = APIRouter()


@router.get(SIGN_IN)
async def show(request: Request, ve: str = "/") -> Response:
    """Show the sign-in page; ``ve`` is where it leads afterwards."""
    return page(request, "sign-in.html", back=ve, username="")


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Sign in and go where the person wanted to go."""
    if not is_same_site(request):
        raise ForeignForm
    sent = await request.form()
    username, back = str(sent.get("username", "")), str(sent.get("back", "/"))
    body = {"username": username, "password": str(sent.get("password", ""))}
    try:
        tokens = await Hub(request.app.state.http).post(f"{ACCOUNTS}/sessions", body)
    except Problem as why:
        return page(request, "sign-in.html", problem=why, back=back, username=username)
    request.state.session = begin(tokens)
    return lead_back(back)


@router.post("/dang-xuat")
async def sign_out(request: Request, _: Form) -> Response:
    """End the session here and in every service."""
    session = request.state.session
    request.state.session = None
    with contextlib.suppress(SignedOut):
        await Hub(request.app.state.http, session.access_token).ask(
            "DELETE", f"{ACCOUNTS}/sessions/current"
        )
    return RedirectResponse(SIGN_IN, 303)


@router.get(PASSWORD)
async def show_password(request: Request, _: SignedIn, ve: str = "/") -> Response:
    """Show the page where a password is changed; ``ve`` is where it leads afterwards."""
    return page(request, "password.html", back=ve)


@router.post(PASSWORD)
async def change_password(request: Request, viewer: SignedIn, sent: Form) -> Response:
    """Change the password (Điều 4.4); the session goes on with all its rights."""
    back = str(sent.get("back", "/"))
    body = {"current": str(sent.get("current", "")), "new": str(sent.get("new", ""))}
    try:
        await viewer.hub.ask("PUT", f"{ACCOUNTS}/me/password", json=body)
    except Problem as why:
        return page(request, "password.html", problem=why, back=back)
    await renewed(request, request.state.session)
    return lead_back(back)
