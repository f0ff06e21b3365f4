"""How far the consumer groups of a service have read, and how to send them back to the start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import TOPICS
from tests.support.kafka import kafka_bootstrap


async def groups_of(service: str) -> list[str]:
    """Return the consumer groups of ``service`` that the broker knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap())
    await admin.start()
    try:
        groups = [name for name, _ in await admin.list_consumer_groups()]
    finally:
        await admin.close()
    return [name for name in groups if name.split(".")[0] == service]


async def is_drained(service: str) -> bool:
    """Say whether ``service`` has taken everything that lies on the topics it reads."""
    taken: dict[TopicPartition, int] = {}
    for group in await groups_of(service):
        async with _member(group) as member:
            for partition in _partitions(service):
                taken[partition] = max(
                    await member.committed(partition) or 0, taken.get(partition, 0)
                )
    async with _member("looks-on") as member:
        ends = await member.end_offsets(_partitions(service))
    return all(taken.get(partition, 0) >= end for partition, end in ends.items())


async def forget_offsets(service: str) -> None:
    """Send every group of ``service``, which must have stopped, back to the beginning."""
    for group in await groups_of(service):
        async with _member(group) as member:
            member.assign(_partitions(service))
            for partition in _partitions(service):
                if await member.committed(partition) is not None:
                    await member.commit({partition: 0})


def _partitions(service: str) -> list[TopicPartition]:
    return [
        TopicPartition(topic.name, number)
        for topic in TOPICS
        if service in topic.readers and "dead-letters" not in topic.name
        for number in range(topic.partitions)
    ]


@asynccontextmanager
async def _member(group: str) -> AsyncIterator[AIOKafkaConsumer]:
    member = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap(), group_id=group, enable_auto_commit=False
    )
    await member.start()
    try:
        yield member
    finally:
        await member.stop()
