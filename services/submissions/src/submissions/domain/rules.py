"""Rules of a form: blocking ones stop the sending, warnings ask for a justification."""

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from contracts.forms import Severity
from submissions.domain.cells import EXACT, Cells, number
from submissions.domain.formulas import Check, FormPlan, Neighbours, reader

COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Finding:
    """A rule that a row breaks; ``left`` and ``right`` are the two sides as computed."""

    rule: str
    severity: Severity
    row: str
    message: str
    pointer: str
    left: str
    right: str
    is_justified: bool

    @property
    def stops_sending(self) -> bool:
        """Say whether the report cannot be sent like this."""
        return self.severity is Severity.BLOCKING or not self.is_justified


def find(
    plan: FormPlan,
    cells: Cells,
    derived: Cells,
    *,
    neighbours: Neighbours,
    notes: Mapping[str, str],
    columns: Collection[str] | None = None,
) -> list[Finding]:
    """Check every filled row against every rule; justified warnings are told as such.

    ``columns`` are those assigned, None all: a rule over columns that are not says nothing.
    """
    known = {**cells, **derived}
    filled = {cell.rpartition(":")[0] for cell in cells}
    rows = [row for row in plan.rows if row in filled]
    found = []
    with localcontext(EXACT):
        for check in plan.checks:
            if _is_assigned(plan, check, columns):
                for row in rows:
                    sides = _broken(check, row, known, neighbours)
                    if sides:
                        found.append(_finding(check, row, sides, notes))
    return found


def _is_assigned(plan: FormPlan, check: Check, columns: Collection[str] | None) -> bool:
    if columns is None:
        return True
    needs = {code for leaf in check.leaves for code in plan.inputs_of(leaf.code)}
    return needs <= set(columns)


def _broken(check: Check, row: str, known: Cells, around: Neighbours) -> tuple[str, str] | None:
    """Return both sides where they do not compare as the rule says; None where it holds.

    A rule that asks another period for a cell which that period does not have says nothing.
    """
    asked = [leaf for leaf in check.leaves if leaf.function]
    if asked and None in map(reader(row, known, around), asked):
        return None
    left, right = check.left.value(row, known, around), check.right.value(row, known, around)
    if left is None and right is None:
        return None
    first, second = number(left) or Decimal(), number(right) or Decimal()
    if COMPARE[check.sign](first, second):
        return None
    return format(first, "f"), format(second, "f")


def _finding(check: Check, row: str, sides: tuple[str, str], notes: Mapping[str, str]) -> Finding:
    rule = check.rule
    return Finding(
        rule=rule.code,
        severity=rule.severity,
        row=row,
        message=rule.message,
        pointer=f"/rows/{row}",
        left=sides[0],
        right=sides[1],
        is_justified=bool(notes.get(f"{rule.code}:{row}", "").strip()),
    )
