"""What the API shows of a consolidation: its totals, and each of them down to its origin."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.paging import Page, decode, encode
from contracts.calendar import ZONE
from contracts.catalog.v1 import RegimePutInForce
from submissions.domain.consolidations import Consolidation, ConsolidationState
from submissions.domain.totals import Total
from submissions.queries import consolidations, known


class TotalView(BaseModel):
    """A cell of the consolidation; a derived one is computed from the totals of others."""

    value: str | None
    figures: int
    nil: int
    not_applicable: int
    missing: int
    is_derived: bool


class UnitName(BaseModel):
    """A unit by code and name."""

    agency: str
    name: str


class ExcludedUnit(UnitName):
    """A unit left out by decision."""

    reason: str


class AcknowledgementView(BaseModel):
    """A connected system that has the forwarded report."""

    connection: str
    at: datetime


class ConsolidationLine(BaseModel):
    """A consolidation in a list."""

    consolidation: UUID
    regime: str
    period: str
    state: ConsolidationState
    revision: int
    accepted: int
    expected: int
    completed_at: datetime
    forwarded_at: datetime | None


class ConsolidationView(ConsolidationLine):
    """A consolidation whole: who is in it, who is missing, every total."""

    regime_name: str
    lead_agency: str
    recipient: str
    missing: list[UnitName]
    excluded: list[ExcludedUnit]
    totals: dict[str, TotalView]
    sha256: str | None
    acknowledged: list[AcknowledgementView]
    traceparent: str | None


async def view(session: AsyncSession, found: Consolidation) -> ConsolidationView:
    """Return a consolidation whole."""
    definition = RegimePutInForce.model_validate(found.definition)
    names = await names_of(session, found)
    return ConsolidationView(
        **_line(found).model_dump(),
        regime_name=definition.name,
        lead_agency=found.lead_agency,
        recipient=definition.recipient,
        missing=missing_units(found, names),
        excluded=excluded_units(found, names),
        totals={
            cell: TotalView.model_construct(**Total(*said)._asdict())
            for cell, said in found.totals.items()
        },
        sha256=found.sha256,
        acknowledged=[
            AcknowledgementView(connection=one.connection, at=one.acknowledged_at.astimezone(ZONE))
            for one in await consolidations.acknowledgements(session, found.id)
        ],
        traceparent=found.traceparent,
    )


async def listed(
    session: AsyncSession,
    who: Principal,
    asked: tuple[str | None, str | None],
    *,
    limit: int,
    after: str | None,
) -> Page[ConsolidationLine]:
    """Return consolidations of a regime and period, the latest first."""
    statement = select(Consolidation)
    if not consolidations.sees_all(who):
        statement = statement.where(Consolidation.lead_agency == who.agency)
    regime, period = asked
    if regime:
        statement = statement.where(Consolidation.regime == regime)
    if period:
        statement = statement.where(Consolidation.period == period)
    if after:
        statement = statement.where(col(Consolidation.id) < UUID(str(decode(after)[0])))
    statement = statement.order_by(col(Consolidation.id).desc()).limit(limit + 1)
    rows = list(await session.exec(statement))
    more = encode(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_line(row) for row in rows[:limit]], next=more)


def _line(found: Consolidation) -> ConsolidationLine:
    forwarded_at = found.forwarded_at
    return ConsolidationLine(
        consolidation=found.id,
        regime=found.regime,
        period=found.period,
        state=ConsolidationState(found.state),
        revision=found.revision,
        accepted=found.accepted,
        expected=found.expected,
        completed_at=found.completed_at.astimezone(ZONE),
        forwarded_at=forwarded_at.astimezone(ZONE) if forwarded_at else None,
    )


async def names_of(session: AsyncSession, found: Consolidation) -> dict[str, str]:
    """Return the name of every unit that a consolidation speaks of."""
    units = [unit for unit, *_ in found.taken] + found.missing
    units += [one["agency"] for one in found.excluded]
    agencies = await known.agencies_by_code(session, units)
    return {code: agency.name for code, agency in agencies.items()}


def missing_units(found: Consolidation, names: Mapping[str, str]) -> list[UnitName]:
    """Return the units that are missing, by name."""
    return [UnitName(agency=unit, name=names.get(unit, unit)) for unit in found.missing]


def excluded_units(found: Consolidation, names: Mapping[str, str]) -> list[ExcludedUnit]:
    """Return the units left out by decision, with the reason of each."""
    return [
        ExcludedUnit(
            agency=one["agency"], name=names.get(one["agency"], one["agency"]), reason=one["reason"]
        )
        for one in found.excluded
    ]
