"""The grid of a form as a table: nested headers, rows, and what each cell is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A header cell: its text and how many columns and rows it spans."""

    text: str
    columns: int
    rows: int


@dataclass(frozen=True)
class Cell:
    """One cell: its key, its value, and whether a person fills it in."""

    key: str
    column: str
    value: str
    kind: str
    is_derived: bool
    is_assigned: bool
    is_returned: bool
    label: str


@dataclass(frozen=True)
class Row:
    """One row of the grid."""

    code: str
    name: str
    unit: str
    is_total: bool
    cells: list[Cell]


@dataclass(frozen=True)
class Grid:
    """A whole grid, ready for the template."""

    headings: list[list[Heading]]
    depth: int
    rows: list[Row]


def grid(view: dict[str, Any]) -> Grid:
    """Return the grid of a report as the API shows it."""
    form = view["form"]
    columns = form["columns"]
    values = {**view["cells"], **view["derived"]}
    returned = set((view["returned"] or {}).get("cells", ()))
    rows = [
        Row(
            code=row["code"],
            name=row["name"],
            unit=row["unit"],
            is_total=bool(row["sum_of"]),
            cells=[_cell(view, row, column, values, returned) for column in columns],
        )
        for row in form["rows"]
    ]
    depth = max((len(column["headings"]) for column in columns), default=0) + 1
    return Grid(headings(columns, depth), depth, rows)


def headings(columns: list[dict[str, Any]], depth: int) -> list[list[Heading]]:
    """Return the header rows: equal neighbours share a cell, a short path spans the rest."""
    paths = [(*column["headings"], column["name"]) for column in columns]
    lines: list[list[Heading]] = []
    for level in range(depth):
        line = []
        at = 0
        while at < len(paths):
            path = paths[at]
            if level >= len(path):
                at += 1
                continue
            end = at + 1
            is_leaf = level == len(path) - 1
            while not is_leaf and end < len(paths) and _shares(paths[end], path, level):
                end += 1
            line.append(Heading(path[level], end - at, depth - level if is_leaf else 1))
            at = end
        lines.append(line)
    return lines


def _shares(path: tuple[str, ...], with_path: tuple[str, ...], level: int) -> bool:
    return level < len(path) - 1 and path[: level + 1] == with_path[: level + 1]


def _cell(
    view: dict[str, Any],
    row: dict[str, Any],
    column: dict[str, Any],
    values: dict[str, str],
    returned: set[str],
) -> Cell:
    key = f"{row['code']}:{column['code']}"
    return Cell(
        key=key,
        column=column["code"],
        value=values.get(key, ""),
        kind=column["kind"],
        is_derived=bool(column["formula"] or row["sum_of"]),
        is_assigned=row["code"] in view["rows"] and column["code"] in view["columns"],
        is_returned=key in returned,
        label=f"{row['name']}, {' '.join([*column['headings'], column['name']])}",
    )
