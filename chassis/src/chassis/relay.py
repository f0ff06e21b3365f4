"""The relay: one a database, under an advisory lock, carries the outbox to Kafka in order."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from opentelemetry.trace import Span, SpanKind
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.breath import Breathing
from chassis.clock import now
from chassis.database import Database, raw_connection
from chassis.kafka import new_producer
from chassis.outages import is_unavailable
from chassis.telemetry import (
    JOB_FAILURES,
    OUTBOX_OLDEST,
    OUTBOX_SENT,
    OUTBOX_WAITING,
    is_kept,
    parent_of,
    traceparent_of,
    tracer,
)
from contracts.headers import SPEC_VERSION, header_name

log = structlog.get_logger()

Parcel = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a message on its way."""
PARTITIONER = DefaultPartitioner()
LOCK = 6_122_022
"""Advisory lock of the relay; every database has its own, so one number serves all."""
MOST_BYTES = 16 << 20
"""What one batch of the relay may hold in memory, whatever the messages weigh."""
LONGEST_PAUSE = 0.25
"""Seconds between two looks at an outbox that other processes fill, after a while of nothing."""
UNSENT = """
SELECT seq, id, topic, key, type, headers, value, traceparent, created_at
FROM (
    SELECT *, sum(octet_length(value)) OVER (ORDER BY seq) - octet_length(value) AS before
    FROM (SELECT * FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT $1) AS oldest
) AS weighed
WHERE before < $2 ORDER BY seq
"""
SENT = "UPDATE outbox SET sent_at = $2 WHERE seq = ANY($1::bigint[])"
WAITING = "SELECT count(*), min(created_at) FROM outbox WHERE sent_at IS NULL"
KEEP_DAYS = 7
PRUNE = f"DELETE FROM outbox WHERE sent_at < now() - interval '{KEEP_DAYS} days'"  # noqa: S608 a constant, nothing from outside


class Relay:
    """Carry committed facts to Kafka until told to stop; wait out whatever is down."""

    def __init__(self, database: Database, *, service: str, bootstrap: str) -> None:
        self._database = database
        self._service = service
        self._bootstrap = bootstrap

    async def run(self, stop: asyncio.Event, *, batch: int = 500, poll: float = 0.05) -> None:
        """Relay until ``stop``; after an outage begin again with a fresh producer."""
        delay = 0.1
        while not stop.is_set():
            producer = new_producer(self._bootstrap, client_id=f"{self._service}-relay")
            try:
                await producer.start()
                await self._relay(producer, stop, batch=batch, poll=poll)
                delay = 0.1
            except Exception as why:
                if isinstance(why, KafkaError) or is_unavailable(why):
                    log.warning("relay waits", why=str(why), seconds=delay)
                else:
                    JOB_FAILURES.labels("relay").inc()
                    log.exception("relay failed")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), delay)
                delay = min(delay * 2, 5.0)
            finally:
                with contextlib.suppress(KafkaError, OSError):
                    await producer.stop()

    async def _relay(
        self, producer: AIOKafkaProducer, stop: asyncio.Event, *, batch: int, poll: float
    ) -> None:
        async with self._database.engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            while not stop.is_set():
                if not await raw.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), 1.0)
                    continue
                try:
                    await self._drain(producer, raw, stop, batch=batch, poll=poll)
                finally:
                    if not raw.is_closed():
                        await raw.execute("SELECT pg_advisory_unlock($1)", LOCK)

    async def _drain(
        self, producer: AIOKafkaProducer, raw: Any, stop: asyncio.Event, *, batch: int, poll: float
    ) -> None:
        wake = self._database.has_committed
        measured = pruned = 0.0
        pause = poll
        loop = asyncio.get_running_loop()
        breathing = Breathing()
        while not stop.is_set():
            wake.clear()
            began = loop.time()
            rows = await raw.fetch(UNSENT, batch, MOST_BYTES)
            if rows:
                await _send(producer, rows)
                await raw.execute(SENT, [row["seq"] for row in rows], now())
            if loop.time() - measured > 5:
                await _measure(raw)
                measured = loop.time()
            if loop.time() - pruned > 3600:
                await raw.execute(PRUNE)
                pruned = loop.time()
            if rows:
                pause = poll
                if len(rows) < batch:
                    await breathing.draw(since=began, carried=len(rows))
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _send(producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
    """Send facts, those of a partition in batches, and wait until the broker has every one."""
    spans = [_span(row) for row in rows]
    parcels: dict[tuple[str, int], list[Parcel]] = defaultdict(list)
    counts = {
        topic: len(await producer.partitions_for(topic)) for topic in {row["topic"] for row in rows}
    }
    for row, span in zip(rows, spans, strict=True):
        traceparent = traceparent_of(span) if span else row["traceparent"]
        key = row["key"].encode()
        place = row["topic"], partition_of(key, counts[row["topic"]])
        parcels[place].append((key, row["value"], _headers(row, traceparent)))
    await asyncio.gather(
        *(_send_in_order(producer, place, some) for place, some in parcels.items())
    )
    for topic, count in Counter(row["topic"] for row in rows).items():
        OUTBOX_SENT.labels(topic).inc(count)
    for span in spans:
        if span:
            span.end()


async def _send_in_order(
    producer: AIOKafkaProducer, place: tuple[str, int], parcels: Iterable[Parcel]
) -> None:
    """Send what goes to one partition; a batch that is full leaves before the next begins."""
    topic, partition = place
    batch = producer.create_batch()
    for key, value, headers in parcels:
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)
    await (await producer.send_batch(batch, topic, partition=partition))


@lru_cache(maxsize=16_384)
def partition_of(key: bytes, partitions: int) -> int:
    """Return where a key goes: where every other client of Kafka would put it."""
    return int(PARTITIONER(key, range(partitions), ()))


def _span(row: Any) -> Span | None:
    """Open the span of a fact's wait in the outbox: it began when the fact was written."""
    if not is_kept(row["traceparent"]):
        return None
    return tracer.start_span(
        f"send {row['type']}",
        context=parent_of(row["traceparent"]),
        kind=SpanKind.PRODUCER,
        start_time=int(row["created_at"].timestamp() * 1e9),
    )


def _headers(row: Any, traceparent: str | None) -> list[tuple[str, bytes]]:
    created: datetime = row["created_at"]
    standard = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(row["id"]),
        "ce_type": row["type"],
        "ce_source": f"/{row['type'].split('.')[0]}",
        "ce_time": created.isoformat(),
        "ce_subject": row["key"],
        "ce_sequence": str(row["seq"]),
        "content-type": "application/json",
    }
    if traceparent:
        standard["traceparent"] = traceparent
    extensions = {
        name if name == "content-type" else header_name(name): value
        for name, value in orjson.loads(row["headers"]).items()
    }
    return [(name, value.encode()) for name, value in (standard | extensions).items()]


async def _measure(raw: Any) -> None:
    count, oldest = await raw.fetchrow(WAITING)
    OUTBOX_WAITING.set(count)
    OUTBOX_OLDEST.set((now() - oldest).total_seconds() if oldest else 0)


async def outbox_depth(session: AsyncSession) -> int:
    """Count the facts that are committed and not yet on Kafka."""
    raw = await raw_connection(session)
    return int(await raw.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))
