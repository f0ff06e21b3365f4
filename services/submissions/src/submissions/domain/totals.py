"""One figure from the figures of many units (Điều 7.4): exact, and no state of a cell is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

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
    said = [unit.cells for unit in units if unit.cells is not None]
    assigned = _assigned(units)
    totals: dict[str, Total] = {}
    for row in plan.form.rows:
        for column in plan.form.columns:
            if not plan.is_derived(row.code, column.code):
                expected = sum(
                    count
                    for (rows, columns), count in assigned.items()
                    if (rows is None or row.code in rows)
                    and (columns is None or column.code in columns)
                )
                if expected:
                    cell = f"{row.code}:{column.code}"
                    totals[cell] = total(column, [cells.get(cell) for cells in said], expected)
    figures = {cell: one.value for cell, one in totals.items() if one.value is not None}
    for cell, value in plan.derive(figures, neighbours).items():
        totals[cell] = Total(value, 0, 0, 0, 0, is_derived=True)
    return totals


def total(column: Attribute, said: Sequence[str | None], expected: int) -> Total:
    """Return one cell over the units that were assigned it."""
    nil, not_applicable = said.count(NIL), said.count(NOT_APPLICABLE)
    silent = said.count(None)
    figures = len(said) - nil - not_applicable - silent
    if column.kind is ColumnKind.TEXT:
        value = None
    elif figures:
        texts = said if figures == len(said) else [text for text in said if _is_figure(text)]
        value = _over_units(column, [Decimal(text) for text in texts if text is not None])
    elif nil or not_applicable:
        value = NIL if nil else NOT_APPLICABLE
    else:
        value = None
    missing = expected - figures - nil - not_applicable
    return Total(value, figures, nil, not_applicable, missing)


def _is_figure(text: str | None) -> bool:
    return text is not None and text != NIL and text != NOT_APPLICABLE


def _over_units(column: Attribute, figures: Sequence[Decimal]) -> str | None:
    with localcontext() as context:
        context.prec = EXACT
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


def _assigned(
    units: Sequence[UnitCells],
) -> Mapping[tuple[frozenset[str] | None, frozenset[str] | None], int]:
    """Count the units of each assignment of rows and columns."""
    counts: dict[tuple[tuple[str, ...] | None, tuple[str, ...] | None], int] = {}
    for unit in units:
        key = (unit.rows, unit.columns)
        counts[key] = counts.get(key, 0) + 1
    return {
        (
            None if rows is None else frozenset(rows),
            None if columns is None else frozenset(columns),
        ): count
        for (rows, columns), count in counts.items()
    }
