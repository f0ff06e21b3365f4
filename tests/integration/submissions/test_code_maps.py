"""Deliveries in the codes of another system, on a real database and a real broker."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database
from chassis.outbox import write_outbox
from contracts.connector_gateway.v1 import CodeMapPublished, DeliveryReceived
from contracts.submissions.v1 import Counts, DeliveryOutcome, DeliveryProcessed
from submissions.commands import deliveries, known
from submissions.errors import CodeMapNotArrived
from tests.support.builders_figures import (
    NOW,
    REGIME,
    UNITS,
    XLSX,
    a_matrix,
    a_push,
    an_envelope,
    assigned_reports,
    let_send,
    pushed,
    versions_of,
)
from tests.support.builders_intake import a_workbook
from tests.support.kafka import records, send
from tests.support.postgres import fresh_database
from tests.support.services import Live, announce_key, headers_of, running
from tests.support.waiting import until


def a_map(version: int = 1, **kinds: Any) -> CodeMapPublished:
    """Return the fact that a map of every kind was published."""
    codes = {
        "regimes": {"BC-06A": REGIME},
        "agencies": {"XA-01": UNITS[0], "XA-02": f"H02.{UNITS[1]}"},
        "rows": {REGIME: {"LV01": "1", "LV02": "2"}},
        "columns": {REGIME: {"moi": "c2", "cu": "c3"}},
    }
    return CodeMapPublished(
        connection="qg-tthc", version=version, published_at=NOW, **{**codes, **kinds}
    )


def theirs(agency: str = "XA-01", **said: Any) -> dict[str, Any]:
    """Return figures in codes of the other system."""
    return a_matrix(agency, **{"rows": ["LV01"], "columns": ["moi", "cu"], **said})


async def test_a_delivery_is_read_with_the_map_that_it_names(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    body = a_push(theirs(), theirs("XA-02"), regime="BC-06A")
    (said,) = await pushed(session, body, code_map="1")
    assert said.counts == Counts(created=4)
    for unit in UNITS[:2]:
        (version,) = await versions_of(session, unit)
        assert version.cells == {"1:c2": "120", "1:c3": "80"}


async def test_each_delivery_of_a_batch_is_read_with_its_own_version(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    await known.learn_code_map(session, a_map(2, agencies={"XA-01": UNITS[2]}))
    body = a_push(theirs(), regime="BC-06A")
    envelopes = [an_envelope(body, code_map=version) for version in ("1", "2")]
    await deliveries.take_in(session, envelopes, now=NOW)
    assert len(await versions_of(session, UNITS[0])) == 1
    assert len(await versions_of(session, UNITS[2])) == 1


async def test_a_version_that_arrives_again_changes_nothing(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    await known.learn_code_map(session, a_map(agencies={}))
    (said,) = await pushed(session, a_push(theirs(), regime="BC-06A"), code_map="1")
    assert said.counts == Counts(created=2)


async def test_a_code_that_is_not_mapped_is_named_in_the_receipt(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    body = a_push(theirs(rows=["LV09"]), theirs("XA-09"), theirs("XA-02"), regime="BC-06A")
    (said,) = await pushed(session, body, code_map="1")
    assert said.counts == Counts(created=2, rejected=4)
    first, *_, last = said.rejections
    assert (first.pointer, first.row, first.type) == (
        "/reports/0/values/0/0",
        "LV09",
        "/problems/code-not-mapped",
    )
    assert "LV09" in first.detail
    assert (last.agency, last.type) == ("XA-09", "/problems/code-not-mapped")
    assert "XA-09" in last.detail


async def test_a_regime_that_is_not_mapped_is_named_in_the_receipt(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    (said,) = await pushed(session, a_push(theirs(), regime="BC-09"), code_map="1")
    assert said.outcome is DeliveryOutcome.REFUSED
    assert said.problem is not None
    assert "BC-09" in said.problem["detail"]
    assert [(one.pointer, one.type) for one in said.rejections] == [
        ("/regime", "/problems/code-not-mapped")
    ]


async def test_a_table_and_a_workbook_may_speak_their_codes_too(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    table = b"agency,row,column,value\nXA-01,LV01,moi,120\n"
    (csv,) = await pushed(session, table, content_type="text/csv", code_map="1")
    workbook = a_workbook({"XA-02": [["row", "moi", "cu"], ["LV02", 7, "-"]]})
    (xlsx,) = await pushed(session, workbook, content_type=XLSX, code_map="1")
    assert (csv.counts, xlsx.counts) == (Counts(created=1), Counts(created=2))


async def test_what_came_in_their_codes_is_sent_where_the_head_has_let_it(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    await let_send(session)
    await known.learn_code_map(session, a_map())
    body = a_push(theirs(), regime="BC-06A", submit=True)
    (said,) = await pushed(session, body, code_map="1")
    assert said.reports[0].state == "submitted"


async def test_a_grant_is_held_to_our_codes(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    grant = f'{{"regimes":["{REGIME}"],"agencies":["{UNITS[0]}"]}}'
    body = a_push(theirs(), theirs("XA-02"), regime="BC-06A")
    (said,) = await pushed(session, body, code_map="1", grant=grant)
    assert said.counts == Counts(created=2, rejected=2)
    assert {one.type for one in said.rejections} == {"/problems/agency-not-allowed"}


async def test_without_its_map_a_delivery_is_not_read(session: AsyncSession) -> None:
    await assigned_reports(session)
    await known.learn_code_map(session, a_map())
    envelope = an_envelope(a_push(theirs(), regime="BC-06A"), code_map="2")
    with pytest.raises(CodeMapNotArrived):
        await deliveries.take_in(session, [envelope], now=NOW + timedelta(hours=1))
    assert await versions_of(session) == []


@pytest.mark.xdist_group("kafka")
async def test_a_delivery_that_is_ahead_of_its_map_waits_and_is_taken_whole(
    kafka: str, tmp_path: Path
) -> None:
    with fresh_database("submissions") as url:
        database = Database(url, pool=1, before_commit=write_outbox)
        async with database.transaction() as session:
            await assigned_reports(session)
        await database.close()
        await announce_key()
        envelope = an_envelope(a_push(theirs(), regime="BC-06A"), code_map="1")
        facts = {name: value.encode() for name, value in envelope.headers.items()}
        headers = headers_of(DeliveryReceived.type) | facts
        await send(DeliveryReceived.topic.name, envelope.body, key=b"qg-tthc", headers=headers)
        async with running("submissions", url, kafka, tmp_path) as live:
            await until(lambda: is_waiting(live))
            assert await outcomes() == []
            told = a_map()
            await send(
                told.topic.name,
                told.to_bytes(),
                key=b"qg-tthc",
                headers=headers_of(told.type),
            )
            await until(is_answered, limit=60)
        assert [(one.outcome, one.counts) for one in await outcomes()] == [
            (DeliveryOutcome.COMPLETED, Counts(created=2))
        ]


async def is_waiting(live: Live) -> bool:
    """Say whether the reader of deliveries waits for something that it needs."""
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{live.url}/metrics")).text
    return 'hub_dependency_down{reader="submissions.deliveries"} 1.0' in metrics


async def is_answered() -> bool:
    """Say whether a delivery has its answer."""
    return await outcomes() != []


async def outcomes() -> list[DeliveryProcessed]:
    """Return what was said of deliveries."""
    found = await records(DeliveryProcessed.topic.name)
    return [DeliveryProcessed.from_bytes(record.value or b"") for record in found]
