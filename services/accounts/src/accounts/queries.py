"""Every read of accounts."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from accounts.domain.accounts import Account
from accounts.domain.agencies import Agency
from accounts.domain.known import KnownCalendar
from accounts.domain.requests import WrittenRequest
from accounts.domain.sessions import Failures, Session, SpentRefreshToken
from chassis.clock import Moment
from chassis.database import raw_connection
from chassis.paging import Page, decode, encode
from contracts.accounts.v1 import AgencyLevel, PublicKey
from contracts.calendar import WorkingCalendar


class AgencyView(BaseModel):
    """An agency as the API shows it."""

    code: str
    identification_code: str | None
    name: str
    level: AgencyLevel
    parent_code: str | None
    valid_from: date
    valid_to: date | None


class AccountView(BaseModel):
    """An account as the API shows it to those who administer accounts."""

    account_id: UUID
    username: str
    display_name: str
    email: str | None
    agency: str
    roles: list[str]
    is_locked: bool


class RequestView(BaseModel):
    """A written request with its clock (Điều 4.3)."""

    id: UUID
    number: str
    signed_on: date
    received_at: Moment
    agency: str
    action: str
    reason: str
    due_at: Moment | None
    done_at: Moment
    is_overdue: bool


class Me(BaseModel):
    """Who is signed in."""

    account_id: UUID
    username: str
    display_name: str
    email: str | None
    agency: str
    agency_name: str
    roles: list[str]
    must_change_password: bool


async def one_at_a_time(session: AsyncSession, what: str) -> None:
    """Let one transaction at a time do ``what``; the others wait here until it ends."""
    connection = await raw_connection(session)
    await connection.execute("SELECT pg_advisory_xact_lock(1, hashtext($1))", what)


async def agencies_by_code(session: AsyncSession, codes: Sequence[str]) -> dict[str, Agency]:
    """Return those of ``codes`` that are open, by code."""
    found = await session.exec(select(Agency).where(col(Agency.code).in_(codes)))
    return {agency.code: agency for agency in found}


async def agencies_named(session: AsyncSession, listed: Sequence[Agency]) -> dict[str, Agency]:
    """Return, by code, what stands under a code of ``listed``: own, of the parent, of the other
    scheme."""
    codes = {agency.code for agency in listed} | {one.parent_code for one in listed}
    others = {one.identification_code for one in listed if one.identification_code}
    found = await session.exec(
        select(Agency).where(
            or_(col(Agency.code).in_(codes), col(Agency.identification_code).in_(others))
        )
    )
    return {agency.code: agency for agency in found}


async def agencies(
    session: AsyncSession,
    *,
    level: AgencyLevel | None,
    parent: str | None,
    limit: int,
    after: str | None,
) -> Page[AgencyView]:
    """Return agencies in order of their codes."""
    statement = select(Agency).order_by(col(Agency.code)).limit(limit + 1)
    if level:
        statement = statement.where(Agency.level == level)
    if parent:
        statement = statement.where(Agency.parent_code == parent)
    if after:
        statement = statement.where(col(Agency.code) > str(decode(after, 1)[0]))
    rows = list(await session.exec(statement))
    more = encode(rows[limit - 1].code) if len(rows) > limit else None
    return Page(items=[agency_view(row) for row in rows[:limit]], next=more)


def agency_view(agency: Agency) -> AgencyView:
    """Shape an agency for the API."""
    return AgencyView.model_validate(agency, from_attributes=True)


async def account_for_update(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return an account, locked against others until the transaction ends."""
    statement = select(Account).where(Account.id == account_id).with_for_update()
    return (await session.exec(statement)).first()


async def account_by_username(
    session: AsyncSession, username: str, *, for_update: bool = False
) -> Account | None:
    """Return an account by its user name."""
    statement = select(Account).where(Account.username == username)
    if for_update:
        statement = statement.with_for_update()
    return (await session.exec(statement)).first()


async def account_by_refresh(session: AsyncSession, refresh_hash: str) -> Account | None:
    """Return the account whose session a refresh token renews, locked against others."""
    statement = (
        select(Account)
        .join(Session, col(Session.account_id) == Account.id)
        .where(Session.refresh_hash == refresh_hash)
        .with_for_update(of=Account)
    )
    return (await session.exec(statement)).first()


async def failures(session: AsyncSession, name_hash: str) -> Failures | None:
    """Return the failed sign-ins under a user name."""
    return await session.get(Failures, name_hash)


