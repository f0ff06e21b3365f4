"""The totals of a consolidation as a table with nested headers."""

from dataclasses import dataclass
from typing import Any

from portal.grids import Heading, headings


@dataclass(frozen=True)
class Total:
    """One total: its cell, its value, from how many figures."""

    key: str
    value: str | None
    figures: int


@dataclass(frozen=True)
class TotalRow:
    """One row of totals."""

    name: str
    unit: str
    is_total: bool
    cells: list[Total]


@dataclass(frozen=True)
class TotalGrid:
    """All totals, ready for the template."""

    headings: list[list[Heading]]
    depth: int
    rows: list[TotalRow]


def totals(form: dict[str, Any], found: dict[str, Any]) -> TotalGrid:
    """Return the totals in the layout of the form."""
    columns = form["columns"]
    depth = max((len(column["headings"]) for column in columns), default=0) + 1
    rows = [
        TotalRow(
            name=row["name"],
            unit=row["unit"],
            is_total=bool(row["sum_of"]),
            cells=[_total(f"{row['code']}:{column['code']}", found) for column in columns],
        )
        for row in form["rows"]
    ]
    return TotalGrid(headings(columns, depth), depth, rows)


def _total(key: str, found: dict[str, Any]) -> Total:
    total = found.get(key) or {}
    return Total(key, total.get("value"), total.get("figures", 0))
