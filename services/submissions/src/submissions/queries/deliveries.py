"""What a batch of deliveries meets: regimes, agencies, the reports it names, locked in order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from submissions.domain.deliveries.code_maps import CodeMap, code_map_of
from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.heads import NO_CELLS, Head
from submissions.domain.deliveries.intake import Arrival, HeadKey
from submissions.domain.deliveries.shapes import Delivery
from submissions.domain.formulas import FormPlan, plan_of
from submissions.domain.reports import OPEN, Status

KNOWN = """
SELECT code, identification_code, NULL AS in_force_from, NULL AS form FROM known_agencies
WHERE code = ANY($1) OR identification_code = ANY($1)
UNION ALL
SELECT code, NULL, definition ->> 'in_force_from', (definition -> 'form')::text FROM known_regimes
WHERE code = ANY($2)
"""
"""Agencies and regimes, the latter with a form: one round trip for both."""
HEADS = """
SELECT r.id, r.regime, r.period, r.unit, r.status, r.revision, r.version, r.cut_off_at,
       r.returned IS NOT NULL AS is_returned, r.rows::text, r.columns::text, v.cells::text
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (regime, period, unit)
JOIN reports AS r USING (regime, period, unit)
LEFT JOIN report_versions AS v ON v.report_id = r.id AND v.number = r.version
ORDER BY r.id
"""
LOCKED_HEADS = f"{HEADS} FOR UPDATE OF r"
CELLS = "SELECT cells::text FROM report_versions WHERE report_id = $1 AND number = $2"

CODE_MAPS = """
SELECT connection, version, codes::text FROM known_code_maps
JOIN unnest($1::text[], $2::int[]) AS wanted (connection, version) USING (connection, version)
"""
OPEN_PERIODS = """
SELECT DISTINCT r.regime, r.period
FROM reports AS r JOIN known_agencies AS a ON a.code = r.unit
WHERE (a.code = ANY($1) OR a.identification_code = ANY($1)) AND r.status = ANY($2)
  AND (r.cut_off_at >= $3 OR r.returned IS NOT NULL)
  AND ($4::text[] IS NULL OR r.regime = ANY($4))
  AND ($5 = '' OR r.regime = $5) AND ($6 = '' OR r.period = $6)
LIMIT 2
"""

CODES_DECODER = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True)
class RegimeAtIntake:
    """What intake needs of a regime."""

    in_force_from: date
    plan: FormPlan


@dataclass(frozen=True)
class Known:
    """What there is of the agencies and regimes that deliveries name."""

    units: dict[str, str] = field(default_factory=dict)
    """Statistics code of each agency, by either of its codes."""
    regimes: dict[str, RegimeAtIntake] = field(default_factory=dict)
    """Those in force, by code."""


async def code_maps(
    session: AsyncSession, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], CodeMap]:
    """Return those code maps that have arrived, by connection and version."""
    connection = await raw_connection(session)
    rows = await connection.fetch(CODE_MAPS, *zip(*wanted, strict=True))
    return {(row["connection"], row["version"]): code_map_of(row["codes"]) for row in rows}


async def known(
    session: AsyncSession, agencies: Collection[str], regimes: Collection[str]
) -> Known:
    """Return what there is of the agencies, named by either of their codes, and regimes."""
    connection = await raw_connection(session)
    found = Known()
    for row in await connection.fetch(KNOWN, list(agencies), list(regimes)):
        if row["in_force_from"] is not None:
            in_force_from = date.fromisoformat(row["in_force_from"])
            found.regimes[row["code"]] = RegimeAtIntake(in_force_from, plan_of(row["form"]))
            continue
        found.units[row["code"]] = row["code"]
        if row["identification_code"]:
            found.units.setdefault(row["identification_code"], row["code"])
    return found


async def heads(
    session: AsyncSession,
    keys: Collection[HeadKey],
    plans: Mapping[str, FormPlan],
    *,
    is_locked: bool,
) -> dict[HeadKey, Head]:
    """Return the latest state of the reports named, locked always in the order of their ids."""
    if not keys:
        return {}
    connection = await raw_connection(session)
    found: dict[HeadKey, Head] = {}
    asked = LOCKED_HEADS if is_locked else HEADS
    for row in await connection.fetch(asked, *zip(*keys, strict=True)):
        regime = row["regime"]
        found[regime, row["period"], row["unit"]] = Head(
            id=row["id"],
            unit=row["unit"],
            status=Status(row["status"]),
            revision=row["revision"],
            version=row["version"],
            cut_off_at=row["cut_off_at"],
            is_returned=row["is_returned"],
            grid=grid_of(plans[regime], row["rows"], row["columns"]),
            text=await _cells(connection, row["id"], row["version"], row["cells"]),
        )
    return found


async def _cells(connection: Any, report_id: UUID, version: int, cells: str | None) -> str:
    if version == 0:
        return NO_CELLS
    if cells is None:  # the version was made while we waited for the lock
        cells = await connection.fetchval(CELLS, report_id, version)
    return cells or NO_CELLS


async def open_periods(
    session: AsyncSession, arrival: Arrival, table: Delivery
) -> list[tuple[str, str]]:
    """Return regimes and periods that a table may mean: open for its units, granted; at most 2."""
    connection = await raw_connection(session)
    granted = arrival.grant.regimes
    rows = await connection.fetch(
        OPEN_PERIODS,
        [arrival.codes.agency(part.agency) for part in table.parts],
        [status.value for status in OPEN],
        arrival.received_at,
        None if granted is None else list(granted),
        table.regime,
        table.period,
    )
    return [(row["regime"], row["period"]) for row in rows]


@lru_cache(maxsize=256)
def grid_of(plan: FormPlan, rows: str | None, columns: str | None) -> Grid:
    """Return the grid of an assignment; the same one for every unit of it."""
    return Grid(
        plan,
        None if rows is None else CODES_DECODER.decode(rows),
        None if columns is None else CODES_DECODER.decode(columns),
    )
