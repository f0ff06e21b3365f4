"""Indicators (chỉ tiêu) of forms in force: one of them never has two units (Điều 3.3)."""

from collections.abc import Iterator, Sequence

from sqlmodel import Field

from catalog.domain import Table
from chassis.errors import Place
from contracts.forms import Form


class Indicator(Table, table=True):
    """An indicator with the unit of measure that it has for ever.

    A form numbers its rows, so ``1`` of one form is not ``1`` of another: across forms an
    indicator is the same where code and name are, within a form where the code is.
    """

    __tablename__ = "indicators"

    form: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    name: str
    unit: str

    def is_same_as(self, other: "Indicator") -> bool:
        """Say whether ``other`` is this indicator, in this form or in another one."""
        return self.code == other.code and (
            self.form == other.form or _folded(self.name) == _folded(other.name)
        )


def indicators_of(form: Form) -> list[Indicator]:
    """Return the indicators that ``form`` uses."""
    return [
        Indicator(form=form.code, code=row.code, name=row.name, unit=row.unit) for row in form.rows
    ]


def other_units(form: Form, standing: Sequence[Indicator]) -> Iterator[Place]:
    """Yield the rows of ``form`` whose indicator stands already with another unit."""
    for at, row in enumerate(indicators_of(form)):
        units = {one.unit for one in standing if row.is_same_as(one)} - {row.unit}
        for unit in sorted(units):
            params = {"code": row.code, "unit": unit}
            yield Place(f"/form/rows/{at}/unit", "unit-differs", params=params)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
