"""What catalog knows and its rules: regimes, forms, designations, the calendar."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from chassis.database import NAMING


class Table(SQLModel):
    """The base of catalog's own tables."""

    metadata = MetaData(naming_convention=NAMING)
