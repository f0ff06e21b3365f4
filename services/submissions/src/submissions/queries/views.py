"""What the API shows of a report, its versions and the progress of a period."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from contracts.calendar import ZONE
from contracts.forms import Form, Severity
from submissions.domain import rules
from submissions.domain.known import KnownAgency
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion, SourceKind, changed_cells
from submissions.errors import VersionNotFound
from submissions.queries import known, reports


class FindingView(BaseModel):
    """A rule that a row breaks."""

    rule: str
    severity: Severity
    row: str
    message: str
    pointer: str
    left: str
    right: str
    is_justified: bool


class ApprovalView(BaseModel):
    """Who signed this version off, and when."""

    by: str
    name: str
    at: datetime
    version: int


class ReportView(BaseModel):
    """A report whole: what is assigned, what is filled in, what is computed, what is wrong."""

    report: UUID
    regime: str
    regime_name: str
    period: str
    unit: str
    unit_name: str
    lead_agency: str
    status: Status
    version: int
    revision: int
    cut_off_at: datetime
    due_at: datetime
    submitted_at: datetime | None
    is_late: bool
    rows: list[str]
    columns: list[str]
    form: Form
    cells: dict[str, str]
    derived: dict[str, str]
    previous: dict[str, str]
    last_year: dict[str, str]
    notes: dict[str, str]
    narrative: dict[str, str]
    findings: list[FindingView]
    returned: dict[str, Any] | None
    approvals: list[ApprovalView]
    history_url: str


class Source(BaseModel):
    """Whom a change came from: a person, or a receipt of a connection."""

    kind: SourceKind
    id: str
    name: str
    at: datetime
    traceparent: str | None


class VersionLine(BaseModel):
    """A version in the history of a report."""

    number: int
    source: Source
    cells: int


class VersionView(VersionLine):
    """A version with every cell."""

    values: dict[str, str]
    notes: dict[str, str] | None
    """Every justification, where this version changed one; null where it left them."""
    narrative: dict[str, str] | None
    """Every text of the outline, where this version changed one."""


class Change(BaseModel):
    """A cell that differs between two versions; None where it is missing."""

    cell: str
    before: str | None
    after: str | None


class Diff(BaseModel):
    """What changed from one version to another."""

    before: int
    after: int
    changes: list[Change]


class UnitProgress(BaseModel):
    """Where the report of one unit stands."""

    report: UUID
    unit: str
    unit_name: str
    parent: str | None
    parent_name: str | None
    status: Status
    due_at: datetime
    submitted_at: datetime | None
    is_late: bool
    times_returned: int
    version: int


class Progress(BaseModel):
    """The progress board of a period: facts per unit, and how many on time."""

    regime: str
    period: str
    counts: dict[str, int]
    on_time_rate: str
    """Percent of units that sent by the deadline, one decimal; never above 100."""
    units: list[UnitProgress]


async def report_view(session: AsyncSession, report: Report) -> ReportView:
    """Return a report whole."""
    regime = await known.regime_in_force(session, report.regime)
    plan = regime.plan
    cells = await reports.cells_of(session, report)
    around = await reports.neighbours_of(session, report, plan)
    derived = plan.derive(cells, around)
    findings = rules.find(
        plan, cells, derived, neighbours=around, notes=report.notes, columns=report.columns
    )
    agencies = await known.agencies_by_code(session, [report.unit])
    unit = agencies.get(report.unit)
    return ReportView(
        report=report.id,
        regime=report.regime,
        regime_name=regime.definition.name,
        period=report.period,
        unit=report.unit,
        unit_name=unit.name if unit else report.unit,
        lead_agency=report.lead_agency,
        status=Status(report.status),
        version=report.version,
        revision=report.revision,
        cut_off_at=report.cut_off_at.astimezone(ZONE),
        due_at=report.due_at.astimezone(ZONE),
        submitted_at=_local(report.submitted_at),
        is_late=report.is_late,
        rows=report.rows or list(plan.rows),
        columns=report.columns or list(plan.columns),
        form=plan.form,
        cells=cells,
        derived=derived,
        previous=dict(around.previous),
        last_year=dict(around.last_year),
        notes=report.notes,
        narrative=report.narrative,
        findings=[FindingView.model_validate(one, from_attributes=True) for one in findings],
        returned=report.returned,
        approvals=[
            ApprovalView(
                by=one.approved_by,
                name=one.approver_name,
                at=one.approved_at.astimezone(ZONE),
                version=one.version,
            )
            for one in await reports.approvals_of(session, report)
        ],
        history_url=f"/api/submissions/v1/reports/{report.id}/versions",
    )


async def history(session: AsyncSession, report: Report) -> list[VersionLine]:
    """Return the versions of a report, oldest first."""
    return [_line(one) for one in await reports.versions_of(session, report.id)]


async def version_view(session: AsyncSession, report: Report, number: int) -> VersionView:
    """Return a version with every cell; raises ``VersionNotFound``."""
    found = await reports.version(session, report.id, number)
    if found is None:
        raise VersionNotFound(number=number)
    return VersionView(
        **_line(found).model_dump(),
        values=found.cells,
        notes=found.notes,
        narrative=found.narrative,
    )


async def diff(session: AsyncSession, report: Report, before: int, after: int) -> Diff:
    """Return what changed between two versions; version 0 is the empty report."""
    old = {} if before == 0 else (await version_view(session, report, before)).values
    new = {} if after == 0 else (await version_view(session, report, after)).values
    changes = [
        Change(cell=cell, before=old.get(cell), after=new.get(cell))
        for cell in changed_cells(old, new)
    ]
    return Diff(before=before, after=after, changes=changes)


async def progress(
    session: AsyncSession, who: Principal, regime: str, period: str, *, now: datetime
) -> Progress:
    """Return where every unit's report of a period stands, for those who may see them."""
    statement = (
        select(Report, KnownAgency)
        .join(KnownAgency, col(KnownAgency.code) == Report.unit)
        .where(Report.regime == regime, Report.period == period, reports.visible_to(who))
        .order_by(col(KnownAgency.parent_code), col(Report.unit))
    )
    found = list(await session.exec(statement))
    parents = await known.agencies_by_code(
        session, [agency.parent_code for _, agency in found if agency.parent_code]
    )
    units = [
        UnitProgress(
            report=report.id,
            unit=report.unit,
            unit_name=agency.name,
            parent=agency.parent_code,
            parent_name=parents[agency.parent_code].name if agency.parent_code in parents else None,
            status=Status(report.status),
            due_at=report.due_at.astimezone(ZONE),
            submitted_at=_local(report.submitted_at),
            is_late=report.is_late,
            times_returned=report.times_returned,
            version=report.version,
        )
        for report, agency in found
    ]
    return Progress(
        regime=regime,
        period=period,
        counts=_counts(units, now=now),
        on_time_rate=_rate(units),
        units=units,
    )


def _counts(units: list[UnitProgress], *, now: datetime) -> dict[str, int]:
    by_status = Counter(unit.status.value for unit in units)
    sent = [unit for unit in units if unit.submitted_at]
    return {
        **{status.value: by_status[status.value] for status in Status},
        "total": len(units),
        "on_time": sum(not unit.is_late for unit in sent),
        "late": sum(unit.is_late for unit in sent),
        "never": sum(unit.submitted_at is None and now > unit.due_at for unit in units),
    }


def _rate(units: list[UnitProgress]) -> str:
    on_time = sum(unit.submitted_at is not None and not unit.is_late for unit in units)
    tenths = round(1000 * on_time / len(units)) if units else 0
    return f"{tenths // 10}.{tenths % 10}"


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(ZONE) if moment else None


def _line(version: ReportVersion) -> VersionLine:
    return VersionLine(
        number=version.number,
        source=Source(
            kind=SourceKind(version.source_kind),
            id=version.source_id,
            name=version.source_name,
            at=version.made_at.astimezone(ZONE),
            traceparent=version.traceparent,
        ),
        cells=len(version.cells),
    )
