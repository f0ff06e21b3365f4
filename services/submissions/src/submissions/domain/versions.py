"""A version of a report's figures: one immutable row that holds every cell (decisions/0008)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from submissions.domain import Table


class SourceKind(StrEnum):
    """Who changed the figures: a person, or a delivery of a connected system."""

    PERSON = "person"
    RECEIPT = "receipt"


class ReportVersion(Table, table=True):
    """All input cells of a report after one change, and whom the change came from."""

    __tablename__ = "report_versions"

    report_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    """Gapless from 1 on in each report."""
    cells: dict[str, str] = Field(sa_type=JSON)
    """``row:column`` → exact decimal, ``-`` (nil) or ``x`` (not applicable); absent = missing."""
    notes: dict[str, str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Every justification, where this version changed one; None leaves them as they were."""
    narrative: dict[str, str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Every text of the outline, where this version changed one."""
    source_kind: SourceKind = Field(sa_type=Text)
    source_id: str
    """Account id of a person, receipt id of a delivery."""
    source_name: str
    """Name of the person, code of the connection."""
    traceparent: str | None = None
    made_at: datetime = Field(sa_type=DateTime(timezone=True))


def changed_cells(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the cells that differ between two versions, in order."""
    return sorted(
        cell for cell in before.keys() | after.keys() if before.get(cell) != after.get(cell)
    )
