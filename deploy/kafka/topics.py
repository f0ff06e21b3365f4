"""Makes the topics of ``contracts`` on a broker; the names stand in the registry and nowhere else.

``KAFKA_BOOTSTRAP=host:port KAFKA_REPLICAS=3 python -m deploy.kafka.topics`` for a broker that is
not the embedded one.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.topics import TOPICS, Topic

TOLD_WITHIN = 30.0
"""Seconds within which a broker tells clients of a topic that has been made."""


async def make_topics(bootstrap: str, *, replicas: int = 1) -> int:
    """Make the topics of ``contracts`` that the broker does not have; return how many it made.

    When this returns the broker tells every client of all of them; ``TimeoutError`` if it does not.
    """
    async with administrator(bootstrap) as admin:
        existing = set(await admin.list_topics())
        missing = [_new_topic(topic, replicas) for topic in TOPICS if topic.name not in existing]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, message in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise RuntimeError(f"topic {name}: {message}")
            await _wait_until_told(admin)
        return len(missing)


async def _wait_until_told(admin: AIOKafkaAdminClient) -> None:
    end = time.monotonic() + TOLD_WITHIN
    while time.monotonic() < end:
        if await _tells_of_all(admin):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"the broker does not tell of every topic after {TOLD_WITHIN} s")


async def _tells_of_all(admin: AIOKafkaAdminClient) -> bool:
    """Say whether the broker itself has learned of every topic: a moment after they are made."""
    told = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    return all(told.get(topic.name) == topic.partitions for topic in TOPICS)


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give a client for the broker's administration."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin._client.close()  # aiokafka 0.14: close() of the admin itself does nothing


def _new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs={
            "retention.ms": str(topic.retention_ms),
            "cleanup.policy": topic.cleanup,
            "max.message.bytes": str(topic.max_message_bytes),
        },
    )


if __name__ == "__main__":
    made = make_topics(
        os.environ["KAFKA_BOOTSTRAP"], replicas=int(os.environ.get("KAFKA_REPLICAS", "3"))
    )
    print(f"{asyncio.run(made)} topics made")
