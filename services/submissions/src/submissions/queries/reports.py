"""Reads of reports: one for a change, lists of what is due, versions and their origin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.paging import Page, decode, encode
from contracts.accounts.v1 import Role
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar
from contracts.periods import Period
from submissions.domain.approvals import Approval
from submissions.domain.cells import Cells
from submissions.domain.formulas import FormPlan, Neighbours
from submissions.domain.known import KnownAgency, KnownRegime
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion
from submissions.errors import ReportNotFound


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

    regime: str | None = None
    period: str | None = None
    status: Status | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Cut:
    """A page of a list: what is asked for, how many, after which cursor."""

    asked: Filter
    limit: int
    after: str | None


def visible_to(who: Principal) -> ColumnElement[bool]:
    """Return which reports ``who`` may see: I7 of the hub, joined into every query."""
    if who.kind != "person":
        return false()
    if who.has(Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR):
        return true()
    own: ColumnElement[bool] = false()
    if who.has(Role.OFFICER, Role.AGENCY_HEAD):
        own = col(Report.unit) == who.agency
    if who.has(Role.LEAD_AGENCY_REVIEWER):
        own = or_(own, col(Report.lead_agency) == who.agency)
    return own


async def report_for_update(session: AsyncSession, report_id: UUID, who: Principal) -> Report:
    """Return a report that ``who`` may see, locked; raises ``ReportNotFound``."""
    statement = select(Report).where(Report.id == report_id, visible_to(who)).with_for_update()
    found = (await session.exec(statement)).first()
    if found is None:
        raise ReportNotFound
    return found


async def report(session: AsyncSession, report_id: UUID, who: Principal) -> Report:
    """Return a report that ``who`` may see; raises ``ReportNotFound``."""
    statement = select(Report).where(Report.id == report_id, visible_to(who))
    found = (await session.exec(statement)).first()
    if found is None:
        raise ReportNotFound
    return found


async def submitted_for_update(
    session: AsyncSession, regime: str, period: str, ids: Sequence[UUID] | None, *, who: Principal
) -> list[Report]:
    """Return the reports that wait for review by the agency of ``who``, locked in a fixed order."""
    statement = select(Report).where(
        Report.regime == regime,
        Report.period == period,
        Report.status == Status.SUBMITTED,
        Report.lead_agency == who.agency,
    )
    if ids is not None:
        statement = statement.where(col(Report.id).in_(ids))
    return list(await session.exec(statement.order_by(col(Report.unit)).with_for_update()))


async def assigned_units(
    session: AsyncSession, regime: str, period: str, units: Sequence[str]
) -> list[str]:
    """Return those of ``units`` that have the report of this period already."""
    statement = select(Report.unit).where(
        Report.regime == regime, Report.period == period, col(Report.unit).in_(units)
    )
    return sorted(await session.exec(statement))


async def cells_of(session: AsyncSession, report: Report) -> dict[str, str]:
    """Return the input cells of the latest version."""
    if report.version == 0:
        return {}
    found = await session.get(ReportVersion, (report.id, report.version))
    return dict(found.cells) if found else {}


async def neighbours_of(session: AsyncSession, report: Report, plan: FormPlan) -> Neighbours:
    """Return the cells of the periods that the form's formulas and rules look at."""
    period = Period.parse(report.period)
    before, last_year = period.previous(), period.last_year()
    earlier = []
    step = before
    while step.year == period.year:
        earlier.append(step.code)
        step = step.previous()
    wanted = {before.code, last_year.code, *earlier}
    statement = (
        select(Report.period, ReportVersion.cells)
        .join(
            ReportVersion,
            and_(
                col(ReportVersion.report_id) == Report.id,
                col(ReportVersion.number) == Report.version,
            ),
        )
        .where(
            Report.regime == report.regime,
            Report.unit == report.unit,
            col(Report.period).in_(wanted),
        )
    )
    found: dict[str, Cells] = {}
    for code, cells in await session.exec(statement):
        found[code] = {**cells, **plan.derive(cells)}
    return Neighbours(
        previous=found.get(before.code, {}),
        last_year=found.get(last_year.code, {}),
        earlier=tuple(found[code] for code in earlier if code in found),
    )


async def approvals_of(session: AsyncSession, report: Report) -> list[Approval]:
    """Return the approvals of the latest version."""
    statement = select(Approval).where(
        Approval.report_id == report.id, Approval.version == report.version
    )
    return list(await session.exec(statement.order_by(col(Approval.approved_at))))


async def versions_of(session: AsyncSession, report_id: UUID) -> list[ReportVersion]:
    """Return every version of a report, oldest first."""
    statement = select(ReportVersion).where(ReportVersion.report_id == report_id)
    return list(await session.exec(statement.order_by(col(ReportVersion.number))))


async def version(session: AsyncSession, report_id: UUID, number: int) -> ReportVersion | None:
    """Return one version of a report."""
    return await session.get(ReportVersion, (report_id, number))


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
        unit, period, regime, report_id = decode(cut.after)
        last = (unit, period, regime, UUID(str(report_id)))
        where = and_(where, tuple_after(order, last))
    rows = await _rows(session, where, order, limit=cut.limit + 1)
    more = rows[cut.limit - 1][0] if len(rows) > cut.limit else None
    return Page(
        items=[_item(row, calendar, now=now) for row in rows[: cut.limit]],
        next=encode(more.unit, more.period, more.regime, str(more.id)) if more else None,
    )


def tuple_after(order: Sequence[Any], last: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a row stands after ``last`` in ``order``."""
    later: ColumnElement[bool] = false()
    same: ColumnElement[bool] = true()
    for column, value in zip(order, last, strict=True):
        later = or_(later, and_(same, column > value))
        same = and_(same, column == value)
    return later


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
