"""Approvals inside a unit (Điều 9.2) and standing approvals for what a system pushes."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from submissions.domain import Table
from submissions.domain.reports import Report, Status
from submissions.errors import AlreadyApproved


class Approval(Table, table=True):
    """A head signed this version off; it dies with the next change of the figures."""

    __tablename__ = "approvals"

    id: UUID = Field(primary_key=True)
    report_id: UUID
    version: int
    approved_by: str
    approver_name: str
    approved_at: datetime = Field(sa_type=DateTime(timezone=True))


def sign_off(
    report: Report, given: Sequence[Approval], *, by: str, name: str, id: UUID, now: datetime
) -> Approval | None:
    """Approve the latest version (Điều 9.2); nobody approves one twice (``AlreadyApproved``).

    ``given`` are the approvals of this version; None where ``by`` signed it before it was moved.
    """
    has_signed = any(one.approved_by == by for one in given)
    if has_signed and report.status == Status.APPROVED:
        raise AlreadyApproved
    report.approve(by)
    if has_signed:
        return None
    return Approval(
        id=id,
        report_id=report.id,
        version=report.version,
        approved_by=by,
        approver_name=name,
        approved_at=now,
    )


class StandingApproval(Table, table=True):
    """A head lets a connection send the unit's figures of a regime: dated and revocable."""

    __tablename__ = "standing_approvals"

    id: UUID = Field(primary_key=True)
    agency: str
    regime: str
    connection: str
    valid_from: date
    valid_to: date | None = None
    given_by: str
    giver_name: str
    given_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def has_ended_on(self, day: date) -> bool:
        """Say whether the approval ran out before ``day``."""
        return self.valid_to is not None and self.valid_to < day

    def is_valid_on(self, day: date) -> bool:
        """Say whether the approval holds on ``day``."""
        return self.revoked_at is None and self.valid_from <= day and not self.has_ended_on(day)
