"""One figure from the figures of many units (Điều 7.4): exact, and no state of a cell is lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from itertools import repeat
from typing import NamedTuple, TypeGuard

from contracts.forms import Attribute, ColumnKind, Operator
from submissions.domain.cells import NIL, NOT_APPLICABLE, Cells
from submissions.domain.deliveries.values import plain_text
from submissions.domain.formulas import FormPlan, Neighbours

EXACT = 80
"""Digits carried while adding: more than any total can have."""


class Total(NamedTuple):
    """A cell of the consolidation: its figure, and how many units said what."""

    value: str | None
    """Exact decimal, ``-`` where units only said nil, ``x``, or None where nobody said anything."""
    figures: int
    nil: int
    not_applicable: int
    missing: int
    is_derived: bool = False


@dataclass(frozen=True)
class UnitCells:
    """What one unit was assigned and, once accepted, what it said."""

    rows: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    cells: Cells | None
    """None where the unit's report is not in the total."""


def totals_of(
    plan: FormPlan, units: Sequence[UnitCells], neighbours: Neighbours | None = None
) -> dict[str, Total]:
    """Return every cell of the consolidated form; derived ones are recomputed from totals."""
    expected = _expected(plan, units)
    said = [list(map(unit.cells.get, expected)) for unit in units if unit.cells is not None]
    by_cell = zip(*said, strict=True) if said else repeat(())
    totals = {
        cell: total(plan.columns[cell.rpartition(":")[2]], texts, count)
        for (cell, count), texts in zip(expected.items(), by_cell, strict=False)
    }
    figures = {cell: one.value for cell, one in totals.items() if one.value is not None}
    for cell, value in plan.derive(figures, neighbours).items():
        totals[cell] = Total(value, 0, 0, 0, 0, is_derived=True)
    return totals


def total(column: Attribute, said: Sequence[str | None], expected: int) -> Total:
    """Return one cell over the units that were assigned it."""
    whole = _sum_of_figures(column, said)
    if whole is not None:
        return Total(whole, len(said), 0, 0, expected - len(said))
    nil, not_applicable = said.count(NIL), said.count(NOT_APPLICABLE)
    figures = len(said) - nil - not_applicable - said.count(None)
    if column.kind is ColumnKind.TEXT:
        value = None
    elif figures:
        value = _over_units(column, [Decimal(text) for text in said if _is_figure(text)])
    elif nil or not_applicable:
        value = NIL if nil else NOT_APPLICABLE
    else:
        value = None
    missing = expected - figures - nil - not_applicable
    return Total(value, figures, nil, not_applicable, missing)


def _sum_of_figures(column: Attribute, said: Sequence[str | None]) -> str | None:
    """Return the sum where every unit gave a figure, without a look at each; else None."""
    if not said or column.over_units is not Operator.SUM or column.kind is ColumnKind.TEXT:
        return None
    try:
        if not column.decimals:
            return str(sum(map(int, said)))  # type: ignore[arg-type]  # None raises
        with localcontext(prec=EXACT):
            return plain_text(sum(map(Decimal, said), Decimal()))  # type: ignore[arg-type]
    except (TypeError, ValueError, InvalidOperation):
        return None


def _is_figure(text: str | None) -> TypeGuard[str]:
    return text is not None and text != NIL and text != NOT_APPLICABLE


def _over_units(column: Attribute, figures: Sequence[Decimal]) -> str | None:
    with localcontext(prec=EXACT):
        match column.over_units:
            case Operator.SUM:
                return plain_text(sum(figures, Decimal(0)))
            case Operator.MEAN:
                mean = sum(figures, Decimal(0)) / len(figures)
                return plain_text(mean.quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP))
            case Operator.MIN:
                return plain_text(min(figures))
            case Operator.MAX:
                return plain_text(max(figures))
            case Operator.COUNT:
                return str(len(figures))
            case Operator.NONE | Operator.RECOMPUTE:
                return None


def _expected(plan: FormPlan, units: Sequence[UnitCells]) -> dict[str, int]:
    """Count for each cell that is filled in the units that were assigned it."""
    counts: dict[str, int] = {}
    for (rows, columns), times in Counter((unit.rows, unit.columns) for unit in units).items():
        for row in plan.rows if rows is None else plan.rows.keys() & set(rows):
            for column in plan.columns if columns is None else plan.columns.keys() & set(columns):
                if not plan.is_derived(row, column):
                    cell = f"{row}:{column}"
                    counts[cell] = counts.get(cell, 0) + times
    return counts
