"""What other services said and notifications must know: people, agencies, regimes, calendars."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from notifications.domain import Table


class KnownAccount(Table, table=True):
    """Whom mail may reach; what was told before the account was issued is not in the inbox."""

    __tablename__ = "known_accounts"

    id: UUID = Field(primary_key=True)
    issued_at: datetime = Field(sa_type=DateTime(timezone=True))
    email: str | None = None
    """As the written request named it (Điều 4.1); without one there is only the inbox."""
    agency: str = ""
    roles: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))


class KnownAgency(Table, table=True):
    """The name of an agency."""

    __tablename__ = "known_agencies"

    code: str = Field(primary_key=True)
    name: str


class KnownRegime(Table, table=True):
    """The name of a regime."""

    __tablename__ = "known_regimes"

    code: str = Field(primary_key=True)
    name: str


class KnownCalendar(Table, table=True):
    """The days off of a year, as catalog said them last."""

    __tablename__ = "known_calendars"

    year: int = Field(primary_key=True)
    days_off: list[date] = Field(sa_type=ARRAY(Date))
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))


class KnownStop(Table, table=True):
    """A connection stopped on ground c, until its owner is heard of or it is lifted (Điều 8.4)."""

    __tablename__ = "known_stops"

    suspension_id: UUID = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    system_name: str
    owner_agency: str
    owner_email: str
    public_reason: str
    notice_id: UUID
    effective_at: datetime = Field(sa_type=DateTime(timezone=True))
    reminded_on: date
    """The last day on which the owner was told or reminded."""
    acknowledged_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
