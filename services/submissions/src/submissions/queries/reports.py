"""Reads of reports: one to be shown or changed, its figures, its neighbours in time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from contracts.accounts.v1 import Role
from contracts.periods import Period
from submissions.domain.approvals import Approval
from submissions.domain.cells import Cells
from submissions.domain.formulas import FormPlan, Neighbours
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion
from submissions.errors import ReportNotFound


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
    try:
        period = Period.parse(report.period)
    except ValueError:  # a thematic or ad hoc period stands alone
        return Neighbours()
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
