"""Step 2: a lead agency assigns rows × columns × units in one action (Điều 5.2, 6.1a, 7.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import Role
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar
from contracts.submissions.v1 import ReportAssigned
from submissions.domain.assignments import Assignment, due_after, end_of, last_day_counted
from submissions.domain.reports import Report
from submissions.errors import (
    AlreadyAssigned,
    CalendarMissing,
    CellUnknown,
    DueTooEarly,
    NotLeadAgency,
    RegimeNotInForce,
    UnitUnknown,
)
from submissions.queries import known, reports
from submissions.queries.known import RegimeInForce


@dataclass(frozen=True)
class AssignmentOrder:
    """What is to be assigned; None of rows, columns: all of the form; of days: by the rule."""

    regime: str
    period: str
    units: Sequence[str]
    rows: Sequence[str] | None = None
    columns: Sequence[str] | None = None
    cut_off_on: date | None = None
    due_at: datetime | None = None


async def assign(
    session: AsyncSession, order: AssignmentOrder, *, who: Principal, now: datetime
) -> tuple[Assignment, int]:
    """Give every unit of ``order`` its report of the period; return how many were given."""
    regime = await known.regime_in_force(session, order.regime, is_locked=True)
    lead_agency = lead_of(regime, who)
    if regime.definition.in_force_from > now.date():
        raise RegimeNotInForce(regime=order.regime)
    _refuse_unknown_cells(regime, order)
    await _refuse_unknown_units(session, order.units, on=now.date())
    taken = await reports.assigned_units(session, order.regime, order.period, order.units)
    if taken:
        raise AlreadyAssigned(regime=order.regime, period=order.period, units=len(taken))
    calendar = await known.calendar(session)
    cut_off_on = last_day_counted(regime.definition, order.period, order.cut_off_on)
    assignment = Assignment(
        id=new_id(),
        regime=order.regime,
        period=order.period,
        lead_agency=lead_agency,
        rows=list(order.rows) if order.rows else None,
        columns=list(order.columns) if order.columns else None,
        cut_off_at=end_of(cut_off_on),
        due_at=_due_at(regime, order, cut_off_on, calendar),
        assigned_by=who.subject,
        assigned_at=now,
    )
    session.add(assignment)
    await session.flush()
    for unit in order.units:
        _give(session, assignment, unit, regime_name=regime.definition.name)
    return assignment, len(order.units)


def lead_of(regime: RegimeInForce, who: Principal) -> str:
    """Return the lead agency of ``regime`` if ``who`` may act for it; else refuse (Điều 5.2)."""
    code = regime.definition.regime
    if regime.lead_agency is None:
        raise NotLeadAgency(regime=code)
    if not who.has(Role.OPERATOR) and who.agency != regime.lead_agency:
        raise NotLeadAgency(regime=code)
    return regime.lead_agency


def _refuse_unknown_cells(regime: RegimeInForce, order: AssignmentOrder) -> None:
    wrong = [
        *_strangers("/rows", order.rows, regime.plan.rows),
        *_strangers("/columns", order.columns, regime.plan.columns),
    ]
    if wrong:
        raise CellUnknown(code=wrong[0].params["code"], errors=wrong)


def _strangers(where: str, codes: Sequence[str] | None, known_codes: Iterable[str]) -> list[Place]:
    named = set(known_codes)
    return [
        Place(f"{where}/{at}", "cell-unknown", params={"code": code})
        for at, code in enumerate(codes or ())
        if code not in named
    ]


async def _refuse_unknown_units(session: AsyncSession, units: Sequence[str], *, on: date) -> None:
    found = await known.agencies_by_code(session, units)
    are_open = {code for code, agency in found.items() if agency.is_open_on(on)}
    wrong = [
        Place(f"/units/{at}", "unit-unknown", params={"unit": unit})
        for at, unit in enumerate(units)
        if unit not in are_open
    ]
    if wrong or not units:
        raise UnitUnknown(unit=wrong[0].params["unit"] if wrong else "", errors=wrong)


def _due_at(
    regime: RegimeInForce, order: AssignmentOrder, cut_off_on: date, calendar: WorkingCalendar
) -> datetime:
    """Return the deadline: at least one working day after the cut-off (NĐ 09 Điều 8.5)."""
    try:
        earliest = calendar.after(cut_off_on, 1)
        if order.due_at is None:
            return due_after(cut_off_on, regime.definition.due_working_days, calendar)
    except CalendarUnknown as why:
        raise CalendarMissing(year=why.args[0]) from why
    if order.due_at.astimezone(ZONE).date() < earliest:
        raise DueTooEarly(earliest=earliest.isoformat())
    return order.due_at


def _give(session: AsyncSession, assignment: Assignment, unit: str, *, regime_name: str) -> None:
    report = Report(
        id=new_id(),
        assignment_id=assignment.id,
        regime=assignment.regime,
        period=assignment.period,
        unit=unit,
        lead_agency=assignment.lead_agency,
        rows=assignment.rows,
        columns=assignment.columns,
        cut_off_at=assignment.cut_off_at,
        due_at=assignment.due_at,
    )
    session.add(report)
    publish(
        session,
        ReportAssigned(
            report_id=report.id,
            assignment_id=assignment.id,
            regime=report.regime,
            regime_name=regime_name,
            period=report.period,
            unit=unit,
            lead_agency=report.lead_agency,
            cut_off_at=report.cut_off_at,
            due_at=report.due_at,
        ),
    )
