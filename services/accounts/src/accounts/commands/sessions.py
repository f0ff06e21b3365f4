"""Signing in, renewing, signing out; a stolen refresh token ends its session."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.accounts import Account
from accounts.domain.passwords import NOBODY
from accounts.domain.sessions import ACCESS, Failures, Session, SpentRefreshToken, hash_of
from accounts.domain.tokens import Signer
from chassis.identifiers import new_id
from chassis.keys import learn_revocation
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


@dataclass(frozen=True)
class Claim:
    """Who somebody says to be, before the password is looked at; a try may have to ``wait``."""

    username: str
    password_hash: str
    wait: int


async def look_up(session: AsyncSession, username: str, *, now: datetime) -> Claim:
    """Return what a password is to be checked against: for an unknown user nobody's."""
    username = username.strip().casefold()
    failures = await queries.failures(session, hash_of(username))
    account = await queries.account_by_username(session, username)
    return Claim(
        username,
        account.password_hash if account else NOBODY,
        failures.wait(now) if failures else 0,
    )


async def sign_in(
    session: AsyncSession, signer: Signer, claim: Claim, *, is_right: bool, now: datetime
) -> Grant | Refused:
    """Begin a session; a failure is counted, so it is an answer and not an exception.

    An unknown user, a locked account and a wrong password say the same. Whoever failed too often
    while this try was under way learns nothing from it.
    """
    name_hash = hash_of(claim.username)
    await queries.one_at_a_time(session, f"sign-in {name_hash}")
    failures = await queries.failures(session, name_hash)
    if failures and (wait := failures.wait(now)):
        return Refused(wait)
    account = await queries.account_by_username(session, claim.username, for_update=True)
    if account is None or not (is_right and account.is_open_with(claim.password_hash)):
        failures = failures or Failures(name_hash=name_hash, times=0, failed_at=now)
        failures.count(now)
        session.add(failures)
        return Refused()
    if failures:
        await session.delete(failures)
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
    account = await queries.account_by_refresh(session, spent)
    found = await queries.session_by_refresh(session, spent)
    if account is None or found is None:
        robbed = await queries.session_robbed(session, spent)
        if robbed and robbed.ended_at is None:
            await end(session, robbed, now=now)
        return None
    if found.is_over(account, now):
        return None
    following = secrets.token_urlsafe(32)
    session.add(SpentRefreshToken(refresh_hash=spent, session_id=found.id))
    found.renew(hash_of(following), now=now)
    return _grant(signer, account, found.id, following, now=now)


async def sign_out(session: AsyncSession, session_id: UUID, *, now: datetime) -> None:
    """End a session; ending it twice changes nothing."""
    found = await queries.session_for_update(session, session_id)
    if found and found.ended_at is None:
        await end(session, found, now=now)


async def end_others(
    session: AsyncSession, account_id: UUID, *, but: UUID | None = None, now: datetime
) -> None:
    """End every session of an account at once, save the one that asks for it."""
    for one in await queries.open_sessions(session, account_id):
        if one.id != but:
            await end(session, one, now=now)


async def end(session: AsyncSession, ended: Session, *, now: datetime) -> None:
    """End a session: here from this commit on, elsewhere as soon as the word arrives."""
    ended.ended_at = now
    said = SessionRevoked(session_id=ended.id, account_id=ended.account_id, revoked_at=now)
    await learn_revocation(session, said)
    publish(session, said)


def _grant(
    signer: Signer, account: Account, session_id: UUID, refresh_token: str, *, now: datetime
) -> Grant:
    return Grant(
        access_token=signer.token_for(account, session_id, now=now),
        refresh_token=refresh_token,
        expires_in=int(ACCESS.total_seconds()),
        must_change_password=account.must_change_password(now),
    )
