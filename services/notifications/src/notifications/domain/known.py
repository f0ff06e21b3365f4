"""What other services said and notifications must know: people, agencies, regimes."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from notifications.domain import Table


class KnownAccount(Table, table=True):
    """A person who can be told."""

    __tablename__ = "known_accounts"

    id: UUID = Field(primary_key=True)
    display_name: str
    email: str | None = None
    agency: str
    roles: list[str] = Field(sa_type=JSONB)
    is_locked: bool = False


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
