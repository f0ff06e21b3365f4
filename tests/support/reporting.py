"""submissions in this process, on a database of the test's own, with a clock that obeys.

- ``async with a_hub(url) as hub``: the service, knowing a calendar, an agency tree, TTHC-II06A.
- ``await hub.assign()`` gives the report to three communes and returns ids by unit.
- ``await hub.call("GET", "/my-work", by=hub.officer("07201"))``
- ``await hub.send(report)`` takes a report from nothing to sent, as its unit would.
- ``await hub.begin_anew()`` forgets all reports, so that one database serves many tests.
- ``hub.said("submissions.report.assigned.v1")``: the facts that were published.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import psycopg
from fastapi import FastAPI
from joserfc import jwt

import chassis.clock
from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from chassis.clock import ZONE
from chassis.database import Database
from chassis.keys import learn_keys
from chassis.settings import Role as ProcessRole
from contracts.accounts.v1 import AgencyLevel, AgencyOpened, PublicKey, Role
from contracts.catalog.v1 import (
    CalendarChanged,
    ContentForm,
    LeadAgencyDesignated,
    LegalBasis,
    RegimeKind,
    RegimePutInForce,
)
from contracts.forms import Form
from contracts.periods import CutOffRule, Frequency
from submissions.commands import known
from submissions.main import create_app
from submissions.settings import Settings
from tests.support.clock import Clock
from tests.support.forms import tthc
from tests.support.postgres import empty
from tests.support.services import KEY

API = "/api/submissions/v1"
ORIGIN = "http://hub.test"
MORNING = datetime(2026, 6, 1, 8, 0, tzinfo=ZONE)
REGIME = "TTHC-II06A"
PERIOD = "2026-H1"
LEAD = "24.VPUB"
OTHER_LEAD = "24.STC"
COMMUNES = ("07201", "07204", "07207")
BASIS = LegalBasis(number="1375/QĐ-UBND", issued_on=date(2022, 12, 30), issuer="UBND tỉnh")
HOURS = 6 * 3600
"""Tokens are made when tests are collected and used whenever their turn comes."""
SOUND = {"1:c2": "5", "1:c4": "-", "1:c6": "4", "1:c10": "1"}
"""Figures that break no rule."""


def a_person(*roles: Role, agency: str, subject: str | None = None) -> dict[str, str]:
    """Return the headers of a person; the same subject is the same person."""
    claims = {
        "iss": "tests",
        "aud": AUDIENCE,
        "sub": subject or f"{agency}-{'-'.join(sorted(roles))}",
        "name": f"Người của {agency}",
        "agency": agency,
        "roles": [role.value for role in roles],
        "exp": int(chassis.clock.now().timestamp()) + HOURS,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": KEY.kid}
    token = jwt.encode(header, claims, KEY, algorithms=[ALGORITHM])
    return {"Authorization": f"Bearer {token}"}


def an_officer(agency: str = COMMUNES[0]) -> dict[str, str]:
    """Return an officer of a unit."""
    return a_person(Role.OFFICER, agency=agency)


def a_head(agency: str = COMMUNES[0], subject: str | None = None) -> dict[str, str]:
    """Return the head of a unit."""
    return a_person(Role.AGENCY_HEAD, agency=agency, subject=subject)


def a_reviewer(agency: str = LEAD) -> dict[str, str]:
    """Return a reviewer of a lead agency."""
    return a_person(Role.LEAD_AGENCY_REVIEWER, agency=agency)


EVERYTHING = '{"regimes":null,"agencies":null}'


def asking(**claims: Any) -> dict[str, str]:
    """Return the headers with which the gateway asks for a connection."""
    said = {
        "iss": "connector-gateway",
        "aud": [AUDIENCE],
        "sub": "connector-gateway",
        "connection": "qg-tthc",
        "grant": EVERYTHING,
        "code_map": 0,
        "exp": int(chassis.clock.now().timestamp()) + HOURS,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": KEY.kid}
    token = jwt.encode(header, {**said, **claims}, KEY, algorithms=[ALGORITHM])
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


OPERATOR = (Role.OPERATOR,)


@dataclass
class Reporting:
    """The service under test and hands to use it."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    url: str
    clock: Clock = field(default_factory=lambda: Clock(MORNING))

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: Mapping[str, str],
        etag: str | None = None,
    ) -> httpx.Response:
        """Call the service as somebody; ``etag`` goes into ``If-Match``."""
        headers = {**by, **({"If-Match": etag} if etag else {})}
        return await self.client.request(method, f"{API}{path}", json=body, headers=headers)

    async def assign(self, *units: str, **order: Any) -> dict[str, str]:
        """Assign the report of the period and return the ids of the reports by unit."""
        body = {"regime": REGIME, "period": PERIOD, "units": list(units or COMMUNES), **order}
        answer = await self.call("POST", "/assignments", body, by=a_reviewer())
        assert answer.status_code == 201, answer.text
        rows = self.rows("SELECT unit, id FROM reports WHERE period = %s", body["period"])
        return {unit: str(report) for unit, report in rows}

    async def read(self, report: str, *, by: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return a report as its unit, or whoever is named, sees it."""
        answer = await self.call("GET", f"/reports/{report}", by=by or an_officer())
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def fill_in(
        self, report: str, cells: Mapping[str, str], *, unit: str = COMMUNES[0], **more: Any
    ) -> httpx.Response:
        """Change figures on the latest reading."""
        read = await self.call("GET", f"/reports/{report}", by=an_officer(unit))
        return await self.call(
            "PATCH",
            f"/reports/{report}",
            {"cells": cells, **more},
            by=an_officer(unit),
            etag=read.headers["ETag"],
        )

    async def send(
        self, report: str, cells: Mapping[str, str] | None = None, *, unit: str = COMMUNES[0]
    ) -> None:
        """Fill in, approve and send a report."""
        answer = await self.fill_in(report, cells or SOUND, unit=unit)
        assert answer.status_code == 200, answer.text
        for act in ("approve", "submit"):
            answer = await self.call("POST", f"/reports/{report}/{act}", by=a_head(unit))
            assert answer.status_code == 200, answer.text

    async def send_back(self, report: str, **order: Any) -> httpx.Response:
        """Send a report back as its lead agency."""
        body = {
            "reason": "Số liệu hàng 1 chưa khớp sổ theo dõi",
            "cells": ["1:c2"],
            "due_at": (MORNING + timedelta(days=10)).isoformat(),
            **order,
        }
        return await self.call("POST", f"/reports/{report}/send-back", body, by=a_reviewer())

    async def accept(self, report: str) -> httpx.Response:
        """Accept a report as its lead agency."""
        return await self.call("POST", f"/reports/{report}/accept", by=a_reviewer())

    async def learn(self, event: Any) -> None:
        """Take in a fact of another service."""
        acts: dict[type, Any] = {
            AgencyOpened: known.learn_agency,
            RegimePutInForce: known.learn_regime,
            LeadAgencyDesignated: known.learn_lead_agency,
            CalendarChanged: known.learn_calendar,
        }
        async with self.database.transaction() as session:
            await acts[type(event)](session, event)

    async def know_regime(self, form: Form, lead: str = LEAD, **facts: Any) -> None:
        """Put a regime in force and designate its lead agency."""
        await self.learn(a_regime(form, **facts))
        await self.learn(
            LeadAgencyDesignated(
                regime=form.code, agency=lead, legal_basis=BASIS, designated_at=MORNING
            )
        )

    async def begin_anew(self) -> None:
        """Forget every report, and whatever one test told of regimes and agencies."""
        self.clock.moment = MORNING
        empty(self.url, but="known")
        async with self.database.transaction() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(f"DELETE FROM known_regimes WHERE code <> '{REGIME}'")  # noqa: S608 ours
            for agency in agencies():
                await known.learn_agency(session, agency)

    def said(self, type: str) -> list[dict[str, Any]]:
        """Return the facts of a type in the order they were published."""
        rows = self.rows("SELECT value FROM outbox WHERE type = %s ORDER BY id", type)
        return [orjson.loads(value) for (value,) in rows]

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Read the database underneath, past everything."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def everything(self) -> list[tuple[Any, ...]]:
        """Return what stands in the tables that people change, to see that nothing did."""
        tables = ("assignments", "reports", "report_versions", "approvals", "outbox")
        return [
            row
            for table in (*tables, "standing_approvals")
            for row in self.rows(f"SELECT t::text FROM {table} AS t ORDER BY 1")  # noqa: S608 ours
        ]


def a_regime(form: Form | None = None, **facts: Any) -> RegimePutInForce:
    """Return the fact that a regime is in force."""
    chosen = form or tthc(rows=3)
    return RegimePutInForce(
        **{
            "regime": chosen.code,
            "name": "Kết quả giải quyết thủ tục hành chính",
            "kind": RegimeKind.PERIODIC,
            "content_form": ContentForm.TABULAR,
            "legal_basis": BASIS,
            "frequency": Frequency.HALF_YEARLY,
            "cut_off_rule": CutOffRule.ND09,
            "due_working_days": 2,
            "recipient": "Văn phòng Chính phủ",
            "form": chosen,
            "in_force_from": date(2023, 1, 15),
            **facts,
        }
    )


def agencies(communes: Sequence[str] = COMMUNES) -> list[AgencyOpened]:
    """Return a province with two departments, a district and its communes."""
    tree = [
        ("24", "Tỉnh Bắc Giang", AgencyLevel.PROVINCE, None),
        (LEAD, "Văn phòng UBND tỉnh", AgencyLevel.DEPARTMENT, "24"),
        (OTHER_LEAD, "Sở Tài chính", AgencyLevel.DEPARTMENT, "24"),
        ("213", "Huyện Yên Thế", AgencyLevel.DISTRICT, "24"),
        *((code, f"Xã {code}", AgencyLevel.COMMUNE, "213") for code in communes),
    ]
    return [
        AgencyOpened(
            code=code, name=name, level=level, parent_code=parent, valid_from=date(2000, 1, 1)
        )
        for code, name, level, parent in tree
    ]


def a_calendar(year: int) -> CalendarChanged:
    """Return a year whose weekends are not worked."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    return CalendarChanged(
        year=year,
        days_off=[day for day in days if day.weekday() > 4],
        sources=["test"],
        changed_at=MORNING,
    )


