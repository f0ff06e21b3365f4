"""Derived cells: computed from what was filled in, the same in the portal, imports and pushes.

A ratio is computed from the values of its own row, also in a total row, and is missing where it
divides by nothing. Where every cell is a figure, a formula runs as plain arithmetic; only where
one is not are the four states looked at one by one.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import cached_property, lru_cache

from contracts.forms import Attribute, ColumnKind, Form, Indicator, Operator, Rule
from contracts.formulas import COMPARISONS, Code, Node, Number, Operation, parse
from submissions.domain.cells import EXACT, Cells, Value, add, number, read, total, write

Arithmetic = Callable[[Sequence[Decimal]], Decimal]
ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True)
class Neighbours:
    """Cells of other periods of the same unit, derived ones included."""

    previous: Cells = field(default_factory=dict)
    last_year: Cells = field(default_factory=dict)
    earlier: tuple[Cells, ...] = ()
    """The periods of this year before this one, for ``year_to_date``."""


class Formula:
    """An expression made ready to be computed in any row."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.leaves = tuple(dict.fromkeys(_leaves(root)))
        self._codes = [leaf.code for leaf in self.leaves]
        self._is_plain = not any(leaf.function for leaf in self.leaves)
        self._run = _arithmetic(root, {leaf: at for at, leaf in enumerate(self.leaves)})

    def value(self, row: str, known: Cells, around: Neighbours | None) -> Value:
        """Return the value in ``row``; without ``around``, what asks other periods is missing."""
        if self._is_plain:
            try:
                figures = [Decimal(known[f"{row}:{code}"]) for code in self._codes]
                value = self._run(figures)
            except DivisionByZero:
                return None
            except (KeyError, InvalidOperation):  # a cell that is no figure, or 0 / 0
                pass
            else:
                return value if value.is_finite() else None
        return evaluate(self.root, reader(row, known, around))


@dataclass(frozen=True, slots=True)
class Sum:
    """A derived cell that adds up others of the same period."""

    cell: str
    column: Attribute
    parts: tuple[str, ...]
    is_whole: bool

    def text(self, known: Cells, _: Neighbours | None) -> str | None:
        """Return the text of the cell; None where every part is missing."""
        said = [known[part] for part in self.parts if part in known]
        if self.is_whole and said:
            try:
                return str(sum(map(int, said)))
            except ValueError:  # a cell that is no figure
                pass
        return write(total(said), self.column)


