"""What catalog keeps of the facts of others: agencies that can be designated."""

from sqlmodel import Field

from catalog.domain import Table


class KnownAgency(Table, table=True):
    """An agency, as accounts said it."""

    __tablename__ = "known_agencies"

    code: str = Field(primary_key=True)
    name: str
