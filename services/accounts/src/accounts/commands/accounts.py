"""Issuing and locking accounts on a written request (Điều 4)."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.domain.accounts import Account
from accounts.domain.passwords import hash_password, is_password, is_weak
from accounts.domain.requests import WrittenRequest, due_at
from accounts.errors import (
    AccountNotFound,
    AgencyUnknown,
    PasswordWeak,
    PasswordWrong,
    RequestRequired,
    RequestUsed,
    UsernameTaken,
)
from accounts.settings import Settings
from chassis.clock import now as this_moment
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AccountIssued, AccountLocked, Role, SessionRevoked

HASHING = asyncio.Semaphore(2)
"""Argon2 takes memory and a core on purpose; so many run at a time, the others wait."""


@dataclass(frozen=True)
class NewAccount:
    """An account that a written request asks for; without a password one is made up."""

    username: str
    display_name: str
    email: str | None
    agency: str
    roles: Sequence[Role]
    password: str | None = None
    is_initial_password: bool = True


async def hashed(password: str, *, is_administrator: bool) -> str:
    """Return the hash of ``password``, computed beside the event loop."""
    async with HASHING:
        return await asyncio.to_thread(hash_password, password, is_administrator=is_administrator)


async def matches(password: str, password_hash: str) -> bool:
    """Say whether ``password`` is the one that was hashed, beside the event loop."""
    async with HASHING:
        return await asyncio.to_thread(is_password, password, password_hash)


async def issue_accounts(
    session: AsyncSession,
    request: WrittenRequest,
    wanted: Sequence[NewAccount],
    *,
    now: datetime,
) -> list[tuple[Account, str | None]]:
    """Issue ``wanted`` on ``request`` (Điều 4.1); return each with a password that was made up."""
    await _carry_out(session, request, now=now)
    await _refuse_unknown_agencies(session, wanted)
    await _refuse_taken_names(session, wanted)
    made_up = [None if one.password else secrets.token_urlsafe(18) for one in wanted]
    hashes = await asyncio.gather(
        *(
            hashed(one.password or made or "", is_administrator=Role.ADMINISTRATOR in one.roles)
            for one, made in zip(wanted, made_up, strict=True)
        )
    )
    accounts = [
        _issue(session, one, password_hash, request_id=request.id, now=now)
        for one, password_hash in zip(wanted, hashes, strict=True)
    ]
    return list(zip(accounts, made_up, strict=True))


async def lock_account(
    session: AsyncSession,
    account_id: UUID,
    *,
    request: WrittenRequest | None,
    emergency_reason: str | None,
    now: datetime,
) -> None:
    """Lock an account on a written request, or at once with a reason; its sessions end."""
    if (request is None) == (emergency_reason is None):
        raise RequestRequired
    account = await queries.account_by_id(session, account_id)
    if account is None:
        raise AccountNotFound
    if request:
        await _carry_out(session, request, now=now)
    reason = emergency_reason or (request.reason if request else "")
    account.lock(reason, now=now)
    publish(session, AccountLocked(account_id=account.id, reason=reason, locked_at=now))
    await end_sessions(session, account.id, now=now)


async def end_sessions(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """End every session of an account at once and say so."""
    for one in await queries.open_sessions(session, account_id):
        one.ended_at = now
        publish(session, SessionRevoked(session_id=one.id, account_id=account_id, revoked_at=now))


async def change_password(
    session: AsyncSession, account_id: UUID, *, current: str, new: str, now: datetime
) -> None:
    """Change the holder's own password (Điều 4.4)."""
    account = await queries.account_by_id(session, account_id)
    if account is None:
        raise AccountNotFound
    if not await matches(current, account.password_hash):
        raise PasswordWrong(errors=[Place("/current", "password-wrong")])
    if is_weak(new, username=account.username) or new == current:
        raise PasswordWeak(errors=[Place("/new", "password-weak")])
    account.change_password(await hashed(new, is_administrator=account.is_administrator), now=now)


async def issue_first_administrator(session: AsyncSession, settings: Settings) -> None:
    """Issue the first administrator while there is no account; repeating changes nothing."""
    if settings.bootstrap_password is None or await queries.has_accounts(session):
        return
    first = NewAccount(
        username="quan-tri",
        display_name="Quản trị hệ thống",
        email=None,
        agency=settings.bootstrap_agency,
        roles=[Role.ADMINISTRATOR, Role.OPERATOR],
        is_initial_password=False,
    )
    password_hash = await hashed(settings.bootstrap_password, is_administrator=True)
    _issue(session, first, password_hash, request_id=None, now=this_moment())


async def _carry_out(session: AsyncSession, request: WrittenRequest, *, now: datetime) -> None:
    if await queries.request_like(session, request):
        raise RequestUsed(number=request.number, agency=request.agency)
    request.due_at = due_at(request.received_at, await queries.calendar(session))
    request.done_at = now
    session.add(request)
    await session.flush()


async def _refuse_unknown_agencies(session: AsyncSession, wanted: Sequence[NewAccount]) -> None:
    known = await queries.agencies_by_code(session, [one.agency for one in wanted])
    wrong = [
        Place(f"/accounts/{at}/agency", "agency-unknown", params={"agency": one.agency})
        for at, one in enumerate(wanted)
        if one.agency not in known
    ]
    if wrong:
        raise AgencyUnknown(agency=wrong[0].params["agency"], errors=wrong)


async def _refuse_taken_names(session: AsyncSession, wanted: Sequence[NewAccount]) -> None:
    names = Counter(one.username for one in wanted)
    taken = await queries.taken_usernames(session, list(names))
    taken |= {name for name, times in names.items() if times > 1}
    wrong = [
        Place(f"/accounts/{at}/username", "username-taken", params={"username": one.username})
        for at, one in enumerate(wanted)
        if one.username in taken
    ]
    if wrong:
        raise UsernameTaken(username=wrong[0].params["username"], errors=wrong)


def _issue(
    session: AsyncSession,
    wanted: NewAccount,
    password_hash: str,
    *,
    request_id: UUID | None,
    now: datetime,
) -> Account:
    account = Account(
        id=new_id(),
        username=wanted.username,
        display_name=wanted.display_name,
        email=wanted.email,
        agency=wanted.agency,
        roles=[role.value for role in wanted.roles],
        password_hash=password_hash,
        password_changed_at=now,
        is_initial_password=wanted.is_initial_password,
        written_request_id=request_id,
        issued_at=now,
    )
    session.add(account)
    publish(
        session,
        AccountIssued(
            account_id=account.id,
            username=account.username,
            display_name=account.display_name,
            email=account.email,
            agency=account.agency,
            roles=list(wanted.roles),
            issued_at=now,
        ),
    )
    return account
