"""Deliveries taken in on a real database: versions, heads, receipts, sending, all or nothing."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database
from chassis.identifiers import new_id
from chassis.outbox import write_outbox
from contracts.submissions.v1 import Counts, DeliveryOutcome, DeliveryProcessed
from submissions.commands import deliveries
from submissions.domain.approvals import Approval, sign_off
from submissions.domain.reports import Status
from submissions.errors import DeliveryHeadersMissing
from tests.support.builders_figures import (
    NOW,
    PERIOD,
    REGIME,
    TRACE,
    UNITS,
    XLSX,
    a_matrix,
    a_push,
    an_envelope,
    assigned_reports,
    let_send,
    pushed,
    report_of,
    versions_of,
    waits_for_a_lock,
)
from tests.support.builders_intake import a_workbook
from tests.support.postgres import fresh_database
from tests.support.waiting import until


async def test_a_push_becomes_a_version_that_names_its_receipt(session: AsyncSession) -> None:
    ids = await assigned_reports(session)
    (said,) = await pushed(session, a_push(a_matrix()), traceparent=TRACE)
    (version,) = await versions_of(session)
    assert version.cells == {"1:c2": "120", "1:c3": "80"}
    assert (version.source_kind, version.source_id) == ("receipt", str(said.receipt_id))
    assert (version.source_name, version.traceparent) == ("qg-tthc", TRACE)
    assert said.counts == Counts(created=2)
    assert [(one.report, one.version, one.state) for one in said.reports] == [
        (ids[UNITS[0], PERIOD], 1, "draft")
    ]


async def test_a_batch_writes_every_version_and_the_last_head(session: AsyncSession) -> None:
    await assigned_reports(session)
    bodies = [a_push(a_matrix(values=[[str(at), None]]), a_matrix(UNITS[1])) for at in range(20)]
    said = await pushed(session, *bodies)
    versions = await versions_of(session)
    assert [version.number for version in versions] == list(range(1, 21))
    assert [version.cells["1:c2"] for version in versions] == [str(at) for at in range(20)]
    assert (await report_of(session)).version == 20
    assert len(await versions_of(session, UNITS[1])) == 1
    assert [one.counts.unchanged for one in said] == [0, *[2] * 19]


async def test_the_next_batch_goes_on_from_what_is_stored(session: AsyncSession) -> None:
    await assigned_reports(session)
    await pushed(session, a_push(a_matrix()))
    (second,) = await pushed(session, a_push(a_matrix(values=[["", "80"]])))
    (third,) = await pushed(session, a_push(a_matrix(values=[["7", None]])))
    assert second.counts == Counts(updated=1, unchanged=1)
    assert third.counts == Counts(created=1)
    assert [version.cells for version in await versions_of(session)] == [
        {"1:c2": "120", "1:c3": "80"},
        {"1:c3": "80"},
        {"1:c2": "7", "1:c3": "80"},
    ]


async def test_all_rejections_of_a_delivery_are_told_with_place_and_sentence(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    body = a_push(
        a_matrix(values=[["12,5", "7"]]),
        a_matrix(UNITS[1], [["1"]], columns=["c1"]),
        a_matrix("99999", [["1"]], columns=["c2"]),
    )
    (said,) = await pushed(session, body)
    assert said.outcome is DeliveryOutcome.COMPLETED
    assert said.counts == Counts(created=1, rejected=3)
    assert [(one.pointer, one.agency, one.type) for one in said.rejections] == [
        ("/reports/0/values/0/0", UNITS[0], "/problems/not-a-decimal"),
        ("/reports/1/values/0/0", UNITS[1], "/problems/cell-is-derived"),
        ("/reports/2/values/0/0", "99999", "/problems/agency-not-allowed"),
    ]
    assert said.rejections[0].value == "12,5"
    assert "số thập phân" in said.rejections[0].detail


async def test_a_body_that_cannot_be_read_is_refused_and_the_batch_goes_on(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    broken, good = await pushed(session, b'{"regime": ', a_push(a_matrix()))
    assert (broken.outcome, broken.counts) == (DeliveryOutcome.REFUSED, Counts())
    assert broken.problem is not None
    assert broken.problem["type"] == "/problems/invalid-json"
    assert good.counts == Counts(created=2)


async def test_what_somebody_sent_is_echoed_short_and_without_control_characters(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    value = json.dumps("\ud83d\x07" + "a" * 100)
    body = a_push(a_matrix(values=[["@", "7"]])).replace(b'"@"', value.encode())
    (said,) = await pushed(session, body)
    assert said.rejections[0].value == "\\ud83d\\u0007" + "a" * 58 + "…"


LONG = "ệ" * 60
SIDE = [f"{LONG}{at}" for at in range(141)]
STRANGERS = [
    {"agency": f"{at}{LONG}", "row": LONG, "column": LONG, "value": LONG} for at in range(6000)
]
WORST = {
    "a matrix of long codes": a_push(
        a_matrix(values=[[LONG] * 141] * 141, rows=SIDE, columns=SIDE)
    ),
    "as many agencies as figures": json.dumps(
        {"regime": REGIME, "period": PERIOD, "figures": STRANGERS}, ensure_ascii=False
    ).encode(),
}


@pytest.mark.parametrize("body", WORST.values(), ids=WORST.keys())
async def test_a_receipt_of_rejections_only_still_fits_on_its_topic(
    session: AsyncSession, body: bytes
) -> None:
    await assigned_reports(session)
    (said,) = await pushed(session, body)
    assert said.outcome is DeliveryOutcome.REFUSED
    assert said.counts.rejected == len(said.rejections) > 5_000
    assert len(said.to_bytes()) < 0.95 * DeliveryProcessed.topic.max_message_bytes


@pytest.mark.parametrize("missing", ["receipt_id", "grant", "received_at"])
async def test_a_delivery_without_its_headers_is_no_delivery(
    session: AsyncSession, missing: str
) -> None:
    with pytest.raises(DeliveryHeadersMissing):
        await deliveries.take_in(session, [an_envelope(b"", **{missing: ""})], now=NOW)


async def test_a_table_finds_the_one_open_report_it_can_mean(session: AsyncSession) -> None:
    await assigned_reports(session)
    table = f"agency,row,column,value\n{UNITS[0]},1,c2,120\n".encode()
    (said,) = await pushed(session, table, content_type="text/csv")
    assert said.counts == Counts(created=1)


async def test_a_workbook_in_the_units_form_is_taken_in(session: AsyncSession) -> None:
    await assigned_reports(session)
    workbook = a_workbook({UNITS[0]: [["row", "c2", "chi"], ["1", 120, 12.5], ["2", "x", "-"]]})
    (said,) = await pushed(session, workbook, content_type=XLSX)
    assert said.counts == Counts(created=4)
    (version,) = await versions_of(session)
    assert version.cells == {"1:c2": "120", "1:chi": "12.5", "2:c2": "x", "2:chi": "-"}


async def test_a_workbook_that_cannot_be_opened_is_refused(session: AsyncSession) -> None:
    (said,) = await pushed(session, b"PK\x03\x04", content_type=XLSX)
    assert said.problem is not None
    assert said.problem["type"] == "/problems/invalid-workbook"


async def test_a_table_that_may_mean_two_periods_is_refused(session: AsyncSession) -> None:
    await assigned_reports(session, periods=["2026-H1", "2026-H2"])
    table = f"agency,row,column,value\n{UNITS[0]},1,c2,120\n".encode()
    (said,) = await pushed(session, table, content_type="text/csv")
    assert said.problem is not None
    assert said.problem["type"] == "/problems/regime-and-period-needed"


async def test_a_push_is_sent_where_the_head_has_let_it(session: AsyncSession) -> None:
    await assigned_reports(session)
    await let_send(session)
    (said,) = await pushed(session, a_push(a_matrix(), submit=True))
    report = await report_of(session)
    assert (report.status, report.submitted_at, report.is_late) == (Status.SUBMITTED, NOW, False)
    assert said.reports[0].state == "submitted"
    approval = (await session.exec(select(Approval))).one()
    assert (approval.approved_by, approval.version) == ("head", 1)


async def test_pushed_figures_end_an_approval_and_the_same_ones_do_not(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await pushed(session, a_push(a_matrix()))
    session.add(sign_off(await report_of(session), [], by="head", name="An", id=new_id(), now=NOW))
    await session.flush()
    await pushed(session, a_push(a_matrix()))
    report = await report_of(session)
    assert (report.status, report.approved_by) == (Status.APPROVED, "head")
    await pushed(session, a_push(a_matrix(values=[["121", "80"]])))
    report = await report_of(session)
    assert (report.status, report.approved_by) == (Status.DRAFT, None)


async def test_a_push_waits_for_the_head_who_has_not_let_it_be_sent(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await let_send(session, UNITS[1])
    (said,) = await pushed(session, a_push(a_matrix(), submit=True))
    assert (await report_of(session)).status == Status.DRAFT
    assert "phê duyệt thường trực" in (said.reports[0].note or "")


async def test_a_standing_approval_that_has_ended_sends_nothing(session: AsyncSession) -> None:
    await assigned_reports(session)
    await let_send(session, valid_to=NOW.date() - timedelta(days=1))
    (said,) = await pushed(session, a_push(a_matrix(), submit=True))
    assert said.reports[0].state == "draft"


async def test_a_push_that_breaks_a_rule_stays_a_draft_and_says_why(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await let_send(session)
    (said,) = await pushed(session, a_push(a_matrix(values=[["1", "1001"]]), submit=True))
    assert (await report_of(session)).status == Status.DRAFT
    assert "c3 lớn" in (said.reports[0].note or "")


async def test_a_push_with_bad_figures_is_not_sent(session: AsyncSession) -> None:
    await assigned_reports(session)
    await let_send(session)
    (said,) = await pushed(session, a_push(a_matrix(values=[["1", "một"]]), submit=True))
    assert said.reports[0].state == "draft"
    assert said.reports[0].note


async def test_a_report_sent_by_one_delivery_is_closed_to_the_next_of_its_batch(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await let_send(session)
    first, second = await pushed(
        session, a_push(a_matrix(), submit=True), a_push(a_matrix(values=[["7", "7"]]))
    )
    assert first.reports[0].state == "submitted"
    assert second.counts == Counts(rejected=2)
    assert len(await versions_of(session)) == 1


async def test_a_failing_batch_leaves_nothing_behind() -> None:
    with fresh_database("submissions") as url:
        database = Database(url, pool=1, before_commit=write_outbox)
        async with database.transaction() as session:
            await assigned_reports(session)
        envelopes = [an_envelope(a_push(a_matrix())), an_envelope(b"", receipt_id="?")]
        with pytest.raises(DeliveryHeadersMissing):
            async with database.transaction() as session:
                await deliveries.take_in(session, envelopes, now=NOW)
        async with database.transaction() as session:
            assert await versions_of(session) == []
            assert (await report_of(session)).version == 0
        await database.close()


async def test_a_delivery_that_waits_for_another_goes_on_from_what_that_one_wrote() -> None:
    with fresh_database("submissions") as url:
        database = Database(url, pool=3, before_commit=write_outbox)
        async with database.transaction() as session:
            await assigned_reports(session)
        first, second = a_matrix(values=[["1", None]]), a_matrix(values=[[None, "2"]])

        async def push_second() -> None:
            async with database.transaction() as session:
                await deliveries.take_in(session, [an_envelope(a_push(second))], now=NOW)

        async with database.transaction() as session:
            await deliveries.take_in(session, [an_envelope(a_push(first))], now=NOW)
            waiting = asyncio.create_task(push_second())
            await until(lambda: waits_for_a_lock(session))
        await waiting
        async with database.transaction() as session:
            versions = await versions_of(session)
        assert [version.cells for version in versions] == [
            {"1:c2": "1"},
            {"1:c2": "1", "1:c3": "2"},
        ]
        await database.close()
