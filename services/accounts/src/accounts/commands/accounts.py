"""Issuing and locking accounts on a written request (Điều 4)."""

import secrets
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.commands.passwords import all_hashed, hashed
from accounts.commands.requests import carry_out, refuse_request
from accounts.commands.sessions import end_others
from accounts.domain.accounts import Account
from accounts.domain.norms import norms_on
from accounts.domain.passwords import is_weak
from accounts.domain.requests import Action, WrittenRequest
from accounts.errors import (
    AccountNotFound,
    AgencyUnknown,
    PasswordWeak,
    RequestRequired,
    UsernameTaken,
)
from accounts.settings import Settings
from chassis.clock import now as this_moment
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AccountIssued, AccountLocked, Role


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


@dataclass(frozen=True)
class Issued:
    """Accounts as they were issued, each with a password that was made up, and their ground."""

    request: WrittenRequest
    accounts: list[tuple[Account, str | None]]


@dataclass(frozen=True)
class Credential:
    """The password of a new account: its hash, and itself where it was made up."""

    password_hash: str
    made_up: str | None


async def refuse_accounts(
    session: AsyncSession,
    request: WrittenRequest,
    wanted: Sequence[NewAccount],
    *,
    now: datetime,
) -> None:
    """Raise why ``wanted`` may not be issued on ``request``."""
    await refuse_request(session, request, Action.ISSUE, now=now)
    await _refuse_unknown_agencies(session, wanted)
    _refuse_weak_passwords(wanted, shortest=norms_on(now.date()).shortest_password)
    await _refuse_taken_names(session, wanted)


async def credentials_of(wanted: Sequence[NewAccount]) -> list[Credential]:
    """Return the credentials of ``wanted``, in order.

    Hundreds of hashes take a core for many seconds: no transaction waits for them, and what can
    be refused has been refused before.
    """
    made_up = [None if one.password else secrets.token_urlsafe(18) for one in wanted]
    hashes = await all_hashed(
        [
            (one.password or made or "", Role.ADMINISTRATOR in one.roles)
            for one, made in zip(wanted, made_up, strict=True)
        ]
    )
    return list(map(Credential, hashes, made_up))


async def issue_accounts(
    session: AsyncSession,
    request: WrittenRequest,
    wanted: Sequence[tuple[NewAccount, Credential]],
    *,
    now: datetime,
) -> Issued:
    """Issue ``wanted`` on ``request`` (Điều 4.1), all of them or none."""
    await queries.one_at_a_time(session, "accounts")
    await refuse_accounts(session, request, [one for one, _ in wanted], now=now)
    request = await carry_out(session, request, Action.ISSUE, now=now)
    issued = [
        (
            _issue(session, one, credential.password_hash, request_id=request.id, now=now),
            credential.made_up,
        )
        for one, credential in wanted
    ]
    return Issued(request, issued)


async def lock_account(
    session: AsyncSession,
    account_id: UUID,
    *,
    request: WrittenRequest | None,
    emergency_reason: str | None,
    by: str,
    now: datetime,
) -> None:
    """Lock an account on a written request, or at once with a reason; its sessions end.

    The request that must follow an emergency is taken as the ground of the lock that stands.
    """
    if (request is None) == (emergency_reason is None):
        raise RequestRequired
    account = await queries.account_for_update(session, account_id)
    if account is None:
        raise AccountNotFound
    ground = await carry_out(session, request, Action.LOCK, now=now) if request else None
    if ground and account.awaits_lock_request:
        account.lock_request_id = ground.id
        return
    reason = emergency_reason or (ground.reason if ground else "")
    account.lock(reason, by=by, request_id=ground.id if ground else None, now=now)
    publish(session, AccountLocked(account_id=account.id, reason=reason, locked_at=now))
    await end_others(session, account.id, now=now)


async def issue_first_administrator(session: AsyncSession, settings: Settings) -> None:
    """Issue the first administrator while there is no account; repeating changes nothing."""
    await queries.one_at_a_time(session, "accounts")
    if settings.bootstrap_password is None or await queries.has_accounts(session):
        return
    text = resources.files("accounts").joinpath("first-administrator.toml").read_text("utf-8")
    first = NewAccount(
        **tomllib.loads(text),
        email=None,
        agency=settings.bootstrap_agency,
        is_initial_password=False,
    )
    password = settings.bootstrap_password.get_secret_value()
    password_hash = await hashed(password, is_administrator=True)
    _issue(session, first, password_hash, request_id=None, now=this_moment())


async def _refuse_unknown_agencies(session: AsyncSession, wanted: Sequence[NewAccount]) -> None:
    known = await queries.agencies_by_code(session, [one.agency for one in wanted])
    wrong = [
        Place(f"/accounts/{at}/agency", "agency-unknown", params={"agency": one.agency})
        for at, one in enumerate(wanted)
        if one.agency not in known
    ]
    if wrong:
        raise AgencyUnknown(agency=wrong[0].params["agency"], errors=wrong)


def _refuse_weak_passwords(wanted: Sequence[NewAccount], *, shortest: int) -> None:
    wrong = [
        Place(f"/accounts/{at}/password", "password-weak", params={"shortest": shortest})
        for at, one in enumerate(wanted)
        if one.password and is_weak(one.password, username=one.username, shortest=shortest)
    ]
    if wrong:
        raise PasswordWeak(shortest=shortest, errors=wrong)


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
    roles = sorted({Role(role) for role in wanted.roles})
    account = Account(
        id=new_id(),
        username=wanted.username,
        display_name=wanted.display_name,
        email=wanted.email,
        agency=wanted.agency,
        roles=[role.value for role in roles],
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
            roles=roles,
            issued_at=now,
        ),
    )
    return account
