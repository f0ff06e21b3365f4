"""What the same machine does without the hub: the limits that stand beside the figures."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local import keys
from deploy.local.layout import Hub
from tests.bench.results import percentile

A_BATCH = 20
MAKE = """
CREATE TABLE IF NOT EXISTS raw_versions
    (report_id uuid, number int, cells json, PRIMARY KEY (report_id, number))
"""
WRITE = """
INSERT INTO raw_versions SELECT * FROM unnest($1::uuid[], $2::int[], $3::json[])
"""


class Matrix(msgspec.Struct):
    """A report of a push."""

    agency: str
    rows: list[str]
    columns: list[str]
    values: list[list[str | None]]


class Push(msgspec.Struct):
    """A push in the dense form."""

    regime: str
    period: str
    reports: list[Matrix]


async def write_versions(hub: Hub, bodies: Sequence[bytes]) -> float:
    """Return figures a second of one loop that decodes pushes and writes a document a report.

    The same bytes, twenty deliveries a transaction, one statement each: no gateway, no broker,
    no rules, no history of what stood before, no receipt.
    """
    connection = await asyncpg.connect(keys.database_url(hub, "submissions"))
    try:
        await connection.execute(MAKE)
        began = time.perf_counter()
        figures = 0
        for first in range(0, len(bodies), A_BATCH):
            reports = [
                one
                for body in bodies[first : first + A_BATCH]
                for one in msgspec.json.decode(body, type=Push).reports
            ]
            documents = [_cells(one) for one in reports]
            figures += sum(map(len, documents))
            await connection.execute(
                WRITE,
                [uuid4() for _ in reports],
                [1] * len(reports),
                [msgspec.json.encode(cells).decode() for cells in documents],
            )
        return figures / (time.perf_counter() - began)
    finally:
        await connection.execute("DROP TABLE IF EXISTS raw_versions")
        await connection.close()


def _cells(report: Matrix) -> dict[str, str]:
    return {
        f"{row}:{column}": value
        for row, values in zip(report.rows, report.values, strict=True)
        for column, value in zip(report.columns, values, strict=True)
        if value is not None
    }


@asynccontextmanager
async def _ends(
    bootstrap: str, topic: str
) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    """Give a producer and a consumer of what comes from now on."""
    async with (
        AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer,
        AIOKafkaConsumer(
            topic, bootstrap_servers=bootstrap, auto_offset_reset="latest", fetch_max_wait_ms=100
        ) as consumer,
    ):
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield producer, consumer


async def one_by_one(bootstrap: str, topic: str, count: int) -> dict[float, float]:
    """Return p50 and p99, in ms, of a message from producer to consumer, nothing else done."""
    took = []
    async with _ends(bootstrap, topic) as (producer, consumer):
        for _ in range(count):
            began = time.perf_counter()
            await producer.send_and_wait(topic, b"{}")
            await consumer.getone()
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.005)
    return {share: percentile(took, share) for share in (0.5, 0.99)}


async def stream(bootstrap: str, topic: str, count: int) -> float:
    """Return messages a second from producer to consumer, nothing else done."""
    async with _ends(bootstrap, topic) as (producer, consumer):
        began = time.perf_counter()
        sending = asyncio.create_task(_send(producer, topic, count))
        left = count
        while left:
            found = await consumer.getmany(timeout_ms=1000)
            left -= sum(map(len, found.values()))
        await sending
        return count / (time.perf_counter() - began)


async def _send(producer: AIOKafkaProducer, topic: str, count: int) -> None:
    for number in range(count):
        await producer.send(topic, b'{"lane": 1, "number": 1}', key=str(number % 64).encode())
    await producer.flush()
