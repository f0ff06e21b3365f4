"""What notifications knows and its rules: notices, mails, inboxes."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from chassis.database import NAMING


class Table(SQLModel):
    """The base of notifications' own tables."""

    metadata = MetaData(naming_convention=NAMING)
