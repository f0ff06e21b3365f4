"""connector-gateway in this process, on a database of the test's own, with a clock that obeys.

``async with a_gateway(url, folder) as gateway`` gives its HTTP client, people with roles, the
database underneath and builders: ``await gateway.open("qg-tthc")`` returns a ``Partner`` that can
sign in, ``await gateway.suspend("qg-tthc")`` orders a suspension as an operator would.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from joserfc.jwk import OKPKey

import chassis.clock
from chassis.auth import Keyring
from chassis.clock import ZONE
from chassis.database import Database
from chassis.identifiers import new_id
from chassis.keys import learn_keys
from chassis.settings import Role as ProcessRole
from connector_gateway.commands.keys import signing_key
from connector_gateway.commands.known import learn_account, learn_calendar
from connector_gateway.main import create_app
from connector_gateway.settings import Settings
from contracts.accounts.v1 import AccountIssued, PublicKey, Role
from contracts.catalog.v1 import CalendarChanged
from tests.support.partner import API, Partner
from tests.support.postgres import empty
from tests.support.services import KEY, a_token

TET = [date(2026, 2, day) for day in range(16, 21)]
"""Weekdays off for Tết 2026: with the weekends around them 14/02–22/02."""
ORIGIN = "http://hub.test"


def a_year(year: int = 2026, off: Sequence[date] = tuple(TET)) -> CalendarChanged:
    """Return a calendar of a year: weekends and ``off`` are not worked."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    return CalendarChanged(
        year=year,
        days_off=sorted({day for day in days if day.weekday() > 4} | set(off)),
        sources=["test"],
        changed_at=datetime(year, 1, 1, tzinfo=ZONE),
    )


@dataclass
class Clock:
    """The time as the gateway sees it; real until ``moment`` is set."""

    moment: datetime | None = None

    async def at_request(self) -> datetime:
        """Return the moment."""
        return self.moment or chassis.clock.now()