@dataclass(frozen=True, slots=True)
class Computed:
    """A derived cell with a formula of its own."""

    cell: str
    column: Attribute
    row: str
    formula: Formula

    def text(self, known: Cells, around: Neighbours | None) -> str | None:
        """Return the text of the cell; None where it cannot be known."""
        return write(self.formula.value(self.row, known, around), self.column)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule made ready: two sides and how they must compare."""

    rule: Rule
    sign: str
    left: Formula
    right: Formula

    @property
    def leaves(self) -> tuple[Code, ...]:
        """Return every cell that is asked for."""
        return (*self.left.leaves, *self.right.leaves)


class FormPlan:
    """A form made ready: which cells are derived, how, and in which order."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.rows = {row.code: row for row in form.rows}
        self.columns = {column.code: column for column in form.columns}
        self.formulas = {
            column.code: Formula(parse(column.formula).root)
            for column in form.columns
            if column.formula
        }
        self.checks = [_check(rule) for rule in form.rules]

    @property
    def asks_other_periods(self) -> bool:
        """Say whether a formula or rule looks at the unit's reports of other periods."""
        leaves = [leaf for formula in self.formulas.values() for leaf in formula.leaves]
        leaves += [leaf for check in self.checks for leaf in check.leaves]
        return any(leaf.function for leaf in leaves)

    def is_derived(self, row: str, column: str) -> bool:
        """Say whether a cell is computed, so that nobody may type it."""
        return column in self.formulas or bool(self.rows[row].sum_of)

    def inputs_of(self, column: str) -> set[str]:
        """Return the columns that must be filled in before ``column`` can be known."""
        if column not in self.formulas:
            return {column}
        needs = [leaf.code for leaf in self.formulas[column].leaves if not leaf.function]
        return {code for need in needs for code in self.inputs_of(need)}

    def derive(self, cells: Cells, neighbours: Neighbours | None = None) -> dict[str, str]:
        """Return the derived cells of ``cells``; missing ones are left out."""
        known = dict(cells)
        derived = {}
        with localcontext(EXACT):
            for step in self._steps:
                text = step.text(known, neighbours)
                if text is not None:
                    known[step.cell] = derived[step.cell] = text
        return derived

    @cached_property
    def _steps(self) -> list[Sum | Computed]:
        in_order = [self.columns[code] for code in _in_order(self._needs_of_columns())]
        return [
            *(
                self._sum(f"{row.code}:{column.code}", column, row.sum_of, str(column.code))
                for row in self._total_rows()
                for column in self.form.columns
                if column.code not in self.formulas
                and column.kind is ColumnKind.NUMBER
                and column.over_units is not Operator.NONE
            ),
            *(self._step(row.code, column) for row in self.form.rows for column in in_order),
        ]

    def _step(self, row: str, column: Attribute) -> Sum | Computed:
        formula = self.formulas[column.code]
        cell = f"{row}:{column.code}"
        addends = _addends(formula.root)
        if addends is None:
            return Computed(cell, column, row, formula)
        wholes = [self.columns[code].decimals == 0 for code in addends]
        parts = tuple(f"{row}:{code}" for code in addends)
        return Sum(cell, column, parts, column.decimals == 0 and all(wholes))

    def _sum(self, cell: str, column: Attribute, rows: Iterable[str], code: str) -> Sum:
        return Sum(cell, column, tuple(f"{row}:{code}" for row in rows), column.decimals == 0)

    def _needs_of_columns(self) -> dict[str, set[str]]:
        return {
            code: {leaf.code for leaf in formula.leaves if not leaf.function} & self.formulas.keys()
            for code, formula in self.formulas.items()
        }

    def _total_rows(self) -> list[Indicator]:
        needs = {
            row.code: {code for code in row.sum_of if self.rows[code].sum_of}
            for row in self.form.rows
            if row.sum_of
        }
        return [self.rows[code] for code in _in_order(needs)]


def reader(row: str, known: Cells, around: Neighbours | None) -> Callable[[Code], Value]:
    """Return how a formula reads its cells in ``row``."""

    def cell(leaf: Code) -> Value:
        key = f"{row}:{leaf.code}"
        if leaf.function is None:
            return read(known.get(key))
        if around is None:
            return None
        match leaf.function:
            case "previous":
                return read(around.previous.get(key))
            case "last_year":
                return read(around.last_year.get(key))
            case _:
                return total([cells[key] for cells in (*around.earlier, known) if key in cells])

    return cell


def evaluate(node: Node, cell: Callable[[Code], Value]) -> Value:
    """Return the value of a formula, states kept apart; None where it cannot be known."""
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


@lru_cache(maxsize=64)
def plan_of(definition: str) -> FormPlan:
    """Return the plan of the form in a form's JSON; the same text gives the same plan."""
    return FormPlan(Form.model_validate_json(definition))


def _check(rule: Rule) -> Check:
    root = parse(rule.expression).root
    if not isinstance(root, Operation) or root.sign not in COMPARISONS:
        raise ValueError(f"{rule.code} compares nothing")
    return Check(rule, root.sign, Formula(root.left), Formula(root.right))


def _addends(node: Node) -> list[str] | None:
    """Return the codes that a formula adds up; None where it does anything else."""
    match node:
        case Code(code, None):
            return [code]
        case Operation("+", left, right):
            first, second = _addends(left), _addends(right)
            return None if first is None or second is None else [*first, *second]
    return None


def _arithmetic(node: Node, places: Mapping[Code, int]) -> Arithmetic:
    """Return a formula as a function of figures, each at its place."""
    match node:
        case Number(value):
            return lambda _: value
        case Code():
            return operator.itemgetter(places[node])
        case Operation(sign, left, right):
            act = ARITHMETIC[sign]
            first, second = _arithmetic(left, places), _arithmetic(right, places)
            return lambda figures: act(first(figures), second(figures))


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
