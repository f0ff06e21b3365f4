"""What this service has learned from the others: accounts, agencies, the calendar."""

from datetime import date

from sqlalchemy import Text
from sqlmodel import Field

from connector_gateway.domain import Table


class KnownAccount(Table, table=True):
    """The name of a person by the id of the account, as tokens and the ledger say it."""

    __tablename__ = "known_accounts"

    id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)


class KnownAgency(Table, table=True):
    """An agency by its code; accounts owns it."""

    __tablename__ = "known_agencies"

    code: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)


class KnownCalendarDay(Table, table=True):
    """A day and whether it is worked; catalog owns it, the notice rule counts it."""

    __tablename__ = "known_calendar_days"

    day: date = Field(primary_key=True)
    is_working: bool
