"""A form (biểu mẫu) as it comes in: shapes and sizes; whether it is sound the domain says."""

from typing import Annotated

from pydantic import Field

from chassis.http import Body
from contracts.forms import Attribute, ColumnKind, Form, Indicator, Operator, Severity
from contracts.forms import Rule as FormRule
from contracts.identifiers import RegimeCode
from contracts.text import Text

MOST_ROWS = 2000
Name = Annotated[Text, Field(min_length=1, max_length=500)]
RowCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,40}$")]
ColumnCode = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,39}$")]
"""A column's code is a word of formulas, and so never begins with a figure."""


class RowBody(Body):
    """An indicator (chỉ tiêu): concept, method and unit are mandatory (Điều 3.3)."""

    code: RowCode
    name: Name
    unit: Annotated[Text, Field(max_length=60)]
    concept: Annotated[Text, Field(max_length=2000)]
    method: Annotated[Text, Field(max_length=2000)]
    parent: RowCode | None = None
    sum_of: list[RowCode] = Field(default_factory=list, max_length=MOST_ROWS)


class ColumnBody(Body):
    """An attribute (thuộc tính); a column with a formula is never typed."""

    code: ColumnCode
    name: Name
    headings: list[Name] = Field(default_factory=list, max_length=5)
    kind: ColumnKind = ColumnKind.NUMBER
    decimals: int = Field(default=0, ge=0, le=10)
    minimum: Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")] | None = None
    formula: Annotated[Text, Field(min_length=1, max_length=500)] | None = None
    over_units: Operator = Operator.SUM


class RuleBody(Body):
    """A check of every filled row."""

    code: RowCode
    severity: Severity
    expression: Annotated[Text, Field(min_length=1, max_length=500)]
    message: Name


class FormBody(Body):
    """A form (biểu mẫu) of at most 2,000 rows and 200 columns."""

    code: RegimeCode
    rows: list[RowBody] = Field(default_factory=list, max_length=MOST_ROWS)
    columns: list[ColumnBody] = Field(default_factory=list, max_length=200)
    rules: list[RuleBody] = Field(default_factory=list, max_length=500)
    outline: list[Name] = Field(default_factory=list, max_length=100)

    def form(self) -> Form:
        """Return the first version of the form."""
        return Form(
            code=self.code,
            version=1,
            rows=[Indicator(**row.model_dump()) for row in self.rows],
            columns=[Attribute(**column.model_dump()) for column in self.columns],
            rules=[FormRule(**rule.model_dump()) for rule in self.rules],
            outline=self.outline,
        )
