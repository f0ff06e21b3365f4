"""Step 3: a unit fills in, its head approves, it is sent to the lead agency (Điều 7.3, 9.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Forbidden, Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from chassis.telemetry import current_traceparent
from contracts.accounts.v1 import Role
from contracts.forms import Severity
from contracts.submissions.v1 import ReportSubmitted
from submissions.domain import rules
from submissions.domain.approvals import Approval
from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.values import CLEARS, BadFigure, canonical
from submissions.domain.formulas import FormPlan
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion, SourceKind
from submissions.errors import (
    AlreadyApproved,
    FiguresRefused,
    NotApproved,
    RuleViolated,
)
from submissions.queries import known, reports


@dataclass(frozen=True)
class Edit:
    """What a person changes at once: cells (empty clears), justifications, narrative."""

    cells: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    narrative: Mapping[str, str] = field(default_factory=dict)


async def fill_in(
    session: AsyncSession,
    report_id: UUID,
    edit: Edit,
    *,
    revision: int,
    who: Principal,
    now: datetime,
) -> Report:
    """Change figures of a report read at ``revision``; every bad cell is named, none is taken."""
    report = await own_report(session, report_id, who)
    report.must_be_at(revision)
    plan = await known.plan_of_regime(session, report.regime)
    good = _check(Grid(plan, report.rows, report.columns), edit.cells)
    _check_places(plan, edit)
    before = await reports.cells_of(session, report)
    after = {cell: value for cell, value in {**before, **good}.items() if value != CLEARS}
    report.fill_in()
    report.notes = _merged(report.notes, edit.notes)
    report.narrative = _merged(report.narrative, edit.narrative)
    if after != before or report.version == 0:
        report.version += 1
        session.add(_version(report, after, who=who, now=now))
    return report


async def approve(
    session: AsyncSession,
    report_id: UUID,
    *,
    version: int | None,
    who: Principal,
    now: datetime,
) -> Report:
    """Sign the latest version off (Điều 9.2); one person signs a version once."""
    report = await own_report(session, report_id, who)
    if version is not None and version != report.version:
        raise NotApproved(report=report.unit)
    given = await reports.approvals_of(session, report)
    if report.status == Status.APPROVED and any(one.approved_by == who.subject for one in given):
        raise AlreadyApproved
    report.approve()
    if not any(one.approved_by == who.subject for one in given):
        session.add(
            Approval(
                id=new_id(),
                report_id=report.id,
                version=report.version,
                approved_by=who.subject,
                approver_name=who.name,
                approved_at=now,
            )
        )
    return report


async def submit(
    session: AsyncSession, report_id: UUID, *, who: Principal, now: datetime
) -> Report:
    """Send an approved report: step 3 (Điều 7.3); broken rules stop it with their places."""
    report = await own_report(session, report_id, who)
    report.submit(now=now)
    await refuse_broken_rules(session, report)
    publish(session, submitted_event(report, now=now))
    return report


async def own_report(session: AsyncSession, report_id: UUID, who: Principal) -> Report:
    """Return a report of the agency of ``who``, locked; others may see it but not change it."""
    report = await reports.report_for_update(session, report_id, who)
    if report.unit != who.agency or not who.has(Role.OFFICER, Role.AGENCY_HEAD):
        raise Forbidden
    return report


async def refuse_broken_rules(session: AsyncSession, report: Report) -> None:
    """Refuse to send while a blocking rule is broken or a warning stands unjustified."""
    plan = await known.plan_of_regime(session, report.regime)
    cells = await reports.cells_of(session, report)
    around = await reports.neighbours_of(session, report, plan)
    derived = plan.derive(cells, around)
    found = rules.find(plan, cells, derived, neighbours=around, notes=report.notes)
    broken = [
        Place(one.pointer, "rule-violated", f"{one.message} ({one.left} ≠ {one.right})")
        if one.severity is Severity.BLOCKING
        else Place(one.pointer, "unjustified-warning", one.message)
        for one in found
        if one.stops_sending
    ]
    if broken:
        raise RuleViolated(errors=broken)


def submitted_event(report: Report, *, now: datetime) -> ReportSubmitted:
    """Return the fact that a report was sent."""
    return ReportSubmitted(
        report_id=report.id,
        regime=report.regime,
        period=report.period,
        unit=report.unit,
        lead_agency=report.lead_agency,
        version=report.version,
        submitted_at=now,
        is_late=report.is_late,
    )


def _check(grid: Grid, cells: Mapping[str, str]) -> dict[str, str]:
    good = {}
    wrong = []
    for cell, value in cells.items():
        row, _, column = cell.rpartition(":")
        attribute = grid.attribute(row, column)
        try:
            if attribute is None:
                raise BadFigure("cell-not-assigned")
            if grid.is_derived(row, column):
                raise BadFigure("cell-is-derived")
            good[cell] = canonical(attribute, value)
        except BadFigure as why:
            pointer = cell.replace("~", "~0").replace("/", "~1")
            wrong.append(Place(f"/cells/{pointer}", why.slug, params=why.params))
    if wrong:
        raise FiguresRefused(errors=wrong)
    return good


def _check_places(plan: FormPlan, edit: Edit) -> None:
    names = {f"{rule.code}:{row}" for rule in plan.form.rules for row in plan.rows}
    wrong = [
        Place(f"/notes/{name}", "cell-unknown", params={"code": name})
        for name in edit.notes
        if name not in names
    ]
    wrong += [
        Place(f"/narrative/{heading}", "cell-unknown", params={"code": heading})
        for heading in edit.narrative
        if heading not in plan.form.outline
    ]
    if wrong:
        raise FiguresRefused(errors=wrong)


def _merged(before: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in {**before, **said}.items() if text}


def _version(
    report: Report, cells: dict[str, str], *, who: Principal, now: datetime
) -> ReportVersion:
    return ReportVersion(
        report_id=report.id,
        number=report.version,
        cells=cells,
        source_kind=SourceKind.PERSON,
        source_id=who.subject,
        source_name=who.name,
        traceparent=current_traceparent(),
        made_at=now,
    )
