"""Reads around consolidations: what is added up, what came out, and where each figure came from."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from contracts.accounts.v1 import Role
from contracts.periods import Period
from submissions.domain.cells import Cells
from submissions.domain.consolidations import (
    Acknowledgement,
    Consolidation,
    ConsolidationState,
)
from submissions.domain.deliveries.heads import CELLS_DECODER
from submissions.domain.formulas import Neighbours
from submissions.domain.reports import Status
from submissions.domain.totals import UnitCells
from submissions.errors import ConsolidationNotFound
from submissions.queries.deliveries import CODES_DECODER

SOURCES = """
SELECT r.id, r.unit, r.version, r.cut_off_at, r.rows::text, r.columns::text,
       v.cells::text, v.traceparent
FROM reports AS r
LEFT JOIN report_versions AS v
    ON v.report_id = r.id AND v.number = r.version AND r.status = $3
WHERE r.regime = $1 AND r.period = $2 AND r.lead_agency = $4
ORDER BY r.unit
"""
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('consolidate ' || $1, 0))"


@dataclass(frozen=True)
class UnitReport:
    """The report of one unit as a consolidation finds it."""

    id: UUID
    unit: str
    version: int
    cut_off_at: datetime
    figures: UnitCells
    traceparent: str | None


async def one_at_a_time(session: AsyncSession, lead_agency: str) -> None:
    """Let one consolidation of a lead agency be made at a time, to the end of the transaction."""
    connection = await raw_connection(session)
    await connection.execute(ONE_AT_A_TIME, lead_agency)


async def sources(
    session: AsyncSession, regime: str, period: str, lead_agency: str
) -> list[UnitReport]:
    """Return the reports of a period with the figures of those that were accepted."""
    connection = await raw_connection(session)
    rows = await connection.fetch(SOURCES, regime, period, Status.ACCEPTED.value, lead_agency)
    return [
        UnitReport(
            id=row["id"],
            unit=row["unit"],
            version=row["version"],
            cut_off_at=row["cut_off_at"],
            figures=UnitCells(
                rows=None if row["rows"] is None else CODES_DECODER.decode(row["rows"]),
                columns=None if row["columns"] is None else CODES_DECODER.decode(row["columns"]),
                cells=None if row["cells"] is None else CELLS_DECODER.decode(row["cells"]),
            ),
            traceparent=row["traceparent"],
        )
        for row in rows
    ]


async def current(session: AsyncSession, regime: str, period: str) -> Consolidation | None:
    """Return the consolidation of a period that stands, locked."""
    statement = select(Consolidation).where(
        Consolidation.regime == regime,
        Consolidation.period == period,
        Consolidation.state != ConsolidationState.SUPERSEDED,
    )
    return (await session.exec(statement.with_for_update())).first()


async def next_number(session: AsyncSession, lead_agency: str, year: int) -> int:
    """Return the next number of a document of a lead agency in a year."""
    statement = select(func.max(Consolidation.document_number)).where(
        Consolidation.lead_agency == lead_agency, Consolidation.document_year == year
    )
    return ((await session.exec(statement)).one() or 0) + 1


async def last_revision(session: AsyncSession, regime: str, period: str) -> int:
    """Return the revision of the latest consolidation of a period, 0 before any."""
    statement = select(func.max(Consolidation.revision)).where(
        Consolidation.regime == regime, Consolidation.period == period
    )
    return (await session.exec(statement)).one() or 0


async def neighbours(session: AsyncSession, regime: str, period: str) -> Neighbours:
    """Return the totals of the periods that formulas look at, where they were consolidated."""
    try:
        here = Period.parse(period)
    except ValueError:
        return Neighbours()
    before, last_year = here.previous(), here.last_year()
    earlier = []
    step = before
    while step.year == here.year:
        earlier.append(step.code)
        step = step.previous()
    statement = select(Consolidation.period, Consolidation.totals).where(
        Consolidation.regime == regime,
        col(Consolidation.period).in_({before.code, last_year.code, *earlier}),
        Consolidation.state != ConsolidationState.SUPERSEDED,
    )
    found: dict[str, Cells] = {
        code: {cell: said[0] for cell, said in totals.items() if said[0] is not None}
        for code, totals in await session.exec(statement)
    }
    return Neighbours(
        previous=found.get(before.code, {}),
        last_year=found.get(last_year.code, {}),
        earlier=tuple(found[code] for code in earlier if code in found),
    )


async def consolidation(
    session: AsyncSession, consolidation_id: UUID, who: Principal, *, for_update: bool = False
) -> Consolidation:
    """Return a consolidation that ``who`` may see; raises ``ConsolidationNotFound``."""
    statement = select(Consolidation).where(Consolidation.id == consolidation_id)
    if not sees_all(who):
        statement = statement.where(Consolidation.lead_agency == who.agency)
    if for_update:
        statement = statement.with_for_update()
    found = (await session.exec(statement)).first()
    if found is None:
        raise ConsolidationNotFound
    return found


async def forwarded_document(
    session: AsyncSession, consolidation_id: UUID, regimes: Set[str] | None
) -> bytes:
    """Return the document that was forwarded, of one of ``regimes`` (None: of any)."""
    statement = select(Consolidation.document, Consolidation.regime).where(
        Consolidation.id == consolidation_id,
        Consolidation.state == ConsolidationState.FORWARDED,
    )
    found = (await session.exec(statement)).first()
    if found is None or not found[0] or (regimes is not None and found[1] not in regimes):
        raise ConsolidationNotFound
    return found[0]


def sees_all(who: Principal) -> bool:
    """Say whether ``who`` sees the consolidations of every lead agency."""
    return who.kind == "person" and who.has(Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR)


async def acknowledgements(session: AsyncSession, consolidation_id: UUID) -> list[Acknowledgement]:
    """Return who said that it has a forwarded report, in the order they said so."""
    statement = select(Acknowledgement).where(Acknowledgement.consolidation_id == consolidation_id)
    return list(await session.exec(statement.order_by(col(Acknowledgement.acknowledged_at))))
