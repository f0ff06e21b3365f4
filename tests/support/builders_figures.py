"""Builders of pushed figures and of the reports they meet, for tests and benchmarks."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from chassis.delivery import Envelope
from chassis.identifiers import new_id
from contracts.accounts.v1 import AgencyLevel, AgencyOpened, Role
from contracts.calendar import ZONE
from contracts.catalog.v1 import ContentForm, LegalBasis, RegimeKind, RegimePutInForce
from contracts.connector_gateway.v1 import DeliveryReceived
from contracts.event import Event
from contracts.forms import Attribute, ColumnKind, Form, Indicator, Operator, Rule, Severity
from contracts.periods import CutOffRule, Frequency
from contracts.submissions.v1 import DeliveryProcessed
from submissions.commands import deliveries, known
from submissions.domain.approvals import StandingApproval
from submissions.domain.assignments import Assignment
from submissions.domain.known import KnownRegime
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion

E = TypeVar("E", bound=Event)
NOW = datetime(2026, 6, 10, 9, 0, tzinfo=ZONE)
CUT_OFF = datetime(2026, 6, 14, 23, 59, 59, tzinfo=ZONE)
DUE = datetime(2026, 6, 16, 17, 0, tzinfo=ZONE)
REGIME = "TTHC-II06A"
PERIOD = "2026-H1"
LEAD = "24.TTTT"
PROVINCE = "24"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNITS = ("07201", "07204", "07207")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def an_indicator(code: str, name: str = "Lĩnh vực", **more: Any) -> Indicator:
    """Return a row with everything that is mandatory."""
    facts = {"unit": "hồ sơ", "concept": "Số hồ sơ", "method": "Đếm"}
    return Indicator(code=code, name=name, **{**facts, **more})


def a_form(code: str = REGIME, *, rows: int = 3) -> Form:
    """Return a small form with counts, a decimal, a text, a total column, a ratio and a total."""
    lines = [an_indicator(str(at), f"Lĩnh vực {at}") for at in range(1, rows + 1)]
    total = an_indicator("TONG", "Tổng cộng", sum_of=[line.code for line in lines])
    return Form(
        code=code,
        version=1,
        rows=[*lines, total],
        columns=[
            Attribute(code="c1", name="Tổng số", headings=["Tiếp nhận"], formula="c2 + c3"),
            Attribute(code="c2", name="Trực tuyến", headings=["Tiếp nhận"], minimum="0"),
            Attribute(code="c3", name="Trực tiếp", headings=["Tiếp nhận"], minimum="0"),
            Attribute(
                code="c4",
                name="Tỷ lệ trực tuyến (%)",
                decimals=2,
                formula="c2 / c1 * 100",
                over_units=Operator.RECOMPUTE,
            ),
            Attribute(code="chi", name="Kinh phí", decimals=2),
            Attribute(code="note", name="Ghi chú", kind=ColumnKind.TEXT, over_units=Operator.NONE),
        ],
        rules=[
            Rule(code="R1", severity=Severity.BLOCKING, expression="c3 <= 1000", message="c3 lớn")
        ],
    )


def a_regime(form: Form | None = None, *, frequency: Frequency = Frequency.HALF_YEARLY) -> Any:
    """Return the fact that a regime is in force."""
    form = form or a_form()
    return RegimePutInForce(
        regime=form.code,
        name="Kết quả giải quyết thủ tục hành chính",
        kind=RegimeKind.PERIODIC,
        content_form=ContentForm.TABULAR,
        legal_basis=LegalBasis(
            number="01/2020/TT-VPCP", issued_on=date(2020, 10, 21), issuer="Văn phòng Chính phủ"
        ),
        frequency=frequency,
        cut_off_rule=CutOffRule.ND09,
        due_working_days=2,
        recipient="Ủy ban nhân dân tỉnh Bắc Giang",
        form=form,
        in_force_from=date(2026, 1, 1),
    )


async def assigned_reports(
    session: AsyncSession,
    units: Sequence[str] = UNITS,
    *,
    form: Form | None = None,
    periods: Sequence[str] = (PERIOD,),
    rows: list[str] | None = None,
    columns: list[str] | None = None,
) -> dict[tuple[str, str], UUID]:
    """Put a regime in force, open agencies and assign reports; return ids by unit and period."""
    regime = a_regime(form)
    await known.learn_regime(session, regime)
    await name_lead(session, regime.regime)
    for code, name, level, parent in (
        (PROVINCE, "Tỉnh Bắc Giang", AgencyLevel.PROVINCE, None),
        (LEAD, "Sở Thông tin và Truyền thông", AgencyLevel.DEPARTMENT, PROVINCE),
        *((unit, f"Xã {unit}", AgencyLevel.COMMUNE, PROVINCE) for unit in units),
    ):
        opened = AgencyOpened(
            code=code,
            identification_code=f"H02.{code}",
            name=name,
            level=level,
            parent_code=parent,
            valid_from=date(2000, 1, 1),
        )
        await known.learn_agency(session, opened)
    ids = {}
    for period in periods:
        assignment = Assignment(
            id=new_id(),
            regime=regime.regime,
            period=period,
            lead_agency=LEAD,
            cut_off_at=CUT_OFF,
            due_at=DUE,
            assigned_by="test",
            assigned_at=NOW - timedelta(days=30),
        )
        session.add(assignment)
        await session.flush()
        for unit in units:
            report = Report(
                id=new_id(),
                assignment_id=assignment.id,
                regime=regime.regime,
                period=period,
                unit=unit,
                lead_agency=LEAD,
                rows=rows,
                columns=columns,
                status=Status.ASSIGNED,
                cut_off_at=CUT_OFF,
                due_at=DUE,
            )
            session.add(report)
            ids[unit, period] = report.id
    await session.flush()
    return ids


async def name_lead(session: AsyncSession, regime: str) -> None:
    """Make the department of the tests lead a regime."""
    row = await session.get(KnownRegime, regime, populate_existing=True)
    assert row is not None
    row.lead_agency = LEAD
    await session.flush()


def a_matrix(
    agency: str = UNITS[0],
    values: Sequence[Sequence[Any]] = (("120", "80"),),
    *,
    rows: Sequence[str] = ("1",),
    columns: Sequence[str] = ("c2", "c3"),
) -> dict[str, Any]:
    """Return the figures of one agency in the dense form."""
    return {"agency": agency, "rows": rows, "columns": columns, "values": values}


def a_push(*reports: Mapping[str, Any], **said: Any) -> bytes:
    """Return the body of a push in the dense form."""
    return json.dumps(
        {"regime": REGIME, "period": PERIOD, "reports": reports, **said}, ensure_ascii=False
    ).encode()


def an_envelope(body: bytes, **said: Any) -> Envelope:
    """Return a delivery as it comes from Kafka; ``said`` overrides the facts of its headers."""
    facts = {
        "receipt_id": str(new_id()),
        "connection": "qg-tthc",
        "received_at": NOW.isoformat(),
        "content_type": "application/json",
        "content_encoding": "",
        "grant": '{"regimes":null,"agencies":null}',
        **said,
    }
    return Envelope(
        id=facts["receipt_id"],
        type=DeliveryReceived.type,
        source="/connector-gateway",
        time=NOW,
        key=facts["connection"],
        body=body,
        headers={f"ce_{name.replace('_', '')}": value for name, value in facts.items()},
        traceparent=facts.get("traceparent"),
        topic=DeliveryReceived.topic.name,
        partition=0,
        offset=0,
    )


async def pushed(session: AsyncSession, *bodies: bytes, **said: Any) -> list[DeliveryProcessed]:
    """Take deliveries in as one batch, fit to be committed; return what their receipts say."""
    envelopes = [an_envelope(body, **said) for body in bodies]
    await deliveries.take_in(session, envelopes, now=NOW)
    raw = await raw_connection(session)
    await raw.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    events = said_in(session, DeliveryProcessed)
    session.info.pop("outbox")
    return events


async def versions_of(session: AsyncSession, unit: str = UNITS[0]) -> list[ReportVersion]:
    """Return the versions of a unit's report, oldest first."""
    statement = (
        select(ReportVersion)
        .join(Report, col(Report.id) == ReportVersion.report_id)
        .where(Report.unit == unit)
    )
    return sorted(await session.exec(statement), key=lambda one: one.number)


