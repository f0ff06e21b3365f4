"""Sessions over HTTP: sign in, renew, sign out, who am I, the keys that check tokens."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from accounts import queries
from accounts.commands import passwords, sessions
from accounts.commands.sessions import Grant
from accounts.domain.tokens import Signer
from accounts.errors import AccountNotFound, SessionEnded, SignInRefused, SignInThrottled
from accounts.queries import Me
from chassis.auth import Principal, whoever
from chassis.clock import Now
from chassis.database import Database, Transaction
from chassis.errors import Forbidden
from chassis.http import Body
from contracts.accounts.v1 import PublicKey
from contracts.text import Text

router = APIRouter(tags=["sessions"])
public_router = APIRouter(tags=["sessions"])
Anyone = Annotated[Principal, Depends(whoever)]
Secret = Annotated[Text, Field(min_length=1, max_length=256)]
REFUSAL_AFTER = 1.0
"""Seconds before which no refusal leaves: checking an administrator costs more than others, and
the time must not tell who is one."""


class SignIn(Body):
    """A user name and its password; ``otp`` where the account has a second factor."""

    username: Secret
    password: Secret
    otp: str | None = Field(default=None, max_length=10)


class Renewal(Body):
    """A refresh token; it serves once."""

    refresh_token: str = Field(min_length=1, max_length=200)


class PasswordChange(Body):
    """The current password and the one that replaces it."""

    current: Secret
    new: Secret


class Tokens(BaseModel):
    """Tokens of a session; ``expires_in`` seconds are left to the access token."""

    access_token: str
    refresh_token: str
    expires_in: int
    must_change_password: bool


class KeySet(BaseModel):
    """Public keys as a JSON Web Key Set (RFC 7517)."""

    keys: list[PublicKey]


def signer(request: Request) -> Signer:
    """Return the private key of this process."""
    found: Signer = request.app.state.signer
    return found


Signing = Annotated[Signer, Depends(signer)]


@router.post("/sessions", status_code=201)
async def sign_in(body: SignIn, request: Request, signing: Signing, now: Now) -> Tokens:
    """Sign in as a person. Wrong or unknown: 401 in the same time; too often: 429.

    While ``must_change_password`` holds, the token opens ``/me`` and ``/me/password`` only; after
    the change a refresh gives one with all rights.
    """
    began = time.monotonic()
    database: Database = request.app.state.database
    # Two transactions: hashing is slow and must not hold a connection meanwhile, and a failure is
    # kept although the answer is a refusal.
    async with database.transaction() as session:
        claim = await sessions.look_up(session, body.username, now=now)
    if claim.wait:
        raise _throttled(claim.wait)
    is_right = await passwords.matches(body.password, claim.password_hash)
    async with database.transaction() as session:
        found = await sessions.sign_in(session, signing, claim, is_right=is_right, now=now)
    if isinstance(found, Grant):
        return _tokens(found)
    await asyncio.sleep(max(0.0, began + REFUSAL_AFTER - time.monotonic()))
    raise _throttled(found.wait) if found.wait else SignInRefused


@router.post("/sessions/refresh", status_code=201)
async def renew(body: Renewal, request: Request, signing: Signing, now: Now) -> Tokens:
    """Exchange a refresh token for new tokens; one that has served ends the session: 401."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        found = await sessions.renew(session, signing, body.refresh_token, now=now)
    if found is None:
        raise SessionEnded
    return _tokens(found)


@router.delete("/sessions/current", status_code=204)
async def sign_out(session: Transaction, who: Anyone, now: Now) -> Response:
    """End the session of this token; every service refuses its tokens from then on."""
    if who.session_id:
        await sessions.sign_out(session, UUID(who.session_id), now=now)
    return Response(status_code=204)


@router.get("/me")
async def me(session: Transaction, who: Anyone, now: Now) -> Me:
    """Return who is signed in, with agency and roles."""
    if who.kind != "person":
        raise Forbidden
    found = await queries.me(session, UUID(who.subject))
    if found is None:
        raise AccountNotFound
    account, agency_name = found
    return Me(
        account_id=account.id,
        username=account.username,
        display_name=account.display_name,
        email=account.email,
        agency=account.agency,
        agency_name=agency_name,
        roles=account.roles,
        must_change_password=account.must_change_password(now),
    )


@router.put("/me/password", status_code=204)
async def change_password(
    body: PasswordChange, session: Transaction, who: Anyone, now: Now
) -> Response:
    """Change one's own password (Điều 4.4); the holder's other sessions end."""
    if who.kind != "person":
        raise Forbidden
    await passwords.change_password(
        session,
        UUID(who.subject),
        UUID(who.session_id) if who.session_id else None,
        current=body.current,
        new=body.new,
        now=now,
    )
    return Response(status_code=204)


@public_router.get("/.well-known/jwks.json")
async def keys(session: Transaction) -> KeySet:
    """Return the public keys with which the hub signs tokens, receipts and webhooks."""
    return KeySet(keys=await queries.public_keys(session))


def _throttled(wait: int) -> SignInThrottled:
    return SignInThrottled(seconds=wait, headers={"Retry-After": str(wait)})


def _tokens(grant: Grant) -> Tokens:
    return Tokens.model_validate(grant, from_attributes=True)
