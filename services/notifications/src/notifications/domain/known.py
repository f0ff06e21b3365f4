"""What other services said and notifications must know: people, agencies, regimes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from notifications.domain import Table


class KnownAccount(Table, table=True):
    """Since when a person has an account: what was told before is not in the inbox."""

    __tablename__ = "known_accounts"

    id: UUID = Field(primary_key=True)
    issued_at: datetime = Field(sa_type=DateTime(timezone=True))


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
