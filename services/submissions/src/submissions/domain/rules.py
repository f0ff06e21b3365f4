"""Rules of a form: blocking ones stop the sending, warnings ask for a justification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.forms import Rule, Severity
from contracts.formulas import Code, Operation, parse
from submissions.domain.formulas import (
    Cells,
    FormPlan,
    Neighbours,
    Value,
    evaluate,
    number,
    reader,
)

COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
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
) -> list[Finding]:
    """Check every filled row against every rule; justified warnings are told as such."""
    known = {**cells, **derived}
    filled = {cell.rpartition(":")[0] for cell in cells}
    found = []
    for rule in plan.form.rules:
        for row in plan.form.rows:
            if row.code in filled:
                sides = _broken(rule, reader(row.code, known, neighbours))
                if sides:
                    found.append(_finding(rule, row.code, sides, notes))
    return found


def _broken(rule: Rule, cell: Callable[[Code], Value]) -> tuple[str, str] | None:
    """Return both sides where they do not compare as the rule says; None where it holds.

    A rule that asks another period for a cell which that period does not have says nothing.
    """
    expression = parse(rule.expression)
    if any(leaf.function and cell(leaf) is None for leaf in expression.leaves()):
        return None
    root = expression.root
    if not isinstance(root, Operation):
        return None
    left, right = evaluate(root.left, cell), evaluate(root.right, cell)
    if left is None and right is None:
        return None
    first, second = number(left) or Decimal(0), number(right) or Decimal(0)
    if COMPARE[root.sign](first, second):
        return None
    return format(first, "f"), format(second, "f")


def _finding(rule: Rule, row: str, sides: tuple[str, str], notes: Mapping[str, str]) -> Finding:
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
