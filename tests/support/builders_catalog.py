"""catalog in this process, on a database of the test's own, with people who hold real tokens.

- ``async with a_catalog(url) as catalog``: knows the agency ``STTTT``.
- ``await catalog.draft(a_regime_body())``, ``await catalog.put_in_force("BC-THU")`` as an operator.
- ``catalog.said("catalog.regime.put-in-force.v1")``: the facts that were published.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import httpx
import orjson
import psycopg
from fastapi import FastAPI

from catalog.commands.designations import learn_agency
from catalog.domain.calendars import calendar_of, swaps
from catalog.domain.regimes import Regime
from catalog.main import create_app
from catalog.settings import Settings
from chassis.clock import ZONE
from chassis.database import Database
from chassis.keys import learn_keys
from chassis.settings import Role as ProcessRole
from contracts.accounts.v1 import AgencyLevel, AgencyOpened, PublicKey, Role
from contracts.calendar import WorkingCalendar
from contracts.catalog.v1 import ContentForm, LegalBasis, RegimeKind
from contracts.forms import Attribute, Form, Indicator, Rule
from contracts.periods import CutOffRule, Frequency
from tests.support.services import KEY, a_token

API = "/api/catalog/v1"
BASIS = {
    "number": "2345/QĐ-UBND",
    "issued_on": "2022-11-15",
    "issuer": "Chủ tịch UBND tỉnh Bắc Giang",
}


def a_row(code: str = "1", **facts: Any) -> Indicator:
    """Return an indicator of its own."""
    return Indicator(
        **{
            "code": code,
            "name": f"Lĩnh vực {code}",
            "unit": "hồ sơ",
            "concept": "Hồ sơ thủ tục hành chính",
            "method": "Đếm hồ sơ",
            **facts,
        }
    )


def a_column(code: str = "c2", **facts: Any) -> Attribute:
    """Return an attribute that is filled in."""
    return Attribute(**{"code": code, "name": f"Cột {code}", **facts})


def a_rule(expression: str, code: str = "r1", **facts: Any) -> Rule:
    """Return a blocking rule."""
    told = {"severity": "BLOCKING", "message": "Số liệu chưa khớp", **facts}
    return Rule(code=code, expression=expression, **told)


def a_form(**facts: Any) -> Form:
    """Return a sound form of two rows and two columns and their total."""
    columns = [a_column("c1", formula="c2 + c3"), a_column("c2"), a_column("c3")]
    return Form(
        **{
            "code": "BC-THU",
            "version": 1,
            "rows": [a_row("1"), a_row("2"), a_row("TONG", sum_of=["1", "2"])],
            "columns": columns,
            "rules": [a_rule("c1 = c2 + c3")],
            **facts,
        }
    )


FILLED = (a_column("c2"), a_column("c3"))
"""Columns that are filled in."""


def columns_with(formula: str, *more: Attribute) -> dict[str, Any]:
    """Return the columns of a form without rules: ``c1`` with ``formula``, two filled in, more."""
    return {"columns": [a_column("c1", formula=formula), *FILLED, *more], "rules": []}


def working_days_of(year: int) -> WorkingCalendar:
    """Return the calendar of ``year`` as other services hold it."""
    off = calendar_of(year, swaps(), now=datetime(year, 1, 1, tzinfo=ZONE)).days_off
    return WorkingCalendar({year: frozenset(map(date.fromisoformat, off))})


def a_regime(**facts: Any) -> Regime:
    """Return a draft."""
    return Regime(
        **{
            "code": "BC-THU",
            "name": "Báo cáo thử",
            "kind": RegimeKind.PERIODIC,
            "content_form": ContentForm.TABULAR,
            "frequency": Frequency.HALF_YEARLY,
            "cut_off_rule": CutOffRule.ND09,
            "due_working_days": 2,
            "recipient": "UBND tỉnh",
            "form": a_form().model_dump(mode="json"),
            "drafted_by": "quan-tri",
            "drafted_at": datetime(2026, 1, 5, tzinfo=ZONE),
            **facts,
        }
    )


def a_legal_basis(issued_on: date = date(2022, 11, 15)) -> LegalBasis:
    """Return the decision of a competent authority."""
    return LegalBasis(number=BASIS["number"], issued_on=issued_on, issuer=BASIS["issuer"])


def a_form_body(**facts: Any) -> dict[str, Any]:
    """Return a sound form as the API takes it."""
    return {**a_form().model_dump(mode="json", exclude={"version"}), **facts}


def a_regime_body(code: str = "BC-THU", **facts: Any) -> dict[str, Any]:
    """Return a regime as it is drafted over the API."""
    return {
        "code": code,
        "name": "Báo cáo thử",
        "kind": "PERIODIC",
        "content_form": "TABULAR",
        "frequency": "HALF_YEARLY",
        "cut_off_rule": "ND09",
        "due_working_days": 2,
        "recipient": "UBND tỉnh",
        "form": a_form_body(),
        **facts,
    }


@dataclass
class Catalog:
    """The service under test and hands to use it."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    url: str

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: Role = Role.OPERATOR,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call the service as a person of one role, an operator unless told otherwise."""
        sent = {"Authorization": f"Bearer {a_token(by)}", **(headers or {})}
        return await self.client.request(method, f"{API}{path}", json=body, headers=sent)

    async def draft(self, body: dict[str, Any]) -> httpx.Response:
        """Draft a regime and return the answer, whatever it is."""
        return await self.call("POST", "/regimes", body)

    async def put_in_force(self, code: str, **facts: Any) -> httpx.Response:
        """Put a regime in force and return the answer, whatever it is."""
        body = {"legal_basis": BASIS, "in_force_from": "2023-01-01", **facts}
        return await self.call("POST", f"/regimes/{code}/put-in-force", body)

    async def in_force(self, code: str = "BC-THU", **facts: Any) -> dict[str, Any]:
        """Draft a regime, put it in force and return it."""
        drafted = await self.draft(a_regime_body(code, **facts))
        assert drafted.status_code == 201, drafted.text
        answer = await self.put_in_force(code)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def designate(self, code: str, agency: str, **facts: Any) -> httpx.Response:
        """Designate a lead agency and return the answer, whatever it is."""
        body = {"agency": agency, "legal_basis": BASIS, **facts}
        return await self.call("POST", f"/regimes/{code}/designations", body)

    async def learn_agency(self, code: str) -> None:
        """Let the service hear that an agency was opened."""
        event = AgencyOpened(
            code=code,
            name=f"Cơ quan {code}",
            level=AgencyLevel.DEPARTMENT,
            valid_from=date(2020, 1, 1),
        )
        async with self.database.transaction() as session:
            await learn_agency(session, event)

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Read the database underneath, past everything."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def said(self, type: str) -> list[dict[str, Any]]:
        """Return the facts of ``type`` that were published, in order."""
        found = self.rows("SELECT value FROM outbox WHERE type = %s ORDER BY seq", type)
        return [orjson.loads(bytes(value)) for (value,) in found]


@asynccontextmanager
async def a_catalog(url: str) -> AsyncIterator[Catalog]:
    """Run the service's API in this process; it knows the agency ``STTTT``."""
    settings = Settings(database_url=url, kafka_bootstrap="127.0.0.1:9", role=ProcessRole.API)
    app = create_app(settings)
    database: Database = app.state.database
    members = KEY.as_dict(private=False)
    key = PublicKey(kid=str(members["kid"]), x=str(members["x"]))
    async with database.transaction() as session:
        await learn_keys(session, "tests", [key])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        catalog = Catalog(app, client, database, url)
        await catalog.learn_agency("STTTT")
        try:
            yield catalog
        finally:
            await database.close()
