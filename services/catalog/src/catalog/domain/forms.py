"""When a form (biểu mẫu) is sound: every code once, every formula readable, nothing circular."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from catalog.errors import FormUnsound
from chassis.errors import Place
from contracts.forms import Form
from contracts.formulas import Expression, FormulaUnreadable, parse


def check_form(form: Form, units: Mapping[str, str]) -> None:
    """Refuse an unsound form, all places at once; ``units`` are the units of known indicators."""
    wrong = [
        *_repeated("/rows", [row.code for row in form.rows]),
        *_repeated("/columns", [column.code for column in form.columns]),
        *_empty_indicators(form),
        *_unknown_rows(form),
        *_other_units(form, units),
        *_formulas(form),
        *_rules(form),
    ]
    if wrong:
        raise FormUnsound(form=form.code, errors=wrong)


def _repeated(where: str, codes: list[str]) -> Iterator[Place]:
    times = Counter(codes)
    for at, code in enumerate(codes):
        if times[code] > 1:
            yield Place(f"{where}/{at}/code", "code-twice", params={"code": code})


def _empty_indicators(form: Form) -> Iterator[Place]:
    """Concept, calculation method and unit are mandatory (Điều 3.3)."""
    for at, row in enumerate(form.rows):
        for name in ("concept", "method", "unit"):
            if not getattr(row, name).strip():
                yield Place(f"/rows/{at}/{name}", "field-empty")


def _unknown_rows(form: Form) -> Iterator[Place]:
    codes = {row.code for row in form.rows}
    for at, row in enumerate(form.rows):
        for number, code in enumerate(row.sum_of):
            if code not in codes or code == row.code:
                yield Place(f"/rows/{at}/sum_of/{number}", "code-unknown", params={"code": code})
        if row.parent is not None and row.parent not in codes:
            yield Place(f"/rows/{at}/parent", "code-unknown", params={"code": row.parent})


def _other_units(form: Form, units: Mapping[str, str]) -> Iterator[Place]:
    """One indicator never has two units (Điều 3.3)."""
    for at, row in enumerate(form.rows):
        unit = units.get(f"{form.code}:{row.code}", row.unit)
        if unit != row.unit:
            yield Place(f"/rows/{at}/unit", "unit-differs", params={"code": row.code, "unit": unit})


def _formulas(form: Form) -> Iterator[Place]:
    codes = {column.code for column in form.columns}
    needs: dict[str, set[str]] = {}
    for at, column in enumerate(form.columns):
        if column.formula is None:
            continue
        where = f"/columns/{at}/formula"
        try:
            formula = parse(column.formula)
        except FormulaUnreadable as why:
            yield Place(where, "formula-unreadable", params={"at": why.at + 1})
            continue
        yield from _unknown(where, formula, codes)
        needs[column.code] = {leaf.code for leaf in formula.leaves() if not leaf.function}
    for code in _circular(needs):
        at = next(i for i, column in enumerate(form.columns) if column.code == code)
        yield Place(f"/columns/{at}/formula", "formula-circular", params={"code": code})


def _rules(form: Form) -> Iterator[Place]:
    codes = {column.code for column in form.columns}
    for at, rule in enumerate(form.rules):
        where = f"/rules/{at}/expression"
        try:
            expression = parse(rule.expression)
        except FormulaUnreadable as why:
            yield Place(where, "formula-unreadable", params={"at": why.at + 1})
            continue
        if not expression.is_comparison:
            yield Place(where, "rule-compares-nothing")
        yield from _unknown(where, expression, codes)


def _unknown(where: str, expression: Expression, codes: set[str]) -> Iterator[Place]:
    for code in sorted(expression.codes() - codes):
        yield Place(where, "code-unknown", params={"code": code})


def _circular(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for code in needs:
        reached = set(needs[code])
        while True:
            further = {deeper for one in reached for deeper in needs.get(one, ())} - reached
            if not further:
                break
            reached |= further
        if code in reached:
            yield code
