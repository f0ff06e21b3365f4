"""Assignments (giao báo cáo): rows × columns × units × period, step 2 (Điều 6.1a, 7.2)."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from contracts.calendar import ZONE, WorkingCalendar
from contracts.catalog.v1 import RegimePutInForce
from contracts.periods import CutOffRule, Frequency, Period
from submissions.domain import Table
from submissions.errors import CutOffNeeded, PeriodUnknown

END_OF_WORK = time(17, 0)


class Assignment(Table, table=True):
    """One act of a lead agency that gives a report of a period to many units."""

    __tablename__ = "assignments"

    id: UUID = Field(primary_key=True)
    regime: str
    period: str
    lead_agency: str
    rows: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Rows assigned; None is all of the form."""
    columns: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    cut_off_at: datetime = Field(sa_type=DateTime(timezone=True))
    """Data is counted up to this moment (thời gian chốt số liệu, Điều 6.2)."""
    due_at: datetime = Field(sa_type=DateTime(timezone=True))
    """Deadline of sending (thời hạn gửi)."""
    assigned_by: str
    assigned_at: datetime = Field(sa_type=DateTime(timezone=True))


def last_day_counted(regime: RegimePutInForce, period: str, asked: date | None = None) -> date:
    """Return the last day counted (Điều 6.2): the day asked for, else that of the regime's rule.

    Refuses a code that names no period of the regime, and no day where the rule gives none.
    """
    by_rule = None
    if regime.frequency is not Frequency.AD_HOC:
        try:
            parsed = Period.parse(period)
            if parsed.frequency is not regime.frequency:
                raise ValueError(period)
            if regime.cut_off_rule is not CutOffRule.CUSTOM:
                by_rule = parsed.window(regime.cut_off_rule)[1]
        except ValueError as why:
            raise PeriodUnknown(period=period, regime=regime.regime) from why
    day = asked or by_rule
    if day is None:
        raise CutOffNeeded(regime=regime.regime)
    return day


def end_of(day: date) -> datetime:
    """Return the last second of ``day``: the moment of a cut-off."""
    return datetime.combine(day, time(23, 59, 59), ZONE)


def due_after(cut_off: date, working_days: int, calendar: WorkingCalendar) -> datetime:
    """Return the deadline: working days after the cut-off, at end of work (NĐ 09 Điều 8.5)."""
    return datetime.combine(calendar.after(cut_off, working_days), END_OF_WORK, ZONE)
