"""Where a total came from: unit, version, and the person or receipt behind each figure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.calendar import ZONE
from submissions.domain.consolidations import Consolidation
from submissions.domain.deliveries.heads import CELLS_DECODER
from submissions.domain.formulas import FormPlan, Neighbours, plan_of
from submissions.domain.reports import Report
from submissions.domain.versions import SourceKind
from submissions.errors import CellNotFound
from submissions.queries import reports
from submissions.queries.consolidation_views import (
    ExcludedUnit,
    UnitName,
    excluded_units,
    missing_units,
    names_of,
)

ORIGINS = """
WITH taken AS (SELECT * FROM unnest($1::uuid[], $2::int[]) AS t (report_id, number)),
steps AS (
    SELECT v.report_id, v.number, v.cells ->> $3 AS value,
           lag(v.cells ->> $3) OVER (PARTITION BY v.report_id ORDER BY v.number) AS before
    FROM report_versions AS v
    JOIN taken AS t ON v.report_id = t.report_id AND v.number <= t.number
)
SELECT DISTINCT ON (s.report_id) s.report_id, s.value, v.number, v.source_kind, v.source_id,
       v.source_name, v.made_at, v.traceparent
FROM steps AS s
JOIN report_versions AS v ON v.report_id = s.report_id AND v.number = s.number
WHERE s.value IS DISTINCT FROM s.before
ORDER BY s.report_id, s.number DESC
"""
VERSIONS = """
SELECT v.report_id, v.cells::text, v.number, v.source_kind, v.source_id, v.source_name,
       v.made_at, v.traceparent
FROM unnest($1::uuid[], $2::int[]) AS t (report_id, number)
JOIN report_versions AS v USING (report_id, number)
"""


class SourceView(BaseModel):
    """Whom a figure came from: a person, or the receipt of a connection, and in which trace."""

    kind: SourceKind
    id: str
    name: str
    connection: str | None
    version: int
    at: datetime
    traceparent: str | None


class UnitShare(UnitName):
    """What one unit said in a cell; ``source`` is where it last changed."""

    report: UUID
    version: int
    state: Literal["figure", "nil", "not_applicable", "missing"]
    value: str | None
    source: SourceView | None


Share = tuple[str | None, SourceView | None]
"""What a unit said, and where it comes from."""


class DrillDown(BaseModel):
    """A total, and every unit's share in it."""

    cell: str
    value: str | None
    units: list[UnitShare]
    missing: list[UnitName]
    excluded: list[ExcludedUnit]


async def drill_down(
    session: AsyncSession, found: Consolidation, row: str, column: str
) -> DrillDown:
    """Return where a total came from, unit by unit; raises ``CellNotFound``."""
    plan = plan_of(msgspec.json.encode(found.definition["form"]).decode())
    cell = f"{row}:{column}"
    if row not in plan.rows or column not in plan.columns:
        raise CellNotFound(cell=cell)
    names = await names_of(session, found)
    if plan.is_derived(row, column):
        shares = await _derived_shares(session, found, plan, cell)
    else:
        shares = await _origins(session, found, cell)
    said = found.totals.get(cell)
    nothing: Share = (None, None)
    of_unit = {report: shares.get(UUID(report), nothing) for _, report, _ in found.taken}
    return DrillDown(
        cell=cell,
        value=said[0] if said else None,
        units=[
            UnitShare(
                agency=unit,
                name=names.get(unit, unit),
                report=UUID(report),
                version=version,
                state=_state(of_unit[report][0]),
                value=of_unit[report][0],
                source=of_unit[report][1],
            )
            for unit, report, version in found.taken
        ],
        missing=missing_units(found, names),
        excluded=excluded_units(found, names),
    )


async def _origins(session: AsyncSession, found: Consolidation, cell: str) -> dict[UUID, Share]:
    """Return by report the value taken and the version in which the cell last changed."""
    connection = await raw_connection(session)
    rows = await connection.fetch(ORIGINS, *_versions_taken(found), cell)
    return {row["report_id"]: (row["value"], _source(row)) for row in rows}


async def _derived_shares(
    session: AsyncSession, found: Consolidation, plan: FormPlan, cell: str
) -> dict[UUID, Share]:
    """Return by report the value as computed from what was taken, and that version's source."""
    connection = await raw_connection(session)
    rows = await connection.fetch(VERSIONS, *_versions_taken(found))
    around: dict[UUID, Neighbours] = {}
    if plan.asks_other_periods:
        statement = select(Report).where(col(Report.id).in_([row["report_id"] for row in rows]))
        for report in await session.exec(statement):
            around[report.id] = await reports.neighbours_of(session, report, plan)
    shares: dict[UUID, Share] = {}
    for row in rows:
        cells = CELLS_DECODER.decode(row["cells"])
        derived = plan.derive(cells, around.get(row["report_id"]))
        shares[row["report_id"]] = (derived.get(cell), _source(row))
    return shares


def _versions_taken(found: Consolidation) -> tuple[list[UUID], list[int]]:
    return [UUID(report) for _, report, _ in found.taken], [number for *_, number in found.taken]


def _source(row: Mapping[str, Any]) -> SourceView:
    kind = SourceKind(row["source_kind"])
    return SourceView(
        kind=kind,
        id=row["source_id"],
        name=row["source_name"],
        connection=row["source_name"] if kind is SourceKind.RECEIPT else None,
        version=row["number"],
        at=row["made_at"].astimezone(ZONE),
        traceparent=row["traceparent"],
    )


def _state(value: str | None) -> Literal["figure", "nil", "not_applicable", "missing"]:
    match value:
        case None:
            return "missing"
        case "-":
            return "nil"
        case "x":
            return "not_applicable"
        case _:
            return "figure"
