"""What accounts keeps of the facts of others: the working-day calendar."""

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from accounts.domain import Table


class KnownCalendar(Table, table=True):
    """The days off of a year, as catalog said them last."""

    __tablename__ = "known_calendars"

    year: int = Field(primary_key=True)
    days_off: list[str] = Field(sa_type=JSONB)
