"""Step 4: the lead agency sends back with a reason, or accepts (Điều 7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Place
from chassis.outbox import publish
from contracts.submissions.v1 import ReportAccepted, ReportReturned
from submissions.domain.reports import Report
from submissions.errors import CellUnknown, DueTooEarly, NotLeadAgency
from submissions.queries import known, reports


@dataclass(frozen=True)
class Return:
    """Why a report goes back, which cells are meant, until when it is wanted again."""

    reason: str
    cells: Sequence[str]
    due_at: datetime


async def send_back(
    session: AsyncSession, report_id: UUID, order: Return, *, who: Principal, now: datetime
) -> Report:
    """Send a report back; step 3 is done again (Điều 7.4)."""
    report = await _led_report(session, report_id, who)
    plan = await known.plan_of_regime(session, report.regime)
    wrong = [
        Place(f"/cells/{at}", "cell-unknown", params={"code": cell})
        for at, cell in enumerate(order.cells)
        if cell.rpartition(":")[0] not in plan.rows or cell.rpartition(":")[2] not in plan.columns
    ]
    if wrong:
        raise CellUnknown(code=wrong[0].params["code"], errors=wrong)
    if order.due_at <= now:
        raise DueTooEarly(earliest=now.isoformat(timespec="minutes"))
    report.send_back(reason=order.reason, cells=order.cells, due_at=order.due_at, now=now)
    publish(
        session,
        ReportReturned(
            report_id=report.id,
            regime=report.regime,
            period=report.period,
            unit=report.unit,
            lead_agency=report.lead_agency,
            version=report.version,
            reason=order.reason,
            cells=list(order.cells),
            due_at=order.due_at,
            returned_at=now,
        ),
    )
    return report


async def accept(
    session: AsyncSession, report_id: UUID, *, who: Principal, now: datetime
) -> Report:
    """Accept a report whose data is sound (Điều 7.4)."""
    report = await _led_report(session, report_id, who)
    _accept(session, report, now=now)
    return report


async def accept_all(
    session: AsyncSession,
    regime: str,
    period: str,
    ids: Sequence[UUID] | None,
    *,
    who: Principal,
    now: datetime,
) -> tuple[int, list[UUID]]:
    """Accept many reports in one action; return how many, and those that were not waiting."""
    await known.regime_in_force(session, regime)
    waiting = await reports.submitted_for_update(session, regime, period, ids, who=who)
    for report in waiting:
        _accept(session, report, now=now)
    accepted = {report.id for report in waiting}
    return len(accepted), [one for one in ids or () if one not in accepted]


async def _led_report(session: AsyncSession, report_id: UUID, who: Principal) -> Report:
    report = await reports.report_for_update(session, report_id, who)
    if report.lead_agency != who.agency:
        raise NotLeadAgency(regime=report.regime)
    return report


def _accept(session: AsyncSession, report: Report, *, now: datetime) -> None:
    report.accept(now=now)
    publish(
        session,
        ReportAccepted(
            report_id=report.id,
            regime=report.regime,
            period=report.period,
            unit=report.unit,
            lead_agency=report.lead_agency,
            version=report.version,
            accepted_at=now,
        ),
    )