async def taken_usernames(session: AsyncSession, usernames: Sequence[str]) -> set[str]:
    """Return those of ``usernames`` that have an account."""
    statement = select(Account.username).where(col(Account.username).in_(usernames))
    return set(await session.exec(statement))


async def accounts_of(
    session: AsyncSession, *, agency: str | None, limit: int, after: str | None
) -> Page[AccountView]:
    """Return accounts in order of their user names."""
    statement = select(Account).order_by(col(Account.username)).limit(limit + 1)
    if agency:
        statement = statement.where(Account.agency == agency)
    if after:
        statement = statement.where(col(Account.username) > str(decode(after, 1)[0]))
    rows = list(await session.exec(statement))
    more = encode(rows[limit - 1].username) if len(rows) > limit else None
    items = [
        AccountView(
            account_id=row.id,
            username=row.username,
            display_name=row.display_name,
            email=row.email,
            agency=row.agency,
            roles=row.roles,
            is_locked=row.locked_at is not None,
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=more)


async def has_accounts(session: AsyncSession) -> bool:
    """Say whether there is any account."""
    return (await session.exec(select(func.count()).select_from(Account))).one() > 0


async def request_like(session: AsyncSession, request: WrittenRequest) -> WrittenRequest | None:
    """Return the request of the same agency, number, day and action that was carried out."""
    statement = select(WrittenRequest).where(
        WrittenRequest.agency == request.agency,
        WrittenRequest.number == request.number,
        WrittenRequest.signed_on == request.signed_on,
        WrittenRequest.action == request.action,
    )
    return (await session.exec(statement)).first()


async def requests_without_due_time(session: AsyncSession) -> list[WrittenRequest]:
    """Return the requests that came before the calendar of their year."""
    return list(
        await session.exec(select(WrittenRequest).where(col(WrittenRequest.due_at).is_(None)))
    )


async def requests_of(
    session: AsyncSession, *, agency: str | None, limit: int, after: UUID | None
) -> Page[RequestView]:
    """Return written requests, the latest first."""
    statement = select(WrittenRequest).order_by(col(WrittenRequest.id).desc()).limit(limit + 1)
    if agency:
        statement = statement.where(WrittenRequest.agency == agency)
    if after:
        statement = statement.where(col(WrittenRequest.id) < after)
    rows = list(await session.exec(statement))
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=[request_view(row) for row in rows[:limit]], next=more)


def request_view(request: WrittenRequest) -> RequestView:
    """Shape a written request for the API."""
    return RequestView.model_validate(request, from_attributes=True)


async def session_by_refresh(session: AsyncSession, refresh_hash: str) -> Session | None:
    """Return the session whose current refresh token this is, locked against others."""
    statement = select(Session).where(Session.refresh_hash == refresh_hash).with_for_update()
    return (await session.exec(statement)).first()


async def session_robbed(session: AsyncSession, refresh_hash: str) -> Session | None:
    """Return the session of a refresh token that has served before."""
    statement = (
        select(Session)
        .join(SpentRefreshToken, col(SpentRefreshToken.session_id) == Session.id)
        .where(SpentRefreshToken.refresh_hash == refresh_hash)
        .with_for_update(of=Session)
    )
    return (await session.exec(statement)).first()


async def open_sessions(session: AsyncSession, account_id: UUID) -> list[Session]:
    """Return the sessions of an account that have not been ended."""
    statement = select(Session).where(
        Session.account_id == account_id, col(Session.ended_at).is_(None)
    )
    return list(await session.exec(statement))


async def session_for_update(session: AsyncSession, session_id: UUID) -> Session | None:
    """Return a session, locked against others."""
    statement = select(Session).where(Session.id == session_id).with_for_update()
    return (await session.exec(statement)).first()


async def me(session: AsyncSession, account_id: UUID) -> tuple[Account, str] | None:
    """Return an account and the name of its agency."""
    account = await session.get(Account, account_id)
    if account is None:
        return None
    agency = await session.get(Agency, account.agency)
    return account, agency.name if agency else account.agency


async def calendar(session: AsyncSession) -> WorkingCalendar:
    """Return the working days as far as they are published."""
    rows = await session.exec(select(KnownCalendar))
    return WorkingCalendar(
        {row.year: frozenset(map(date.fromisoformat, row.days_off)) for row in rows}
    )


async def public_keys(session: AsyncSession) -> list[PublicKey]:
    """Return every public key with which the hub signs."""
    connection = await raw_connection(session)
    rows = await connection.fetch("SELECT jwk::text FROM known_keys ORDER BY kid")
    return [PublicKey.model_validate_json(row["jwk"]) for row in rows]
