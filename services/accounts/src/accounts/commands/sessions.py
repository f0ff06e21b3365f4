"""Signing in, renewing, signing out; a stolen refresh token ends its session."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.commands.accounts import matches
from accounts.domain.accounts import Account
from accounts.domain.passwords import NOBODY
from accounts.domain.sessions import (
    ACCESS,
    IDLE,
    IDLE_ADMINISTRATOR,
    Session,
    SpentRefreshToken,
    hash_of,
)
from accounts.domain.tokens import Signer
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import SessionRevoked


@dataclass(frozen=True)
class Grant:
    """What a session gives: an access token for requests, a refresh token for the next one."""

    access_token: str
    refresh_token: str
    expires_in: int
    must_change_password: bool


@dataclass(frozen=True)
class Refused:
    """A sign-in that failed; ``wait`` seconds before the next try."""

    wait: int = 0


async def sign_in(
    session: AsyncSession, signer: Signer, username: str, password: str, *, now: datetime
) -> Grant | Refused:
    """Begin a session; a failure is counted, so it is an answer and not an exception.

    An unknown user, a locked account and a wrong password cost the same time and say the same.
    """
    account = await queries.account_by_username(session, username)
    wait = account.wait_before_next_try(now) if account else 0
    if wait:
        return Refused(wait)
    is_right = await matches(password, account.password_hash if account else NOBODY)
    if account is None or account.locked_at is not None:
        return Refused()
    if not is_right:
        account.note_failure(now)
        return Refused()
    account.note_success()
    refresh_token = secrets.token_urlsafe(32)
    begun = Session(
        id=new_id(),
        account_id=account.id,
        refresh_hash=hash_of(refresh_token),
        started_at=now,
        used_at=now,
    )
    session.add(begun)
    return _grant(signer, account, begun.id, refresh_token, now=now)


async def renew(
    session: AsyncSession, signer: Signer, refresh_token: str, *, now: datetime
) -> Grant | None:
    """Exchange a refresh token for new tokens; None where the session is over.

    A token that has served before ends its session: two parties hold it, one of them a thief.
    """
    spent = hash_of(refresh_token)
    found = await queries.session_by_refresh(session, spent)
    if found is None:
        robbed = await queries.session_robbed(session, spent)
        if robbed and robbed.ended_at is None:
            end(session, robbed, now=now)
        return None
    account = await queries.account_by_id(session, found.account_id)
    idle = IDLE_ADMINISTRATOR if account and account.is_administrator else IDLE
    if account is None or account.locked_at is not None or found.is_over(now, idle=idle):
        return None
    following = secrets.token_urlsafe(32)
    session.add(SpentRefreshToken(refresh_hash=spent, session_id=found.id))
    found.renew(hash_of(following), now=now)
    return _grant(signer, account, found.id, following, now=now)


async def sign_out(session: AsyncSession, session_id: UUID, *, now: datetime) -> None:
    """End a session; ending it twice changes nothing."""
    found = await queries.session_by_id(session, session_id)
    if found and found.ended_at is None:
        end(session, found, now=now)


def end(session: AsyncSession, ended: Session, *, now: datetime) -> None:
    """End a session and tell every service to refuse its tokens."""
    ended.ended_at = now
    publish(
        session,
        SessionRevoked(session_id=ended.id, account_id=ended.account_id, revoked_at=now),
    )


def _grant(
    signer: Signer, account: Account, session_id: UUID, refresh_token: str, *, now: datetime
) -> Grant:
    return Grant(
        access_token=signer.token_for(account, session_id, now=now),
        refresh_token=refresh_token,
        expires_in=int(ACCESS.total_seconds()),
        must_change_password=account.must_change_password(now),
    )
