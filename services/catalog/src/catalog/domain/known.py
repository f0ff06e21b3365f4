"""What catalog keeps of the facts of others: agencies that can be designated."""

from sqlmodel import Field

from catalog.domain import Table


class KnownAgency(Table, table=True):
    """An agency, as accounts said it."""

    __tablename__ = "known_agencies"

    code: str = Field(primary_key=True)
    name: str


class IndicatorUnit(Table, table=True):
    """The one unit of measure of an indicator, for ever (Điều 3.3)."""

    __tablename__ = "indicator_units"

    indicator: str = Field(primary_key=True)
    unit: str
