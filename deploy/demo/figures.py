"""Figures of a commune for the form TTHC-II06A, and the totals they must come to.

The totals here are computed apart from the hub, with fractions, from what was sent: the hub's
totals are held against them.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

ROWS = tuple(str(number) for number in range(1, 11))
COLUMNS = ("c2", "c3", "c4", "c6", "c7", "c8", "c10", "c11")
Cells = dict[str, str]


def figures_of(place: int) -> Cells:
    """Return what the commune with number ``place`` reports; received equals done plus open."""
    cells: Cells = {}
    for number, row in enumerate(ROWS, start=1):
        early = 40 + (place * 7 + number * 13) % 90
        on_time = 5 + (place * 3 + number * 5) % 20
        pending, overdue = (place + number) % 9, (place * number) % 3
        carried = (place + 2 * number) % 6
        received = early + on_time + pending + overdue
        online = (received - carried) * 3 // 5
        values = {
            "c2": online,
            "c3": received - carried - online,
            "c4": carried,
            "c6": early,
            "c7": on_time,
            "c8": 0,
            "c10": pending,
            "c11": overdue,
        }
        cells |= {f"{row}:{column}": str(value) for column, value in values.items()}
    return cells


def matrix_of(agency: str, cells: Mapping[str, str]) -> dict[str, object]:
    """Return a commune's figures in the dense form of a push."""
    return {
        "agency": agency,
        "rows": list(ROWS),
        "columns": list(COLUMNS),
        "values": [[cells[f"{row}:{column}"] for column in COLUMNS] for row in ROWS],
    }


def totals_of(reports: Iterable[Mapping[str, str]]) -> Cells:
    """Return the province's totals of ``reports``, each cell of the form, exactly."""
    sums: dict[tuple[str, str], Fraction] = {}
    for cells in reports:
        for cell, value in cells.items():
            row, _, column = cell.rpartition(":")
            for target in (row, "TONG"):
                key = (target, column)
                sums[key] = sums.get(key, Fraction(0)) + Fraction(value)
    for row in (*ROWS, "TONG"):
        line = {column: sums[row, column] for column in COLUMNS}
        sums[row, "c1"] = line["c2"] + line["c3"] + line["c4"]
        sums[row, "c5"] = line["c6"] + line["c7"] + line["c8"]
        sums[row, "c9"] = line["c10"] + line["c11"]
        sums[row, "c12"] = (line["c6"] + line["c7"]) / sums[row, "c5"] * 100
    return {f"{row}:{column}": _written(value) for (row, column), value in sums.items()}


def _written(value: Fraction) -> str:
    number = Decimal(value.numerator) / Decimal(value.denominator)
    text = format(number.quantize(Decimal("0.01"), ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".")
