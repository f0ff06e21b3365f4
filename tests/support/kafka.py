"""Real Apache Kafka for tests: one broker a worker, with every topic of ``contracts``.

- The fixture ``kafka`` gives ``host:port`` of the broker and makes the topics anew where something
  lies on them.
- ``kafka_bootstrap()``: the same address without cleaning; the first to ask starts the broker.
- ``await send(topic, value, key=…, headers={…})``: put one record on a topic, as a stranger would.
- ``await records(topic)``: everything that lies on a topic now, oldest first a partition.
- ``await renew_topics()``: make those topics anew that hold something; committed offsets go too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from contracts.topics import TOPICS
from deploy.kafka.topics import administrator, make_topics
from tests.support.keeper import port_of
from tests.support.waiting import until

PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
Record: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


def kafka_bootstrap() -> str:
    """Return where this worker's broker listens; the first to ask starts it (about 4 s)."""
    return f"127.0.0.1:{port_of('kafka', own=True)}"


async def send(
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Mapping[str, bytes] | None = None,
) -> None:
    """Put one record on ``topic`` and wait for the broker's word."""
    await send_all([(topic, value, key, headers or {})])


async def send_all(
    written: Iterable[tuple[str, bytes | None, bytes | None, Mapping[str, bytes]]],
) -> None:
    """Put records (topic, value, key, headers) on their topics, in order, as one producer would."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap(), acks="all", max_request_size=9 << 20
    )
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value, key=key, headers=list(headers.items()))
            for topic, value, key, headers in written
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def records(topic: str) -> list[Record]:
    """Return what lies on ``topic`` now."""
    async with _reader() as reader:
        parts = [TopicPartition(topic, n) for n in range(PARTITIONS[topic])]
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        found: list[Record] = []
        while any([await reader.position(part) < ends[part] for part in parts]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                found.extend(batch)
        return found


async def renew_topics() -> str:
    """Make topics that hold something anew, and missing ones; return where the broker listens."""
    bootstrap = await asyncio.to_thread(kafka_bootstrap)
    await make_topics(bootstrap)
    used = await _topics_in_use()
    if used:
        async with administrator(bootstrap) as admin:
            await admin.delete_topics(used)

            async def are_gone() -> bool:
                return not set(used) & set(await admin.list_topics())

            await until(are_gone)
        await make_topics(bootstrap)
    return bootstrap


async def _topics_in_use() -> list[str]:
    async with _reader() as reader:
        parts = [TopicPartition(topic, n) for topic in PARTITIONS for n in range(PARTITIONS[topic])]
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        return sorted({part.topic for part, end in ends.items() if end})


@asynccontextmanager
async def _reader() -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap(),
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=9 << 20,
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()
