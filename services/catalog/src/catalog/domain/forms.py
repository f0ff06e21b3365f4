"""When a form (biểu mẫu) is sound: every code once, every formula readable, nothing circular."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping

from chassis.errors import Place
from contracts.catalog.v1 import ContentForm
from contracts.forms import ColumnKind, Form, Operator
from contracts.formulas import Expression, FormulaUnreadable, parse

EARLIER = frozenset({"previous", "last_year"})
"""Functions that ask for another period, and so never for the cell itself."""


def unsound_places(form: Form, content: ContentForm) -> Iterator[Place]:
    """Yield every place where ``form`` contradicts itself or its ``content``, at once."""
    yield from _missing_parts(form, content)
    yield from _repeated("/form/rows", [row.code for row in form.rows])
    yield from _repeated("/form/columns", [column.code for column in form.columns])
    yield from _repeated("/form/rules", [rule.code for rule in form.rules])
    yield from _empty_fields(form)
    yield from _rows(form)
    yield from _columns(form)
    yield from _rules(form)


def _missing_parts(form: Form, content: ContentForm) -> Iterator[Place]:
    """A tabular form has rows and columns, a narrative one an outline (Điều 6.1)."""
    parts = {"rows": form.rows, "columns": form.columns, "outline": form.outline}
    wanted = {
        ContentForm.TABULAR: ("rows", "columns"),
        ContentForm.NARRATIVE: ("outline",),
        ContentForm.COMBINED: ("rows", "columns", "outline"),
    }
    for name in wanted[content]:
        if not parts[name]:
            yield Place(f"/form/{name}", "part-missing", params={"content": content.value})


def _repeated(where: str, codes: list[str]) -> Iterator[Place]:
    times = Counter(codes)
    for at, code in enumerate(codes):
        if times[code] > 1:
            yield Place(f"{where}/{at}/code", "code-twice", params={"code": code})


def _empty_fields(form: Form) -> Iterator[Place]:
    """Concept, calculation method and unit are mandatory (Điều 3.3)."""
    for at, row in enumerate(form.rows):
        for name in ("concept", "method", "unit"):
            if not getattr(row, name).strip():
                yield Place(f"/form/rows/{at}/{name}", "field-empty")


def _rows(form: Form) -> Iterator[Place]:
    places = {row.code: at for at, row in enumerate(form.rows)}
    for at, row in enumerate(form.rows):
        for number, code in enumerate(row.sum_of):
            if code not in places:
                where = f"/form/rows/{at}/sum_of/{number}"
                yield Place(where, "code-unknown", params={"code": code})
        if row.parent is not None and row.parent not in places:
            yield Place(f"/form/rows/{at}/parent", "code-unknown", params={"code": row.parent})
    for code in _circular({row.code: row.sum_of for row in form.rows}):
        yield Place(f"/form/rows/{places[code]}/sum_of", "sum-circular", params={"code": code})
    for code in _circular({row.code: [row.parent] for row in form.rows if row.parent}):
        yield Place(f"/form/rows/{places[code]}/parent", "parent-circular", params={"code": code})


def _columns(form: Form) -> Iterator[Place]:
    places = {column.code: at for at, column in enumerate(form.columns)}
    needs: dict[str, set[str]] = {}
    for at, column in enumerate(form.columns):
        where = f"/form/columns/{at}/formula"
        if column.formula is None:
            if column.over_units is Operator.RECOMPUTE:
                yield Place(where, "formula-missing", params={"code": column.code})
            continue
        if column.kind is ColumnKind.TEXT:
            yield Place(where, "formula-of-text", params={"code": column.code})
        formula = yield from _read(where, column.formula, form)
        if formula is None:
            continue
        if formula.is_comparison:
            yield Place(where, "formula-compares")
        needs[column.code] = {
            leaf.code for leaf in formula.leaves() if leaf.function not in EARLIER
        }
    for code in _circular(needs):
        where = f"/form/columns/{places[code]}/formula"
        yield Place(where, "formula-circular", params={"code": code})


def _rules(form: Form) -> Iterator[Place]:
    for at, rule in enumerate(form.rules):
        where = f"/form/rules/{at}/expression"
        expression = yield from _read(where, rule.expression, form)
        if expression and not expression.is_comparison:
            yield Place(where, "rule-compares-nothing")


def _read(where: str, text: str, form: Form) -> Generator[Place, None, Expression | None]:
    """Read an expression; yield what is wrong with it and return it, None where unreadable."""
    try:
        expression = parse(text)
    except FormulaUnreadable as why:
        yield Place(where, "formula-unreadable", params={"at": why.at + 1})
        return None
    kinds = {column.code: column.kind for column in form.columns}
    for code in sorted(expression.codes()):
        if code not in kinds:
            yield Place(where, "code-unknown", params={"code": code})
        elif kinds[code] is ColumnKind.TEXT:
            yield Place(where, "code-of-text", params={"code": code})
    return expression


def _circular(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield every code that needs itself, over however many others."""
    for code in needs:
        reached: set[str] = set()
        ahead = set(needs[code])
        while ahead:
            reached |= ahead
            ahead = {deeper for one in ahead for deeper in needs.get(one, ())} - reached
        if code in reached:
            yield code
