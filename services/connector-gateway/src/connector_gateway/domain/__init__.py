"""Tables of connector-gateway and their rules; the base that they all derive from."""

from enum import StrEnum

from sqlalchemy import DateTime, Enum, MetaData
from sqlmodel import SQLModel

from chassis.database import NAMING


class Table(SQLModel):
    """The base of every table of this service."""

    metadata = MetaData(naming_convention=NAMING)


class Moment(DateTime):
    """A moment with its offset."""

    def __init__(self) -> None:
        super().__init__(timezone=True)


def words(kind: type[StrEnum]) -> Enum:
    """Return the column type that keeps a ``StrEnum`` as its own text."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
