"""A form (biểu mẫu): indicators as rows, attributes as columns, formulas and rules (Điều 6.1a)."""

from enum import StrEnum

from pydantic import Field

from contracts.event import Word


class ColumnKind(StrEnum):
    """What a column holds."""

    NUMBER = "NUMBER"
    TEXT = "TEXT"


class Operator(StrEnum):
    """How figures of many units become one; ratios are ``RECOMPUTE``d from totals."""

    SUM = "SUM"
    MEAN = "MEAN"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"
    NONE = "NONE"
    RECOMPUTE = "RECOMPUTE"


class Severity(StrEnum):
    """What a broken rule does: stop the sending, or ask for a justification."""

    BLOCKING = "BLOCKING"
    WARNING = "WARNING"


class Indicator(Word):
    """A row (chỉ tiêu): concept, calculation method and unit are mandatory (Điều 3.3)."""

    code: str
    name: str
    unit: str
    concept: str
    method: str
    parent: str | None = None
    sum_of: list[str] = Field(default_factory=list)
    """Codes of the rows that this one adds up; empty for a row that is filled in."""


class Attribute(Word):
    """A column (thuộc tính); ``headings`` are the nested headers above it, outermost first."""

    code: str
    name: str
    headings: list[str] = Field(default_factory=list)
    kind: ColumnKind = ColumnKind.NUMBER
    decimals: int = 0
    minimum: str | None = None
    formula: str | None = None
    """Expression over column codes of the same row: ``c2 + c3``, ``(c6 + c7) / c5 * 100``,
    ``year_to_date(month)``, ``last_year(month)``. A cell with a formula cannot be typed.
    Where a row adds up others and the column has a formula, the column's formula wins."""
    over_units: Operator = Operator.SUM


class Rule(Word):
    """A check of every filled row: ``c1 = c5 + c9``, ``c4 = previous(c9)``, ``c8 = 0``."""

    code: str
    severity: Severity
    expression: str
    message: str


class Form(Word):
    """A published version of a form; a cell is named ``<row>:<column>``, e.g. ``1:c2``."""

    code: str
    version: int
    rows: list[Indicator]
    columns: list[Attribute]
    rules: list[Rule] = Field(default_factory=list)
    outline: list[str] = Field(default_factory=list)
    """Headings of the narrative part (đề cương); empty for a form that is only tabular."""
