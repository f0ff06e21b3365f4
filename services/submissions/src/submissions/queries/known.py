"""Reads of what others said: regimes with their plans, agencies, the calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.calendar import WorkingCalendar
from contracts.catalog.v1 import RegimePutInForce
from submissions.domain.formulas import FormPlan, plan_of
from submissions.domain.known import KnownAgency, KnownCalendar, KnownRegime
from submissions.errors import RegimeNotInForce


@dataclass(frozen=True)
class RegimeInForce:
    """A regime as it is in force: its definition, who leads it, its form made ready."""

    definition: RegimePutInForce
    lead_agency: str | None
    plan: FormPlan


async def regime_in_force(
    session: AsyncSession, code: str, *, is_locked: bool = False
) -> RegimeInForce:
    """Return a regime, locked where two may not assign it at once; raises ``RegimeNotInForce``."""
    row = await session.get(KnownRegime, code, with_for_update=is_locked)
    if row is None:
        raise RegimeNotInForce(regime=code)
    definition = RegimePutInForce.model_validate(row.definition)
    return RegimeInForce(
        definition=definition,
        lead_agency=row.lead_agency,
        plan=plan_of(definition.form.model_dump_json()),
    )


async def plan_of_regime(session: AsyncSession, code: str) -> FormPlan:
    """Return the plan of a regime's form without reading the form again when it is kept."""
    connection = await raw_connection(session)
    form = await connection.fetchval(
        "SELECT (definition -> 'form')::text FROM known_regimes WHERE code = $1", code
    )
    if form is None:
        raise RegimeNotInForce(regime=code)
    return plan_of(form)


async def regime_row(session: AsyncSession, code: str) -> KnownRegime | None:
    """Return what is kept of a regime."""
    return await session.get(KnownRegime, code)


async def units_of_level(session: AsyncSession, level: str) -> list[str]:
    """Return the codes of the agencies of a level that are open, in order."""
    statement = select(KnownAgency.code).where(
        KnownAgency.level == level, col(KnownAgency.valid_to).is_(None)
    )
    return sorted(await session.exec(statement))


async def agencies_by_code(
    session: AsyncSession, codes: Sequence[str] | None = None
) -> dict[str, KnownAgency]:
    """Return agencies by code, all of them when ``codes`` is None."""
    statement = select(KnownAgency)
    if codes is not None:
        statement = statement.where(col(KnownAgency.code).in_(codes))
    return {agency.code: agency for agency in await session.exec(statement)}


async def calendar(session: AsyncSession) -> WorkingCalendar:
    """Return the working days as far as they are published."""
    rows = await session.exec(select(KnownCalendar))
    return WorkingCalendar(
        {row.year: frozenset(map(date.fromisoformat, row.days_off)) for row in rows}
    )