async def report_of(session: AsyncSession, unit: str = UNITS[0]) -> Report:
    """Return a unit's report as the database has it now."""
    statement = select(Report).where(Report.unit == unit)
    return (await session.exec(statement.execution_options(populate_existing=True))).one()


async def let_send(
    session: AsyncSession, unit: str = UNITS[0], *, valid_to: date | None = None
) -> None:
    """Let the connection of the tests send a unit's figures."""
    session.add(
        StandingApproval(
            id=new_id(),
            agency=unit,
            regime=REGIME,
            connection="qg-tthc",
            valid_from=NOW.date() - timedelta(days=30),
            valid_to=valid_to,
            given_by="head",
            giver_name="Nguyễn Văn Trưởng",
            given_at=NOW,
        )
    )
    await session.flush()


async def accept_all(session: AsyncSession) -> None:
    """Find the data of every report that has figures sound."""
    found = await session.exec(select(Report).where(Report.version > 0))
    for report in found:
        await session.refresh(report)
        report.status, report.approved_by = Status.ACCEPTED, "head"
    await session.flush()


def a_reviewer(agency: str = LEAD) -> Principal:
    """Return a reviewer of the lead agency, or of another."""
    return Principal(
        subject="reviewer",
        kind="person",
        name="Trần Thị Rà Soát",
        agency=agency,
        roles=frozenset({Role.LEAD_AGENCY_REVIEWER}),
    )


def said_in(session: AsyncSession, event: type[E]) -> list[E]:
    """Return the facts of a type that wait in the outbox of ``session``."""
    letters = session.info.get("outbox", [])
    return [event.from_bytes(letter.value) for letter in letters if letter.type == event.type]


async def three_units(session: AsyncSession) -> None:
    """Assign three reports; two are filled in and accepted, the third is never sent."""
    await assigned_reports(session)
    await pushed(
        session,
        a_push(
            a_matrix(UNITS[0], [["120", "80"], ["-", "5"]], rows=["1", "2"]),
            a_matrix(UNITS[1], [["30", "x"], ["-", None]], rows=["1", "2"]),
        ),
        traceparent=TRACE,
    )
    await accept_all(session)


async def waits_for_a_lock(session: AsyncSession) -> bool:
    """Say whether another transaction waits for one that ``session`` holds."""
    waiting = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return (await session.exec(text(waiting))).first() is not None  # type: ignore[call-overload]
