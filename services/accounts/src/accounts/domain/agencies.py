"""Agencies (cơ quan, đơn vị): an effective-dated tree with both code schemes (Điều 1.2)."""

from datetime import date

from sqlalchemy import Text
from sqlmodel import Field

from accounts.domain import Table
from contracts.accounts.v1 import AgencyLevel


class Agency(Table, table=True):
    """An agency as it is from ``valid_from`` on, opened on a legal basis."""

    __tablename__ = "agencies"

    code: str = Field(primary_key=True)
    identification_code: str | None = None
    name: str
    level: AgencyLevel = Field(sa_type=Text)
    parent_code: str | None = None
    valid_from: date
    valid_to: date | None = None
    legal_basis: str

    def is_same_as(self, other: "Agency") -> bool:
        """Say whether ``other`` tells nothing new of this agency."""
        return (self.name, str(self.level), self.parent_code, self.identification_code) == (
            other.name,
            str(other.level),
            other.parent_code,
            other.identification_code,
        )
