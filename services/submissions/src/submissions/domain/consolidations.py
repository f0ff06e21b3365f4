"""A consolidation (tổng hợp): the province's totals of a period, until forwarded (Điều 7.4)."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from submissions.domain import Table
from submissions.errors import AlreadyForwarded, ConsolidationSuperseded


class ConsolidationState(StrEnum):
    """Where a consolidation stands."""

    COMPLETED = "completed"
    FORWARDED = "forwarded"
    SUPERSEDED = "superseded"


class Consolidation(Table, table=True):
    """Totals over the accepted reports of a period, and which versions they were taken from."""

    __tablename__ = "consolidations"

    id: UUID = Field(primary_key=True)
    regime: str
    period: str
    lead_agency: str
    revision: int
    """1 for the first of its period; one more each time it is made anew."""
    document_year: int
    document_number: int
    """Number of the document in its year at the lead agency; kept when made anew."""
    state: ConsolidationState = Field(sa_type=Text)
    expected: int
    """Units whose report counts: assigned and not left out."""
    accepted: int
    missing: list[str] = Field(sa_type=JSONB)
    excluded: list[dict[str, str]] = Field(sa_type=JSONB)
    """``agency`` and ``reason`` of each unit left out."""
    taken: list[list[Any]] = Field(sa_type=JSONB)
    """Unit, report and version number of everything added up."""
    totals: dict[str, list[Any]] = Field(sa_type=JSONB)
    """Cell → the fields of ``Total`` in order."""
    definition: dict[str, Any] = Field(sa_type=JSONB)
    """The regime with its form as it was in force (Điều 13.2)."""
    cut_off_at: datetime = Field(sa_type=DateTime(timezone=True))
    completed_by: str
    completed_at: datetime = Field(sa_type=DateTime(timezone=True))
    forwarded_by: str | None = None
    forwarded_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    sha256: str | None = None
    document: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The PDF that was forwarded, byte for byte."""
    traceparent: str | None = None

    def supersede(self) -> None:
        """Give way to a consolidation made anew; what was forwarded stays."""
        self._must_be_current()
        self.state = ConsolidationState.SUPERSEDED

    def forward(self, document: bytes, *, by: str, now: datetime) -> None:
        """Go to the competent authority and freeze (Điều 7.4)."""
        self._must_be_current()
        self.state = ConsolidationState.FORWARDED
        self.forwarded_by = by
        self.forwarded_at = now
        self.document = document
        self.sha256 = hashlib.sha256(document).hexdigest()

    def refuse_forwarding(self) -> None:
        """Refuse before the document is set what ``forward`` would refuse after."""
        self._must_be_current()

    def _must_be_current(self) -> None:
        match self.state:
            case ConsolidationState.FORWARDED:
                raise AlreadyForwarded(regime=self.regime, period=self.period)
            case ConsolidationState.SUPERSEDED:
                raise ConsolidationSuperseded(regime=self.regime, period=self.period)


class Acknowledgement(Table, table=True):
    """The authority's system said that it has the forwarded report."""

    __tablename__ = "consolidation_acknowledgements"

    consolidation_id: UUID = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    dispatch_id: UUID
    acknowledged_at: datetime = Field(sa_type=DateTime(timezone=True))
