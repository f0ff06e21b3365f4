"""Every read of catalog."""

from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog.domain.calendars import Calendar
from catalog.domain.indicators import Indicator
from catalog.domain.known import KnownAgency
from catalog.domain.regimes import Designation, Regime, Status
from chassis.clock import Moment
from chassis.database import raw_connection
from chassis.paging import Page, decode, encode
from contracts.catalog.v1 import LegalBasis
from contracts.forms import Form


class DesignationView(BaseModel):
    """Who leads a regime, since when, on what basis."""

    agency: str
    legal_basis: LegalBasis
    designated_at: Moment


class RegimeLine(BaseModel):
    """A regime in the list of the catalog."""

    code: str
    name: str
    kind: str
    content_form: str
    frequency: str
    status: str
    lead_agency: str | None


class RegimeView(RegimeLine):
    """A regime whole: definition, form, legal basis, history of designations."""

    cut_off_rule: str
    due_working_days: int
    recipient: str
    legal_basis: LegalBasis | None
    in_force_from: date | None
    form: Form
    designations: list[DesignationView]
    """Who led it since when, the last one leads it now."""
    revision: int


class CalendarView(BaseModel):
    """The days off of a year and what they rest on."""

    year: int
    days_off: list[date]
    sources: list[str]
    unconfirmed: list[date]
    """Days, off or worked, whose swap has been announced but not confirmed."""


async def one_at_a_time(session: AsyncSession, what: str) -> None:
    """Let one transaction at a time do ``what``; the others wait here until it ends."""
    connection = await raw_connection(session)
    await connection.execute("SELECT pg_advisory_xact_lock(1, hashtext($1))", what)


async def regime_for_update(session: AsyncSession, code: str) -> Regime | None:
    """Return a regime, locked against others until the transaction ends."""
    return (await session.exec(select(Regime).where(Regime.code == code).with_for_update())).first()


async def regimes(session: AsyncSession, *, limit: int, after: str | None) -> Page[RegimeLine]:
    """Return regimes in order of their codes."""
    statement = select(Regime).order_by(col(Regime.code)).limit(limit + 1)
    if after:
        statement = statement.where(col(Regime.code) > str(decode(after, 1)[0]))
    rows = list(await session.exec(statement))
    leads = await _leads(session, [row.code for row in rows])
    items = [RegimeLine(**_line(row), lead_agency=leads.get(row.code)) for row in rows[:limit]]
    return Page(items=items, next=encode(rows[limit - 1].code) if len(rows) > limit else None)


async def regime(session: AsyncSession, code: str) -> RegimeView | None:
    """Return a regime whole."""
    row = await session.get(Regime, code)
    if row is None:
        return None
    statement = select(Designation).where(Designation.regime == code)
    designations = list(await session.exec(statement.order_by(col(Designation.id))))
    return RegimeView(
        **_line(row),
        lead_agency=designations[-1].agency if designations else None,
        cut_off_rule=row.cut_off_rule,
        due_working_days=row.due_working_days,
        recipient=row.recipient,
        legal_basis=LegalBasis.model_validate(row.legal_basis) if row.legal_basis else None,
        in_force_from=row.in_force_from,
        form=Form.model_validate(row.form),
        designations=[
            DesignationView.model_validate(one, from_attributes=True) for one in designations
        ],
        revision=row.revision,
    )


async def lead_agency(session: AsyncSession, code: str) -> str | None:
    """Return the agency that leads a regime now."""
    return (await _leads(session, [code])).get(code)


async def agency_is_known(session: AsyncSession, code: str) -> bool:
    """Say whether an agency has been opened."""
    return await session.get(KnownAgency, code) is not None


async def indicators(session: AsyncSession, form: Form) -> list[Indicator]:
    """Return the indicators in force under the codes of ``form``, whatever form uses them."""
    codes = [row.code for row in form.rows]
    return list(await session.exec(select(Indicator).where(col(Indicator.code).in_(codes))))


async def forms_in_force(session: AsyncSession, code: str, *, but: str) -> list[dict[str, Any]]:
    """Return the forms of that code in regimes other than ``but`` that are past their draft."""
    statement = select(Regime).where(
        col(Regime.form)["code"].astext == code,
        Regime.status != Status.DRAFT,
        Regime.code != but,
    )
    return [regime.form for regime in await session.exec(statement)]


async def calendar(session: AsyncSession, year: int) -> CalendarView | None:
    """Return the calendar of a year."""
    row = await session.get(Calendar, year)
    return CalendarView.model_validate(row, from_attributes=True) if row else None


async def published_calendar(session: AsyncSession, year: int) -> Calendar | None:
    """Return what was published of a year."""
    return await session.get(Calendar, year)


async def _leads(session: AsyncSession, codes: list[str]) -> dict[str, str]:
    statement = select(Designation).where(col(Designation.regime).in_(codes))
    rows = await session.exec(statement.order_by(col(Designation.id)))
    return {row.regime: row.agency for row in rows}


def _line(row: Regime) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "content_form": row.content_form,
        "frequency": row.frequency,
        "status": row.status,
    }
