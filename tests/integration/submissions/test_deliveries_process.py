"""Deliveries over a real broker into the running service, which is killed in between (I1–I4)."""

import asyncio
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from chassis.database import Database
from chassis.outbox import write_outbox
from contracts.connector_gateway.v1 import DeliveryReceived
from contracts.submissions.v1 import DeliveryOutcome, DeliveryProcessed
from contracts.topics import dead_letters_of
from tests.support.builders_figures import UNITS, a_matrix, a_push, an_envelope, assigned_reports
from tests.support.kafka import records, send
from tests.support.postgres import fresh_database
from tests.support.services import announce_key, headers_of, running
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("kafka")
TOPIC = DeliveryReceived.topic.name
OUTCOMES = DeliveryProcessed.topic.name


async def assign_at(url: str) -> None:
    """Assign the reports of the tests on a database that processes share."""
    database = Database(url, pool=1, before_commit=write_outbox)
    async with database.transaction() as session:
        await assigned_reports(session)
    await database.close()


async def deliver(body: bytes, **said: str) -> str:
    """Say a delivery as connector-gateway would; return its receipt."""
    envelope = an_envelope(body, **said)
    facts = {name: value.encode() for name, value in envelope.headers.items()}
    headers = headers_of(DeliveryReceived.type) | facts
    await send(TOPIC, body, key=envelope.key.encode(), headers=headers)
    return envelope.id


async def receipts() -> Counter[str]:
    """Return how often each receipt was answered, a repeated message counted once."""
    answered = {dict(record.headers)["ce_id"]: record.value for record in await records(OUTCOMES)}
    return Counter(
        str(DeliveryProcessed.from_bytes(value or b"").receipt_id) for value in answered.values()
    )


async def test_every_delivery_takes_effect_once_though_the_worker_is_killed(
    kafka: str, tmp_path: Path
) -> None:
    with fresh_database("submissions") as url:
        await assign_at(url)
        await announce_key()
        pushes = [a_push(a_matrix(UNITS[at % 3], [[str(at), "1"]])) for at in range(30)]
        async with running("submissions", url, kafka, tmp_path) as live:
            sent = [await deliver(body) for body in pushes]
            await until(lambda: _is_begun(url))
            live.process.kill()
            await live.process.wait()
        sent.append(await deliver(a_push(a_matrix(values=[["999", "1"]]))))
        async with running("submissions", url, kafka, tmp_path):
            await until(lambda: _are_answered(sent), limit=60)
        assert await receipts() == Counter(sent)
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT unit, array_agg(number ORDER BY number), count(DISTINCT source_id)"
                " FROM reports JOIN report_versions ON report_id = id GROUP BY unit ORDER BY unit"
            ).fetchall()
            last = connection.execute(
                "SELECT cells ->> '1:c2' FROM reports JOIN report_versions"
                " ON report_id = id AND number = version WHERE unit = %s",
                [UNITS[0]],
            ).fetchone()
        assert [(unit, list(numbers), receipt) for unit, numbers, receipt in rows] == [
            (UNITS[0], list(range(1, 12)), 11),
            (UNITS[1], list(range(1, 11)), 10),
            (UNITS[2], list(range(1, 11)), 10),
        ]
        assert last == ("999",)


async def test_what_is_no_delivery_is_laid_aside_and_the_rest_goes_on(
    kafka: str, tmp_path: Path
) -> None:
    with fresh_database("submissions") as url:
        await assign_at(url)
        await announce_key()
        await deliver(a_push(a_matrix()), grant="?")
        broken = await deliver(b"\xff\xfe{")
        good = await deliver(a_push(a_matrix()))
        async with running("submissions", url, kafka, tmp_path):
            await until(lambda: _are_answered([broken, good]), limit=60)
        outcomes = {
            str(one.receipt_id): one.outcome
            for one in (
                DeliveryProcessed.from_bytes(record.value or b"")
                for record in await records(OUTCOMES)
            )
        }
        assert outcomes == {broken: DeliveryOutcome.REFUSED, good: DeliveryOutcome.COMPLETED}
        (dead,) = await records(dead_letters_of("submissions").name)
        assert dict(dead.headers)["dead-letter-reason"] == b"delivery-headers-missing"


async def _is_begun(url: str) -> bool:
    def count() -> int:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM report_versions").fetchone()
        return row[0] if row else 0

    return await asyncio.to_thread(count) > 3


async def _are_answered(sent: list[str]) -> bool:
    return set(sent) <= (await receipts()).keys()
