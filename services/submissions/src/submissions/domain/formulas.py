"""Derived cells: computed from what was filled in, the same in the portal, imports and pushes.

A cell is a figure, nil (``-``), not applicable (``x``) or missing. Adding keeps the states apart:
what is missing adds nothing, only-missing stays missing, only-nil stays nil. A ratio is computed
from the values of its own row, also in a total row, and is missing where it divides by nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache, reduce

from contracts.forms import Attribute, Form, Indicator, Operator
from contracts.formulas import Code, Node, Number, Operation, parse

NIL = "-"
NOT_APPLICABLE = "x"
Value = Decimal | str | None
"""A figure as ``Decimal``, nil or not applicable as their sign, missing as None."""
Cells = Mapping[str, str]


@dataclass(frozen=True)
class Neighbours:
    """Cells of other periods of the same unit, derived ones included."""

    previous: Cells = field(default_factory=dict)
    last_year: Cells = field(default_factory=dict)
    earlier: tuple[Cells, ...] = ()
    """The periods of this year before this one, for ``year_to_date``."""


class FormPlan:
    """A form made ready: which cells are derived, and in which order."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.rows = {row.code: row for row in form.rows}
        self.columns = {column.code: column for column in form.columns}
        self.formulas = {
            column.code: parse(column.formula).root for column in form.columns if column.formula
        }

    @cached_property
    def column_order(self) -> list[str]:
        """Return the columns with formulas, each after those that it needs."""
        needs = {
            code: {leaf.code for leaf in _leaves(root) if not leaf.function} & self.formulas.keys()
            for code, root in self.formulas.items()
        }
        return _in_order(needs)

    @cached_property
    def total_rows(self) -> list[Indicator]:
        """Return the rows that add up others, each after those that it needs."""
        needs = {
            row.code: {code for code in row.sum_of if self.rows[code].sum_of}
            for row in self.form.rows
            if row.sum_of
        }
        return [self.rows[code] for code in _in_order(needs)]

    def is_derived(self, row: str, column: str) -> bool:
        """Say whether a cell is computed, so that nobody may type it."""
        return column in self.formulas or bool(self.rows[row].sum_of)

    def derive(self, cells: Cells, neighbours: Neighbours | None = None) -> dict[str, str]:
        """Return the derived cells of ``cells``; missing ones are left out."""
        around = neighbours or Neighbours()
        known = dict(cells)
        for row in self.total_rows:
            for column in self.form.columns:
                if column.code not in self.formulas and column.over_units is not Operator.NONE:
                    said = add(read(known.get(f"{code}:{column.code}")) for code in row.sum_of)
                    _keep(known, f"{row.code}:{column.code}", said, column)
        for row in self.form.rows:
            for code in self.column_order:
                value = evaluate(self.formulas[code], reader(row.code, known, around))
                _keep(known, f"{row.code}:{code}", value, self.columns[code])
        return {cell: known[cell] for cell in known if cell not in cells}


def reader(row: str, known: Cells, around: Neighbours) -> Callable[[Code], Value]:
    """Return how a formula reads its cells in ``row``."""

    def cell(leaf: Code) -> Value:
        key = f"{row}:{leaf.code}"
        match leaf.function:
            case "previous":
                return read(around.previous.get(key))
            case "last_year":
                return read(around.last_year.get(key))
            case "year_to_date":
                return add(read(cells.get(key)) for cells in (*around.earlier, known))
            case _:
                return read(known.get(key))

    return cell


def evaluate(node: Node, cell: Callable[[Code], Value]) -> Value:
    """Return the value of a formula; None where it cannot be known."""
    match node:
        case Number(value):
            return value
        case Code():
            return cell(node)
        case Operation(sign, left, right):
            return _combine(sign, evaluate(left, cell), evaluate(right, cell))


def _combine(sign: str, left: Value, right: Value) -> Value:
    if sign in {"+", "-"}:
        if isinstance(right, Decimal) and sign == "-":
            right = -right
        return add((left, right))
    first, second = number(left), number(right)
    if first is None or second is None:
        return None
    if sign == "*":
        return first * second
    return first / second if second else None


def add(values: Iterable[Value]) -> Value:
    """Add values, states kept apart: only-missing is missing, only-nil is nil."""
    return reduce(_added, values, None)


def _added(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal):
        return left + right if isinstance(right, Decimal) else left
    if isinstance(right, Decimal):
        return right
    if left is None or right is None:
        return right if left is None else left
    return NIL if NIL in {left, right} else left


def number(value: Value) -> Decimal | None:
    """Return a value as a number: nil is 0, missing and not applicable are none."""
    if value == NIL:
        return Decimal(0)
    return value if isinstance(value, Decimal) else None


def read(text: str | None) -> Value:
    """Read the text of a cell."""
    if text is None or text in {NIL, NOT_APPLICABLE}:
        return text
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def write(value: Value, column: Attribute) -> str | None:
    """Write a value as the text of a cell of ``column``: rounded half up, no needless zeros."""
    if not isinstance(value, Decimal):
        return value
    step = Decimal(1).scaleb(-column.decimals)
    text = format(value.quantize(step, ROUND_HALF_UP), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@lru_cache(maxsize=64)
def plan_of(definition: str) -> FormPlan:
    """Return the plan of the form in a form's JSON; the same text gives the same plan."""
    return FormPlan(Form.model_validate_json(definition))


def _keep(known: dict[str, str], cell: str, value: Value, column: Attribute) -> None:
    text = write(value, column)
    if text is not None:
        known[cell] = text


def _leaves(node: Node) -> list[Code]:
    match node:
        case Code():
            return [node]
        case Operation():
            return [*_leaves(node.left), *_leaves(node.right)]
        case _:
            return []


def _in_order(needs: Mapping[str, set[str]]) -> list[str]:
    order: list[str] = []
    left = dict(needs)
    while left:
        ready = [code for code, wants in left.items() if wants <= set(order)]
        order.extend(ready)
        for code in ready:
            del left[code]
        if not ready:
            raise ValueError(f"circular: {sorted(left)}")
    return order
