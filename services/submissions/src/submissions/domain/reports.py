"""A report (báo cáo) of one unit for one period, and the moves it may make (Điều 7.3, 7.4)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from chassis.errors import PreconditionFailed
from submissions.domain import Table
from submissions.errors import (
    NotApproved,
    NothingFilledIn,
    ReportAlreadyAccepted,
    ReportAlreadySubmitted,
    ReportClosed,
    ReportNotSubmitted,
)


class Status(StrEnum):
    """Where a report stands."""

    ASSIGNED = "assigned"
    DRAFT = "draft"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


ALLOWED: dict[Status, frozenset[Status]] = {
    Status.ASSIGNED: frozenset({Status.DRAFT}),
    Status.DRAFT: frozenset({Status.DRAFT, Status.APPROVED}),
    Status.APPROVED: frozenset({Status.DRAFT, Status.APPROVED, Status.SUBMITTED}),
    Status.SUBMITTED: frozenset({Status.RETURNED, Status.ACCEPTED}),
    Status.RETURNED: frozenset({Status.DRAFT}),
    Status.ACCEPTED: frozenset(),
}
"""Every move a report may make; a refused one names its own error."""

OPEN = frozenset({Status.ASSIGNED, Status.DRAFT, Status.APPROVED, Status.RETURNED})
"""Where figures may change."""


class Report(Table, table=True):
    """The report of a unit: its state; its figures stand in its versions (decisions/0008)."""

    __tablename__ = "reports"

    id: UUID = Field(primary_key=True)
    assignment_id: UUID
    regime: str
    period: str
    unit: str
    lead_agency: str
    rows: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    columns: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    status: Status = Field(default=Status.ASSIGNED, sa_type=Text)
    revision: int = 1
    """Grows with every change; its ETag."""
    version: int = 0
    """Number of the latest version of the figures; 0 before any."""
    approved_by: str | None = None
    """Who signed this very version off last; the database knows the approval (Điều 9.2)."""
    cut_off_at: datetime = Field(sa_type=DateTime(timezone=True))
    due_at: datetime = Field(sa_type=DateTime(timezone=True))
    submitted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    first_submitted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    is_late: bool = False
    accepted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    times_returned: int = 0
    notes: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    """Justifications of warnings, by ``<rule>:<row>``."""
    narrative: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    """Texts of the outline's headings (Điều 6.1b)."""
    returned: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Why and which cells the lead agency sent back, until the report is sent again."""

    def must_be_at(self, revision: int) -> None:
        """Refuse a change made on a reading that is no longer the latest."""
        if self.revision != revision:
            raise PreconditionFailed

    def must_be_open(self) -> None:
        """Refuse a change of what has been sent."""
        if self.status not in OPEN:
            raise ReportClosed(report=self.unit, status=self.status)

    def fill_in(self) -> None:
        """Take new figures, notes or narrative: a new version, a draft again (Điều 7.3)."""
        self.must_be_open()
        self._move(Status.DRAFT)
        self.version += 1
        self.approved_by = None

    def approve(self, by: str) -> None:
        """Sign the figures off inside the unit (Điều 9.2); ``by`` has an approval of them."""
        if self.status in {Status.SUBMITTED, Status.ACCEPTED}:
            raise ReportClosed(report=self.unit, status=self.status)
        if self.version == 0:
            raise NothingFilledIn(report=self.unit)
        if self.status in {Status.ASSIGNED, Status.RETURNED}:
            self._move(Status.DRAFT)
        self._move(Status.APPROVED)
        self.approved_by = by

    def submit(self, *, now: datetime) -> None:
        """Send to the lead agency: step 3 (Điều 7.3); once late, a report stays late."""
        if self.status in {Status.SUBMITTED, Status.ACCEPTED}:
            raise ReportAlreadySubmitted(report=self.unit)
        if Status.SUBMITTED not in ALLOWED[Status(self.status)]:
            raise NotApproved(report=self.unit)
        self._move(Status.SUBMITTED)
        self.submitted_at = now
        self.is_late = self.is_late or now > self.due_at
        self.first_submitted_at = self.first_submitted_at or now
        self.returned = None

    def send_back(
        self, *, reason: str, cells: Sequence[str], due_at: datetime, now: datetime
    ) -> None:
        """Send back with a reason on chosen cells and a new deadline: step 4 (Điều 7.4)."""
        self._must_wait_for_review()
        self._move(Status.RETURNED)
        self.times_returned += 1
        self.due_at = due_at
        self.returned = {
            "reason": reason,
            "cells": list(cells),
            "due_at": due_at.isoformat(),
            "returned_at": now.isoformat(),
            "version": self.version,
        }

    def accept(self, *, now: datetime) -> None:
        """Find the data sound: step 4 (Điều 7.4)."""
        self._must_wait_for_review()
        self._move(Status.ACCEPTED)
        self.accepted_at = now

    def _must_wait_for_review(self) -> None:
        if self.status == Status.ACCEPTED:
            raise ReportAlreadyAccepted(report=self.unit)
        if self.status != Status.SUBMITTED:
            raise ReportNotSubmitted(report=self.unit)

    def _move(self, to: Status) -> None:
        if to not in ALLOWED[Status(self.status)]:
            raise ReportClosed(report=self.unit, status=self.status)
        self.status = to
        self.revision += 1
