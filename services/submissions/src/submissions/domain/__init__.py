"""What submissions knows and its rules: assignments, reports, versions, consolidations."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from chassis.database import NAMING


class Table(SQLModel):
    """The base of submissions' own tables."""

    metadata = MetaData(naming_convention=NAMING)
