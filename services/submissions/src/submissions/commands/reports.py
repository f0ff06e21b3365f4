"""Step 3: a unit fills in, its head approves, it is sent to the lead agency (Điều 7.3, 9.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Forbidden, Place, PreconditionFailed
from chassis.identifiers import new_id
from chassis.outbox import publish
from chassis.telemetry import current_traceparent
from contracts.accounts.v1 import Role
from contracts.forms import Severity
from contracts.submissions.v1 import ReportSubmitted
from submissions.domain import rules
from submissions.domain.approvals import sign_off
from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.values import BadFigure, canonical
from submissions.domain.formulas import FormPlan
from submissions.domain.reports import Report
from submissions.domain.versions import ReportVersion, SourceKind
from submissions.errors import FiguresRefused, RuleViolated
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
    good = _check(plan, Grid(plan, report.rows, report.columns), edit)
    before = await reports.cells_of(session, report)
    cells = _merged(before, good)
    notes = _merged(report.notes, edit.notes)
    narrative = _merged(report.narrative, edit.narrative)
    has_noted, has_told = notes != report.notes, narrative != report.narrative
    report.must_be_open()
    if cells != before or has_noted or has_told:
        report.fill_in()
        report.notes, report.narrative = notes, narrative
        version = _version(report, cells, who=who, now=now)
        version.notes = notes if has_noted else None
        version.narrative = narrative if has_told else None
        session.add(version)
    return report


async def approve(
    session: AsyncSession,
    report_id: UUID,
    *,
    version: int | None,
    who: Principal,
    now: datetime,
) -> Report:
    """Sign the latest version off: the head of the unit, once a version (Điều 9.1, 9.2)."""
    report = await own_report(session, report_id, who, Role.AGENCY_HEAD)
    if version is not None and version != report.version:
        raise PreconditionFailed
    given = await reports.approvals_of(session, report)
    approval = sign_off(report, given, by=who.subject, name=who.name, id=new_id(), now=now)
    if approval:
        session.add(approval)
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


async def own_report(
    session: AsyncSession, report_id: UUID, who: Principal, *roles: Role
) -> Report:
    """Return a report of the agency of ``who``, locked; others may see it but not change it.

    ``roles`` are those that may; officers and heads unless told otherwise.
    """
    report = await reports.report_for_update(session, report_id, who)
    if report.unit != who.agency or not who.has(*(roles or (Role.OFFICER, Role.AGENCY_HEAD))):
        raise Forbidden
    return report


async def refuse_broken_rules(session: AsyncSession, report: Report) -> None:
    """Refuse to send while a blocking rule is broken or a warning stands unjustified."""
    plan = await known.plan_of_regime(session, report.regime)
    cells = await reports.cells_of(session, report)
    around = await reports.neighbours_of(session, report, plan)
    derived = plan.derive(cells, around)
    found = rules.find(
        plan, cells, derived, neighbours=around, notes=report.notes, columns=report.columns
    )
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


def _check(plan: FormPlan, grid: Grid, edit: Edit) -> dict[str, str]:
    """Return the good figures; raises ``FiguresRefused`` with everything that is wrong."""
    good = {}
    wrong = []
    for cell, value in edit.cells.items():
        try:
            good[cell] = _canonical(grid, cell, value)
        except BadFigure as why:
            wrong.append(Place(f"/cells/{escaped(cell)}", why.slug, params=why.params))
    noted = {f"{check.rule.code}:{row}" for check in plan.checks for row in plan.rows}
    for where, said, names in (
        ("notes", edit.notes, noted),
        ("narrative", edit.narrative, set(plan.form.outline)),
    ):
        wrong += [
            Place(f"/{where}/{escaped(name)}", "cell-unknown", params={"code": name})
            for name in said
            if name not in names
        ]
    if wrong:
        raise FiguresRefused(errors=wrong)
    return good


def _canonical(grid: Grid, cell: str, value: str) -> str:
    row, _, column = cell.rpartition(":")
    attribute = grid.attribute(row, column)
    if attribute is None:
        raise BadFigure("cell-not-assigned")
    if grid.is_derived(row, column):
        raise BadFigure("cell-is-derived")
    return canonical(attribute, value)


def escaped(name: str) -> str:
    """Return a name as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


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
