"""accounts in this process, on a database of the test's own, with a clock that obeys.

- ``async with an_accounts(url, folder) as accounts``: with its first administrator, signed in, and
  two agencies.
- ``await accounts.issue("can-bo", Role.OFFICER)`` issues an account,
  ``await accounts.sign_in("can-bo")`` signs it in and gives its tokens.
- ``accounts.said("accounts.session.revoked.v1")``: the facts that were published.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from pydantic import SecretStr

import chassis.clock
from accounts.commands.accounts import issue_first_administrator
from accounts.commands.calendars import learn_calendar
from accounts.commands.keys import announce_keys, signer_of
from accounts.commands.sessions import Grant, look_up, sign_in
from accounts.domain.accounts import Account
from accounts.domain.agencies import Agency
from accounts.domain.requests import Action, Reason, WrittenRequest
from accounts.domain.sessions import Session
from accounts.main import create_app
from accounts.settings import Settings
from chassis.auth import Keyring
from chassis.clock import ZONE
from chassis.database import Database
from chassis.identifiers import new_id
from chassis.keys import learn_keys
from chassis.settings import Role as ProcessRole
from contracts.accounts.v1 import AgencyLevel, Role
from contracts.catalog.v1 import CalendarChanged
from tests.support.clock import Clock
from tests.support.postgres import restore

API = "/api/accounts/v1"
ORIGIN = "http://hub.test"
PASSWORD = "mưa nguồn suối lũ 26"
NOON = datetime(2026, 3, 31, 12, tzinfo=ZONE)


def an_agency(code: str = "07201", **facts: Any) -> Agency:
    """Return an agency that nobody has opened yet."""
    return Agency(
        **{
            "code": code,
            "name": f"Xã {code}",
            "level": AgencyLevel.COMMUNE,
            "valid_from": date(2020, 1, 1),
            "legal_basis": "Nghị quyết 813/NQ-UBTVQH14",
            **facts,
        }
    )


def an_account(*roles: Role, **facts: Any) -> Account:
    """Return an account of an officer, its password changed on 31/03/2026."""
    return Account(
        **{
            "id": new_id(),
            "username": "can-bo",
            "display_name": "Nguyễn Văn Bộ",
            "agency": "07201",
            "roles": [role.value for role in roles or (Role.OFFICER,)],
            "password_hash": "…",
            "password_changed_at": NOON,
            "is_initial_password": False,
            "issued_at": NOON,
            **facts,
        }
    )


def a_session(account: Account, **facts: Any) -> Session:
    """Return a session that ``account`` began at noon."""
    return Session(
        **{
            "id": new_id(),
            "account_id": account.id,
            "refresh_hash": "…",
            "started_at": NOON,
            "used_at": NOON,
            **facts,
        }
    )


def a_request(**facts: Any) -> WrittenRequest:
    """Return a written request to issue accounts, received at noon and done an hour later."""
    return WrittenRequest(
        **{
            "id": new_id(),
            "number": "12/CV-UBND",
            "signed_on": NOON.date(),
            "received_at": NOON,
            "agency": "07201",
            "action": Action.ISSUE,
            "reason": Reason.NEW,
            "done_at": NOON + timedelta(hours=1),
            "done_by": "quan-tri",
            **facts,
        }
    )


def a_request_body(**facts: Any) -> dict[str, Any]:
    """Return a written request as the API takes it, received this moment."""
    moment = chassis.clock.now()
    return {
        "number": "12/CV-UBND",
        "date": moment.date().isoformat(),
        "received_at": moment.isoformat(),
        "agency": "07201",
        "action": "issue",
        "reason": "new",
        **facts,
    }


def an_account_body(username: str = "can-bo", *roles: Role, **facts: Any) -> dict[str, Any]:
    """Return an account as a request asks for it, with a password that its holder chose."""
    return {
        "username": username,
        "display_name": "Nguyễn Văn Bộ",
        "agency": "07201",
        "roles": [role.value for role in roles or (Role.OFFICER,)],
        "password": PASSWORD,
        "is_initial_password": False,
        **facts,
    }


def an_agency_body(code: str, **facts: Any) -> dict[str, Any]:
    """Return an agency as the API takes it."""
    return {
        "code": code,
        "name": f"Xã {code}",
        "level": "COMMUNE",
        "valid_from": "2020-01-01",
        **facts,
    }


@dataclass
class Accounts:
    """The service under test and hands to use it."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    settings: Settings
    url: str
    clock: Clock = field(default_factory=Clock)
    administrator: dict[str, str] = field(default_factory=dict)
    """Headers of the first administrator, signed in."""

    def begin_anew(self) -> None:
        """Forget all that tests before this one did."""
        restore(self.url)
        self.clock.moment = None
        self.client.cookies.clear()
        self.app.state.keyring = Keyring(self.database)

    async def call(
        self, method: str, path: str, body: Any = None, *, by: dict[str, str] | None = None
    ) -> httpx.Response:
        """Call the service as the first administrator, or as whoever is named."""
        headers = self.administrator if by is None else by
        return await self.client.request(method, f"{API}{path}", json=body, headers=headers)

    async def open(self, *agencies: dict[str, Any]) -> httpx.Response:
        """Open agencies on a legal basis."""
        body = {"legal_basis": "Nghị quyết 813/NQ-UBTVQH14", "agencies": list(agencies)}
        return await self.call("POST", "/agencies", body)

    async def issue(self, username: str, *roles: Role, **facts: Any) -> str:
        """Issue an account on a written request and return its id."""
        body = {
            "written_request": a_request_body(),
            "accounts": [an_account_body(username, *roles, **facts)],
        }
        answer = await self.call("POST", "/accounts", body)
        assert answer.status_code == 201, answer.text
        account: str = answer.json()["items"][0]["account_id"]
        return account

    async def try_to_sign_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in and return the answer, whatever it is."""
        body = {"username": username, "password": password}
        return await self.client.post(f"{API}/sessions", json=body)

    async def sign_in(self, username: str, password: str = PASSWORD) -> dict[str, Any]:
        """Sign in and return the tokens."""
        answer = await self.try_to_sign_in(username, password)
        assert answer.status_code == 201, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def session_of(self, username: str) -> dict[str, str]:
        """Begin a session of ``username`` without the cost of its password; return its headers."""
        async with self.database.transaction() as session:
            claim = await look_up(session, username, now=chassis.clock.now())
            signer = signer_of(self.settings.signing_key_file)
            grant = await sign_in(session, signer, claim, is_right=True, now=chassis.clock.now())
        assert isinstance(grant, Grant)
        return {"Authorization": f"Bearer {grant.access_token}"}

    async def refresh(self, refresh_token: str) -> httpx.Response:
        """Exchange a refresh token and return the answer."""
        body = {"refresh_token": refresh_token}
        return await self.client.post(f"{API}/sessions/refresh", json=body)

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Read the database underneath, past everything."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def said(self, type: str) -> list[dict[str, Any]]:
        """Return the facts of ``type`` that were published, in order."""
        found = self.rows("SELECT value FROM outbox WHERE type = %s ORDER BY seq", type)
        return [orjson.loads(bytes(value)) for (value,) in found]

    async def learn(self, event: CalendarChanged) -> None:
        """Let the service hear a calendar."""
        async with self.database.transaction() as session:
            await learn_calendar(session, event)


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the headers of whoever holds ``tokens``."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@asynccontextmanager
async def an_accounts(url: str, folder: Path) -> AsyncIterator[Accounts]:
    """Run the service's API in this process, with its first administrator and two agencies."""
    key_file = folder / "signing.pem"
    key_file.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    settings = Settings(
        database_url=url,
        kafka_bootstrap="127.0.0.1:9",
        origin=ORIGIN,
        role=ProcessRole.API,
        signing_key_file=key_file,
        bootstrap_password=SecretStr(PASSWORD),
    )
    app = create_app(settings)
    database: Database = app.state.database
    for act in (announce_keys, issue_first_administrator):
        async with database.transaction() as session:
            await act(session, settings)
    async with database.transaction() as session:
        await learn_keys(session, "accounts", [signer_of(key_file).public])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        accounts = Accounts(app, client, database, settings, url)
        app.dependency_overrides[chassis.clock.at_request] = accounts.clock.at_request
        accounts.administrator = await accounts.session_of("quan-tri")
        opened = await accounts.open(
            an_agency_body("24", name="Tỉnh Bắc Giang", level="PROVINCE"),
            an_agency_body("07201", parent_code="24"),
        )
        assert opened.status_code == 201, opened.text
        try:
            yield accounts
        finally:
            await database.close()
