"""Send dead letters back to where they came from, once the reason is mended.

``python -m chassis.redrive submissions [--reason not-found]`` reads
``submissions.dead-letters.v1`` from where it stopped last time and puts each letter back on its
topic as it first came. Its id is the same, so whoever took it already passes over it.
"""

import argparse
import asyncio
import os
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import new_producer
from contracts.topics import TOPICS, dead_letters_of

MARKS = "dead-letter-"


async def redrive(bootstrap: str, reader: str, *, reason: str | None = None) -> tuple[int, int]:
    """Put back the dead letters of ``reader`` with ``reason`` (all when None).

    Returns how many went back and how many were passed over; those are laid down again behind
    the others, as they were, so that the next redrive is offered them.
    """
    topic = dead_letters_of(reader).name  # type: ignore[arg-type]  # checked by the command line
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"{reader}.redrive",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=9 << 20,
    )
    producer = new_producer(bootstrap, client_id=f"{reader}-redrive")
    await consumer.start()
    await producer.start()
    back = passed = 0
    try:
        ends = await consumer.end_offsets([TopicPartition(topic, 0)])
        while await consumer.position(TopicPartition(topic, 0)) < ends[TopicPartition(topic, 0)]:
            for letters in (await consumer.getmany(timeout_ms=500)).values():
                for letter in letters:
                    if reason in (None, _reason_of(letter)):
                        await _put_back(producer, letter)
                        back += 1
                    else:
                        await producer.send_and_wait(
                            topic, value=letter.value, key=letter.key, headers=list(letter.headers)
                        )
                        passed += 1
            await consumer.commit()
    finally:
        await producer.stop()
        await consumer.stop()
    return back, passed


def _reason_of(letter: Any) -> str:
    reason: bytes = dict(letter.headers)["dead-letter-reason"]
    return reason.decode()


async def _put_back(producer: Any, letter: Any) -> None:
    topic = dict(letter.headers)["dead-letter-origin"].decode().rsplit(":", 2)[0]
    headers = [(name, value) for name, value in letter.headers if not name.startswith(MARKS)]
    await producer.send_and_wait(topic, value=letter.value, key=letter.key, headers=headers)


def main() -> None:
    """Read the command line and redrive."""
    readers = sorted({topic.owner for topic in TOPICS})
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=readers)
    parser.add_argument("--reason", help="only letters with this reason")
    parser.add_argument("--bootstrap", default=os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:8088"))
    asked = parser.parse_args()
    back, passed = asyncio.run(redrive(asked.bootstrap, asked.reader, reason=asked.reason))
    print(f"{back} put back, {passed} passed over")  # noqa: T201 a command line answers


if __name__ == "__main__":
    main()
