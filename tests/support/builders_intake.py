"""Builders of deliveries and reports in memory, before any database."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import xlsxwriter

from chassis.identifiers import new_id
from submissions.domain.deliveries.bodies import read_body
from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.heads import Head, text_of
from submissions.domain.deliveries.intake import Arrival, Batch, Grant, Outcome
from submissions.domain.deliveries.shapes import Matrix
from submissions.domain.formulas import FormPlan
from submissions.domain.reports import Status
from tests.support.builders_figures import CUT_OFF, NOW, PERIOD, REGIME, UNITS, a_form

GRID = Grid(FormPlan(a_form()))
"""The whole form of the tests, assigned."""


def a_head(unit: str = UNITS[0], *, cells: Mapping[str, str] | None = None, **said: Any) -> Head:
    """Return a report that waits for figures."""
    facts: dict[str, Any] = {
        "status": Status.ASSIGNED,
        "revision": 1,
        "version": 0,
        "cut_off_at": CUT_OFF,
        "is_returned": False,
        "text": text_of(dict(cells or {})),
    }
    return Head(id=new_id(), unit=unit, grid=GRID, **{**facts, **said})


def a_batch(*heads: Head) -> Batch:
    """Return what deliveries meet: the regime in force, every unit, these reports."""
    return Batch(
        in_force_from={REGIME: date(2026, 1, 1)},
        units={code: unit for unit in UNITS for code in (unit, f"H02.{unit}")},
        heads={(REGIME, PERIOD, head.unit): head for head in heads},
    )


def an_arrival(body: bytes, **said: Any) -> Arrival:
    """Return a delivery that came in on time from a connection that may push everything."""
    read = read_body(body, "application/json", "")
    return replace(Arrival(new_id(), "qg-tthc", NOW, Grant(), None, read), **said)


def slugs(outcome: Outcome) -> list[str]:
    """Return why figures were not taken, in order."""
    return [bad.slug for _, bad in outcome.bad]


def some_rows(*lines: list[object], columns: tuple[str, ...] = ("c2", "chi", "note")) -> Matrix:
    """Return a matrix of the first rows of the form."""
    rows = tuple(str(at) for at in range(1, len(lines) + 1))
    return Matrix("/reports/0", "07201", rows, columns, lines)


def a_workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Return a workbook with these rows on these sheets; text that looks like a formula is text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return file.getvalue()


def a_package(parts: dict[str, bytes]) -> bytes:
    """Return a zip package."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()
