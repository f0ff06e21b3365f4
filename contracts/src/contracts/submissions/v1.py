"""What submissions says, version 1: reports on their way, consolidations, outcomes of pushes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Word
from contracts.topics import CONSOLIDATIONS, OUTCOMES, REPORTS


class ReportAssigned(Event, type="submissions.report.assigned.v1", topic=REPORTS, key="report_id"):
    """The lead agency gave a unit its report: step 2 (Điều 7.2)."""

    report_id: UUID
    assignment_id: UUID
    regime: str
    regime_name: str
    period: str
    unit: str
    lead_agency: str
    cut_off_at: datetime
    due_at: datetime


class ReportSubmitted(
    Event, type="submissions.report.submitted.v1", topic=REPORTS, key="report_id"
):
    """A unit sent its report to the lead agency: step 3 (Điều 7.3)."""

    report_id: UUID
    regime: str
    period: str
    unit: str
    lead_agency: str
    version: int
    submitted_at: datetime
    is_late: bool


class ReportReturned(Event, type="submissions.report.returned.v1", topic=REPORTS, key="report_id"):
    """The lead agency sent a report back with a reason on chosen cells: step 4 (Điều 7.4)."""

    report_id: UUID
    regime: str
    period: str
    unit: str
    lead_agency: str
    version: int
    reason: str
    cells: list[str]
    due_at: datetime
    returned_at: datetime


class ReportAccepted(Event, type="submissions.report.accepted.v1", topic=REPORTS, key="report_id"):
    """The lead agency found the data sound: step 4 (Điều 7.4)."""

    report_id: UUID
    regime: str
    period: str
    unit: str
    lead_agency: str
    version: int
    accepted_at: datetime


class ConsolidationCompleted(
    Event,
    type="submissions.consolidation.completed.v1",
    topic=CONSOLIDATIONS,
    key="consolidation_id",
):
    """The lead agency has the province's totals; missing units are named (Điều 7.4)."""

    consolidation_id: UUID
    regime: str
    period: str
    lead_agency: str
    accepted: int
    missing: list[str]
    completed_at: datetime


class ConsolidationForwarded(
    Event,
    type="submissions.consolidation.forwarded.v1",
    topic=CONSOLIDATIONS,
    key="consolidation_id",
):
    """The consolidated report went to the competent authority and is frozen (Điều 7.4)."""

    consolidation_id: UUID
    regime: str
    period: str
    lead_agency: str
    recipient: str
    totals: dict[str, str]
    """Totals by cell, exact decimals as strings."""
    missing: list[str]
    sha256: str
    """Digest of the forwarded PDF document, lower-case hex."""
    forwarded_at: datetime


class DeliveryOutcome(StrEnum):
    """How a delivery of a connection ended."""

    COMPLETED = "completed"
    REFUSED = "refused"


class Counts(Word):
    """Figures of a delivery by what became of them; they add up to the figures delivered."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class ReportOutcome(Word):
    """What a delivery did to one report."""

    agency: str
    report: UUID | None = None
    version: int | None = None
    state: str | None = None
    counts: Counts
    note: str | None = None


class Rejection(Word):
    """One figure that was not taken: its place, the rule, and a Vietnamese sentence."""

    pointer: str
    agency: str | None = None
    row: str | None = None
    column: str | None = None
    value: str | None = None
    type: str
    detail: str


class DeliveryProcessed(
    Event, type="submissions.delivery.processed.v1", topic=OUTCOMES, key="connection"
):
    """Every figure of a delivery is in the state with its history, or named as rejected."""

    receipt_id: UUID
    connection: str
    outcome: DeliveryOutcome
    counts: Counts
    reports: list[ReportOutcome] = Field(default_factory=list)
    rejections: list[Rejection] = Field(default_factory=list)
    problem: dict[str, str] | None = None
    """For ``refused``: type, title and detail of the reason."""
    processed_at: datetime
