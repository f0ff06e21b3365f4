"""Lists of reports: what is due from somebody, what somebody may look through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, false, or_, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.paging import InvalidCursor, Page, decode, encode
from contracts.accounts.v1 import Role
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar
from contracts.text import Text, nfc
from submissions.domain.known import KnownAgency, KnownRegime
from submissions.domain.reports import Report, Status
from submissions.queries.reports import visible_to


class WorkItem(BaseModel):
    """A report in a list: whose, by when, where it stands."""

    report: UUID
    regime: str
    regime_name: str
    period: str
    unit: str
    unit_name: str
    status: Status
    version: int
    cut_off_at: datetime
    due_at: datetime
    working_days_left: int | None
    is_overdue: bool
    is_late: bool
    submitted_at: datetime | None
    returned_reason: str | None


@dataclass(frozen=True)
class Filter:
    """Which reports a list asks for; None asks for all."""

    regime: Text | None = None
    period: Text | None = None
    status: Status | None = None
    unit: Text | None = None


@dataclass(frozen=True)
class Cut:
    """A page of a list: what is asked for, how many, after which cursor."""

    asked: Filter
    limit: int
    after: str | None


async def due_from(
    session: AsyncSession, who: Principal, calendar: WorkingCalendar, *, now: datetime
) -> Page[WorkItem]:
    """Return what is due from ``who``: overdue first, then by deadline."""
    mine: ColumnElement[bool] = false()
    if who.has(Role.OFFICER, Role.AGENCY_HEAD):
        mine = and_(
            col(Report.unit) == who.agency,
            col(Report.status).not_in([Status.SUBMITTED, Status.ACCEPTED]),
        )
    if who.has(Role.LEAD_AGENCY_REVIEWER):
        review = and_(col(Report.lead_agency) == who.agency, col(Report.status) == Status.SUBMITTED)
        mine = or_(mine, review)
    rows = await _rows(session, mine, (col(Report.due_at), col(Report.unit)), limit=500)
    return Page(items=[_item(row, calendar, now=now) for row in rows])


async def reports(
    session: AsyncSession,
    who: Principal,
    cut: Cut,
    calendar: WorkingCalendar,
    *,
    now: datetime,
) -> Page[WorkItem]:
    """Return reports that ``who`` may see, by regime, period and unit."""
    where = visible_to(who)
    for name in ("regime", "period", "status", "unit"):
        value = getattr(cut.asked, name)
        if value is not None:
            where = and_(where, col(getattr(Report, name)) == value)
    order = (col(Report.unit), col(Report.period), col(Report.regime), col(Report.id))
    if cut.after:
        where = and_(where, tuple_(*order) > tuple_(*_last(cut.after)))
    rows = await _rows(session, where, order, limit=cut.limit + 1)
    more = rows[cut.limit - 1][0] if len(rows) > cut.limit else None
    return Page(
        items=[_item(row, calendar, now=now) for row in rows[: cut.limit]],
        next=encode(more.unit, more.period, more.regime, str(more.id)) if more else None,
    )


def _last(cursor: str) -> tuple[str, str, str, UUID]:
    try:
        unit, period, regime, report_id = decode(cursor)
        return nfc(str(unit)), nfc(str(period)), nfc(str(regime)), UUID(str(report_id))
    except ValueError as why:
        raise InvalidCursor from why


async def _rows(
    session: AsyncSession, where: ColumnElement[bool], order: Sequence[Any], *, limit: int
) -> list[tuple[Report, str | None, str | None]]:
    statement = (
        select(Report, KnownAgency.name, KnownRegime.definition["name"].astext)
        .join(KnownAgency, col(KnownAgency.code) == Report.unit, isouter=True)
        .join(KnownRegime, col(KnownRegime.code) == Report.regime, isouter=True)
        .where(where)
        .order_by(*order)
        .limit(limit)
    )
    return [tuple(row) for row in await session.exec(statement)]


def _item(
    row: tuple[Report, str | None, str | None], calendar: WorkingCalendar, *, now: datetime
) -> WorkItem:
    report, unit_name, regime_name = row
    is_open = report.status not in {Status.SUBMITTED, Status.ACCEPTED}
    return WorkItem(
        report=report.id,
        regime=report.regime,
        regime_name=regime_name or report.regime,
        period=report.period,
        unit=report.unit,
        unit_name=unit_name or report.unit,
        status=Status(report.status),
        version=report.version,
        cut_off_at=report.cut_off_at.astimezone(ZONE),
        due_at=report.due_at.astimezone(ZONE),
        working_days_left=working_days_left(report.due_at, calendar, now=now),
        is_overdue=is_open and now > report.due_at,
        is_late=report.is_late,
        submitted_at=report.submitted_at.astimezone(ZONE) if report.submitted_at else None,
        returned_reason=report.returned["reason"] if report.returned else None,
    )


def working_days_left(due_at: datetime, calendar: WorkingCalendar, *, now: datetime) -> int | None:
    """Count the working days after today up to the day of the deadline."""
    today, due = now.date(), due_at.astimezone(ZONE).date()
    try:
        return _working_days(today, due, calendar)
    except CalendarUnknown:
        return None


def _working_days(today: date, due: date, calendar: WorkingCalendar) -> int:
    if due < today:
        return -_working_days(due, today, calendar)
    days = calendar.full_days_between(today, due)
    return days + (due > today and calendar.is_working(due))