@asynccontextmanager
async def a_hub(url: str) -> AsyncIterator[Reporting]:
    """Run the service's API in this process; it knows what the other services said."""
    settings = Settings(
        database_url=url,
        kafka_bootstrap="127.0.0.1:9",
        origin=ORIGIN,
        role=ProcessRole.API,
        database_pool=10,
    )
    app = create_app(settings)
    members = KEY.as_dict(private=False)
    key = PublicKey(kid=str(members["kid"]), x=str(members["x"]))
    database: Database = app.state.database
    async with database.transaction() as session:
        await learn_keys(session, "tests", [key])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        hub = Reporting(app, client, database, url)
        app.dependency_overrides[chassis.clock.at_request] = hub.clock.at_request
        for fact in (*agencies(), a_calendar(2025), a_calendar(2026), a_calendar(2027)):
            await hub.learn(fact)
        await hub.know_regime(tthc(rows=3))
        try:
            yield hub
        finally:
            await database.close()


def places(answer: httpx.Response) -> dict[str, str]:
    """Return the slug at each place of a problem."""
    return {
        error["pointer"]: error["type"].removeprefix("/problems/")
        for error in answer.json().get("errors", ())
    }


def slug(answer: httpx.Response) -> str:
    """Return which problem an answer is."""
    found: str = answer.json()["type"].removeprefix("/problems/")
    return found


def ids(reports: Mapping[str, str]) -> list[UUID]:
    """Return the ids of reports in order of their units."""
    return [UUID(reports[unit]) for unit in sorted(reports)]
