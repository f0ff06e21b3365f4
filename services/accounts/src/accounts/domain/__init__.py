"""What accounts knows and its rules: agencies, requests, accounts, sessions."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from chassis.database import NAMING


class Table(SQLModel):
    """The base of accounts' own tables."""

    metadata = MetaData(naming_convention=NAMING)
