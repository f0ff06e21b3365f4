"""What submissions keeps of the facts of others: agencies, regimes, code maps, the calendar."""

from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from submissions.domain import Table


class KnownAgency(Table, table=True):
    """An agency, as accounts said it; units are named by its statistics code."""

    __tablename__ = "known_agencies"

    code: str = Field(primary_key=True)
    identification_code: str | None = None
    name: str
    level: str
    parent_code: str | None = None
    valid_from: date
    valid_to: date | None = None

    def is_open_on(self, day: date) -> bool:
        """Say whether the agency exists on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class KnownCalendar(Table, table=True):
    """The days off of a year, as catalog said them last."""

    __tablename__ = "known_calendars"

    year: int = Field(primary_key=True)
    days_off: list[str] = Field(sa_type=JSONB)


class KnownCodeMap(Table, table=True):
    """A version of what the codes of another system mean here; it never changes."""

    __tablename__ = "known_code_maps"

    connection: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    codes: dict[str, Any] = Field(sa_type=JSONB)


class KnownRegime(Table, table=True):
    """A regime in force: ``definition`` is the fact ``RegimePutInForce`` as JSON."""

    __tablename__ = "known_regimes"

    code: str = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_type=JSONB)
    lead_agency: str | None = None