@dataclass
class Gateway:
    """The service under test and hands to use it."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    settings: Settings
    url: str
    clock: Clock = field(default_factory=Clock)
    pristine: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.pristine = dict(self.settings)

    async def begin_anew(self, **settings: Any) -> None:
        """Forget all that tests before this one did: rows, settings, clock, what was kept."""
        empty(self.url)
        for name, value in {**self.pristine, **settings}.items():
            setattr(self.settings, name, value)
        self.clock.moment = None
        self.client.cookies.clear()
        for kept in ("pushes", "watch"):
            if hasattr(self.app.state, kept):
                delattr(self.app.state, kept)
        self.app.state.keyring = Keyring(self.database)
        await self.learn()

    async def learn(self) -> None:
        """Learn what others say before anything works: keys of issuers, days off."""
        members = KEY.as_dict(private=False)
        tests = PublicKey(kid=str(members["kid"]), x=str(members["x"]))
        own = signing_key(self.settings.signing_key_file).public
        async with self.database.transaction() as session:
            await learn_keys(session, "tests", [tests])
            await learn_keys(session, "connector-gateway", [own])
            for year in (2025, 2026, 2027):
                await learn_calendar(session, a_year(year, TET if year == 2026 else ()))

    def person(self, *roles: Role, agency: str = "24") -> dict[str, str]:
        """Return the headers of a new person with ``roles``."""
        return {"Authorization": f"Bearer {a_token(*roles, agency=agency)}"}

    async def known(self, name: str) -> dict[str, str]:
        """Return the headers of a new connection operator whose account has this name."""
        issued = AccountIssued(
            account_id=new_id(),
            username=f"ket-noi-{new_id()}",
            display_name=name,
            agency="24",
            roles=[Role.CONNECTION_OPERATOR],
            issued_at=chassis.clock.now(),
        )
        async with self.database.transaction() as session:
            await learn_account(session, issued)
        token = a_token(Role.CONNECTION_OPERATOR, sub=str(issued.account_id), name=name)
        return {"Authorization": f"Bearer {token}"}

    @property
    def operator(self) -> dict[str, str]:
        """Return the headers of a new connection operator: another person each time."""
        return self.person(Role.CONNECTION_OPERATOR)

    async def call(
        self, method: str, path: str, body: Any = None, *, by: dict[str, str] | None = None
    ) -> httpx.Response:
        """Call the service as an operator, or as whoever is named."""
        return await self.client.request(
            method, f"{API}{path}", json=body, headers=by or self.operator
        )

    async def open(self, code: str, *, owner: str = "H01", **terms: Any) -> Partner:
        """Open a connection of a system of its own and return the system."""
        partner = Partner(self.client, code)
        system = {
            "code": f"he-thong-{code}",
            "name": "Hệ thống của bộ",
            "owner_agency": owner,
            "owner_email": "dau-moi@bo.example.vn",
        }
        connection = {
            "code": code,
            "name": "Kết nối của bộ",
            "system": system["code"],
            "directions": ["inbound"],
            "public_jwk": partner.public_jwk,
            **terms,
        }
        for path, body in (("/systems", system), ("/connections", connection)):
            answer = await self.call("POST", path, body)
            assert answer.status_code == 201, answer.text
        return partner

    async def suspend(self, code: str, **order: Any) -> dict[str, Any]:
        """Order a suspension of one connection, as a security risk unless told otherwise."""
        answer = await self.call("POST", "/suspensions", an_order(code, **order))
        assert answer.status_code == 201, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def lift(self, suspension: str, **held: Any) -> dict[str, Any]:
        """Lift a suspension with two people."""
        body = {"remedy": "Đã thay khóa và rà soát máy chủ", "held": held or {"choose": "all"}}
        answer = await self.call("POST", f"/suspensions/{suspension}/lift", body)
        assert answer.status_code == 200, answer.text
        if answer.json()["state"] == "LIFT_REQUESTED":
            answer = await self.call("POST", f"/suspensions/{suspension}/lift/approve")
            assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def direction(self, code: str, direction: str = "inbound") -> dict[str, Any]:
        """Return one direction of a connection as the board shows it."""
        view = (await self.call("GET", f"/connections/{code}")).json()
        found: dict[str, Any] = view["directions"][direction]
        return found

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Read the database underneath, past everything."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def execute(self, statement: str, *params: object) -> None:
        """Change the database underneath, past everything."""
        with contextlib.closing(psycopg.connect(self.url, autocommit=True)) as connection:
            connection.execute(statement.encode(), params)

    def tamper(self, table: str, statement: str, *params: object) -> None:
        """Change what the database refuses to change: its guard is off for this statement only."""
        with psycopg.connect(self.url) as connection:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_stay".encode())
            connection.execute(statement.encode(), params)
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_stay".encode())

    async def has_somebody_waiting(self, least: int = 1) -> bool:
        """Say whether so many transactions wait for the locks of others."""
        query = """SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'"""
        return bool(self.rows(query)[0][0] >= least)

    @property
    def keys(self) -> list[dict[str, str]]:
        """Return the public keys that check what the gateway signs."""
        return [signing_key(self.settings.signing_key_file).public.model_dump()]


def an_order(code: str, **order: Any) -> dict[str, Any]:
    """Return the body of an order over one connection."""
    directions = order.pop("directions", ["inbound", "outbound"])
    scope = {"kind": "connection", "code": code, "directions": directions}
    return {
        "ground": "SECURITY_RISK",
        "scope": scope,
        "public_reason": "Kết nối có dấu hiệu bị chiếm quyền",
        **order,
    }


@asynccontextmanager
async def a_gateway(url: str, folder: Path, **settings: Any) -> AsyncIterator[Gateway]:
    """Run the service's API in this process."""
    key_file = folder / "signing.pem"
    key_file.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    chosen = Settings(
        database_url=url,
        kafka_bootstrap="127.0.0.1:9",
        origin=ORIGIN,
        role=ProcessRole.API,
        database_pool=20,
        signing_key_file=key_file,
        **settings,
    )
    app = create_app(chosen)
    clock = Clock()
    app.dependency_overrides[chassis.clock.at_request] = clock.at_request
    database: Database = app.state.database
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        try:
            gateway = Gateway(app, client, database, chosen, url, clock)
            await gateway.learn()
            yield gateway
        finally:
            await database.close()
