"""Accounts over HTTP: issued and locked on a written request (Điều 4)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from accounts import queries
from accounts.commands import accounts
from accounts.commands.accounts import NewAccount
from accounts.domain.requests import Action, Reason, WrittenRequest
from accounts.queries import AccountView, RequestView
from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Database, Transaction
from chassis.http import Body
from chassis.identifiers import new_id
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.identifiers import StatisticsCode
from contracts.text import Text

router = APIRouter(tags=["accounts"])
Operator = Annotated[Principal, Depends(allow(Role.ADMINISTRATOR, Role.OPERATOR))]
Reader = Annotated[Principal, Depends(allow(Role.ADMINISTRATOR, Role.OPERATOR, Role.AUDITOR))]


class RequestBody(Body):
    """A written request (văn bản đề nghị) of an agency; ``date`` is the day it was signed."""

    number: Annotated[Text, Field(min_length=1, max_length=60)]
    date: date
    received_at: AwareDatetime
    agency: StatisticsCode
    action: Action
    reason: Reason

    def request(self, who: Principal, now: datetime) -> WrittenRequest:
        """Return the request as it is carried out."""
        return WrittenRequest(
            id=new_id(),
            number=self.number,
            signed_on=self.date,
            received_at=self.received_at,
            agency=self.agency,
            action=self.action,
            reason=self.reason,
            done_at=now,
            done_by=who.subject,
        )


class AccountBody(Body):
    """An account that is asked for; without a password the answer shows one, once."""

    username: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{2,60}$")]
    display_name: Annotated[Text, Field(min_length=1, max_length=120)]
    email: Annotated[Text, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)] | None = None
    agency: StatisticsCode
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    password: Annotated[Text, Field(min_length=1, max_length=256)] | None = None
    is_initial_password: bool = True
    """Whether the holder has to change the password before anything else."""


class AccountList(Body):
    """Accounts issued in one action on one written request."""

    written_request: RequestBody
    accounts: Annotated[list[AccountBody], Field(min_length=1, max_length=500)]


class Lock(Body):
    """Why an account is locked: a written request, or at once for a stated reason."""

    written_request: RequestBody | None = None
    emergency_reason: Annotated[Text, Field(min_length=1, max_length=500)] | None = None


class IssuedAccount(BaseModel):
    """An account that was issued; ``password`` only where one was made up, shown this once."""

    account_id: UUID
    username: str
    password: str | None = None
    must_change_password: bool


class IssuedList(BaseModel):
    """The accounts of one written request, in the order asked, and the clock of the request."""

    written_request: RequestView
    items: list[IssuedAccount]


@router.post("/accounts", status_code=201)
async def issue(body: AccountList, request: Request, who: Operator, now: Now) -> IssuedList:
    """Issue accounts on a written request (Điều 4.1), within one working day (Điều 4.3)."""
    database: Database = request.app.state.database
    wanted = [NewAccount(**one.model_dump()) for one in body.accounts]
    ground = body.written_request.request(who, now)
    async with database.transaction() as session:
        await accounts.refuse_accounts(session, ground, wanted, now=now)
    credentials = await accounts.credentials_of(wanted)
    pairs = list(zip(wanted, credentials, strict=True))
    async with database.transaction() as session:
        issued = await accounts.issue_accounts(session, ground, pairs, now=now)
    return IssuedList(
        written_request=queries.request_view(issued.request),
        items=[
            IssuedAccount(
                account_id=account.id,
                username=account.username,
                password=password,
                must_change_password=account.must_change_password(now),
            )
            for account, password in issued.accounts
        ],
    )


@router.get("/accounts")
async def list_accounts(
    session: Transaction,
    _: Reader,
    agency: StatisticsCode | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[AccountView]:
    """List accounts in order of their user names, of one agency or of all."""
    return await queries.accounts_of(session, agency=agency, limit=limit, after=after)


@router.post("/accounts/{account_id}/lock", status_code=204)
async def lock(
    account_id: UUID, body: Lock, session: Transaction, who: Operator, now: Now
) -> Response:
    """Lock an account (Điều 4.2); its sessions end at once in every service.

    After an emergency lock the written request that must follow is sent here too.
    """
    await accounts.lock_account(
        session,
        account_id,
        request=body.written_request.request(who, now) if body.written_request else None,
        emergency_reason=body.emergency_reason,
        by=who.subject,
        now=now,
    )
    return Response(status_code=204)


@router.get("/written-requests")
async def list_requests(
    session: Transaction,
    _: Reader,
    agency: StatisticsCode | None = None,
    limit: Limit = 100,
    after: UUID | None = None,
) -> Page[RequestView]:
    """List written requests, the latest first, each with its clock of one working day."""
    return await queries.requests_of(session, agency=agency, limit=limit, after=after)
