"""Reminders: in working days, once a stage, ever more people; owners of stopped systems."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chassis.clock import ZONE
from chassis.database import raw_connection
from chassis.identifiers import new_id
from contracts.accounts.v1 import AgencyOpened, Role
from contracts.catalog.v1 import CalendarChanged
from contracts.connector_gateway.v1 import (
    ConnectionResumed,
    ConnectionSuspended,
    SuspensionAcknowledged,
)
from contracts.event import Event
from contracts.submissions.v1 import (
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from notifications.commands.reminders import owe, remind
from notifications.commands.stops import remind_owners
from notifications.domain.duties import Stage
from notifications.domain.messages import Names
from tests.support.builders_notifications import Notifications, an_account, an_example

DUE = datetime(2026, 6, 16, 17, tzinfo=ZONE)
LONG_BEFORE = datetime(2026, 6, 1, 9, tzinfo=ZONE)
DAYS = {11: Stage.THREE_DAYS_BEFORE, 15: Stage.ONE_DAY_BEFORE, 16: Stage.ON_THE_DAY}
OWNER = "hethong.tthc@bacgiang.gov.vn"


def june(day: int, hour: int = 8) -> datetime:
    """Return a moment of June 2026: the 11th is a Thursday, the 16th a Tuesday."""
    return datetime(2026, 6, day, hour, tzinfo=ZONE)


async def assign(hub: Notifications, *events: Any, told_at: datetime = LONG_BEFORE) -> None:
    """Let units owe reports since a moment."""
    async with hub.database.transaction() as session:
        await owe(session, events, Names(), now=told_at)


async def reminded(hub: Notifications, *moments: datetime) -> list[dict[Stage, int]]:
    """Let the job have its turn at each moment."""
    found = []
    for moment in moments:
        async with hub.database.transaction() as session:
            found.append(await remind(session, now=moment))
    return found


async def test_a_unit_is_reminded_three_times_then_its_head_and_the_lead_agency_are_told(
    hub: Notifications,
) -> None:
    officer = an_account()
    head = an_account(Role.AGENCY_HEAD)
    reviewer = an_account(Role.LEAD_AGENCY_REVIEWER, agency="VPUBND")
    await hub.hear(an_example(CalendarChanged), an_example(AgencyOpened))
    await assign(hub, an_example(ReportAssigned, due_at=DUE))
    days = await reminded(hub, *(june(day) for day in range(9, 20)))
    told = {9 + n: next(iter(day)) for n, day in enumerate(days) if day}
    assert told == {**DAYS, 17: Stage.DAY_AFTER}
    inboxes = [
        [item["kind"] for item in await hub.inbox_of(one)] for one in (officer, head, reviewer)
    ]
    assert inboxes == [
        ["report-due"] * 3,
        ["report-overdue", *["report-due"] * 3],
        ["report-overdue-units"],
    ]
    (item,) = await hub.inbox_of(reviewer)
    assert item["body"] == "Thời hạn gửi: 17:00 16/06/2026. Chưa gửi: Phường Thọ Xương."


async def test_a_stage_is_reminded_of_once(hub: Notifications) -> None:
    await hub.hear(an_example(CalendarChanged))
    await assign(hub, an_example(ReportAssigned, due_at=DUE))
    first, again, next_day = await reminded(hub, june(11), june(11, 9), june(12))
    assert (first, again, next_day) == ({Stage.THREE_DAYS_BEFORE: 1}, {}, {})
    assert hub.rows("SELECT stage FROM reminders") == [("three-days-before",)]


@pytest.mark.parametrize("settling", [ReportSubmitted, ReportAccepted])
async def test_a_report_that_was_sent_needs_no_reminder(
    hub: Notifications, settling: type[Event]
) -> None:
    report = an_example(ReportAssigned, due_at=DUE)
    await hub.hear(an_example(CalendarChanged))
    await assign(hub, report)
    await hub.hear(an_example(settling, report_id=report.report_id))
    assert await reminded(hub, june(15), june(16), june(17)) == [{}, {}, {}]


async def test_a_returned_report_is_reminded_of_by_its_new_due_day(hub: Notifications) -> None:
    report = an_example(ReportAssigned, due_at=DUE)
    await hub.hear(an_example(CalendarChanged))
    await assign(hub, report)
    await reminded(hub, june(15))
    await hub.hear(an_example(ReportSubmitted, report_id=report.report_id))
    later = DUE + timedelta(days=7)
    back = an_example(ReportReturned, report_id=report.report_id, due_at=later)
    await assign(hub, back, told_at=june(15, 15))
    assert await reminded(hub, june(17), june(22)) == [{}, {Stage.ONE_DAY_BEFORE: 1}]


async def test_a_changed_calendar_moves_the_reminders(hub: Notifications) -> None:
    calendar = an_example(CalendarChanged)
    await hub.hear(calendar)
    await assign(hub, an_example(ReportAssigned, due_at=DUE))
    off = [*calendar.days_off, date(2026, 6, 12), date(2026, 6, 15)]
    await hub.hear(calendar.model_copy(update={"days_off": off}))
    assert await reminded(hub, june(10), june(11)) == [
        {Stage.THREE_DAYS_BEFORE: 1},
        {Stage.ONE_DAY_BEFORE: 1},
    ]


async def test_who_was_assigned_a_report_just_now_is_not_reminded_of_it(
    hub: Notifications,
) -> None:
    await hub.hear(an_example(CalendarChanged))
    await assign(hub, an_example(ReportAssigned, due_at=DUE), told_at=june(12, 10))
    assert await reminded(hub, june(12, 11), june(15)) == [{}, {Stage.ONE_DAY_BEFORE: 1}]


async def test_a_province_is_reminded_in_as_many_statements_as_one_unit(
    hub: Notifications,
) -> None:
    await hub.hear(an_example(CalendarChanged), an_account(email="canbo@bao.vn"))
    counts = []
    for units in (1, 192):
        events = [
            an_example(ReportAssigned, report_id=new_id(), unit=f"07{n + 201}", due_at=DUE)
            for n in range(units)
        ]
        await assign(hub, *events)
        async with hub.database.transaction() as session:
            raw = await raw_connection(session)
            said: list[str] = []
            raw.add_query_logger(lambda record, said=said: said.append(record.query))
            stages = await remind(session, now=june(15))
        assert stages == {Stage.ONE_DAY_BEFORE: units}
        counts.append(len(said))
    assert counts[0] == counts[1]


def a_stop(**facts: Any) -> Any:
    """Return that a connection stopped on ground c on Thursday, 11/06/2026."""
    own = {"suspension_id": new_id(), "effective_at": june(11, 9), **facts}
    return an_example(ConnectionSuspended, **own)


async def owners_reminded(hub: Notifications, *moments: datetime) -> list[int]:
    """Let the job have its turn at each moment."""
    found = []
    for moment in moments:
        async with hub.database.transaction() as session:
            found.append(await remind_owners(session, now=moment))
    return found


async def test_a_silent_owner_is_reminded_each_working_day_after_one_full_one(
    hub: Notifications,
) -> None:
    operator = an_account(Role.CONNECTION_OPERATOR, agency="STTTT")
    owner = an_account(Role.AGENCY_HEAD, agency="VPUBND")
    stop = a_stop()
    other = stop.model_copy(update={"connection": "qg-tthc-2"})
    await hub.hear(an_example(CalendarChanged), stop, other)
    moments = [june(12), june(13), june(15, 6), june(15), june(15, 12), june(16)]
    assert await owners_reminded(hub, *moments) == [0, 0, 0, 1, 0, 1]
    reminders = "SELECT recipient FROM mails WHERE subject ~ '^Nhắc xác nhận'"
    assert hub.rows(reminders) == [(OWNER,), (OWNER,)]
    inbox = [item["kind"] for item in await hub.inbox_of(operator)]
    assert inbox == ["owner-silent", "owner-silent"]
    told = await hub.inbox_of(owner)
    assert told[0]["subject"].startswith("Nhắc xác nhận: tạm ngừng kết nối")
    assert "(qg-tthc, qg-tthc-2)" in told[0]["subject"]
    assert str(stop.suspension_id) in told[0]["body"]


@pytest.mark.parametrize("end", [SuspensionAcknowledged, ConnectionResumed])
async def test_an_owner_that_was_heard_of_or_lifted_is_left_in_peace(
    hub: Notifications, end: type[Event]
) -> None:
    stop = a_stop()
    await hub.hear(an_example(CalendarChanged), stop)
    assert await owners_reminded(hub, june(15)) == [1]
    await hub.hear(an_example(end, suspension_id=stop.suspension_id, connection=stop.connection))
    assert await owners_reminded(hub, june(16), june(17)) == [0, 0]


@pytest.mark.parametrize("end", [SuspensionAcknowledged, ConnectionResumed])
async def test_who_stays_silent_is_reminded_of_what_is_still_open_alone(
    hub: Notifications, end: type[Event]
) -> None:
    stop = a_stop()
    silent = stop.model_copy(update={"connection": "qg-tthc-2"})
    await hub.hear(an_example(CalendarChanged), stop, silent)
    await hub.hear(an_example(end, suspension_id=stop.suspension_id, connection=stop.connection))
    assert await owners_reminded(hub, june(15)) == [1]
    ((subject,),) = hub.rows("SELECT subject FROM mails WHERE subject ~ '^Nhắc xác nhận'")
    assert "(qg-tthc-2)" in subject


async def test_only_ground_c_asks_the_owner_to_be_heard_of(hub: Notifications) -> None:
    await hub.hear(an_example(CalendarChanged), a_stop(ground="FORCE_MAJEURE"))
    assert await owners_reminded(hub, june(15), june(16)) == [0, 0]
