"""What breaks: processes killed, stopped and told to end, sessions cut, messages doubled or bad."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import psutil
import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.topics import DELIVERIES
from deploy.local import keys
from deploy.local.layout import package_of
from deploy.local.processes import family_of
from tests.support.hub import RunningHub

Fault = Callable[[RunningHub, Random], Awaitable[str]]
KILLED = ("submissions", "connector-gateway", "notifications", "accounts", "gateway")
SERVERS = ("kafka", "postgres")
STOPPED = ("submissions", "connector-gateway", "kafka", "postgres")
POISON: Sequence[tuple[bytes, list[tuple[str, bytes]]]] = (
    (b"{", []),
    (b"\xff\xfe", [("ce_type", b"\xff")]),
    (
        b"{}",
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", b"0197a1b2-0000-7000-8000-00000000dead"),
            ("ce_type", b"connector-gateway.delivery.received.v9"),
            ("ce_source", b"/connector-gateway"),
            ("ce_time", b"2026-01-01T00:00:00+07:00"),
        ],
    ),
)
"""Records that nobody can take: no headers, broken headers, a version of the future."""


@dataclass
class Poured:
    """How much poison lies on the topics of this run; each makes one dead letter."""

    count: int = 0


async def kill(hub: RunningHub, rng: Random) -> str:
    """Kill a service or the gateway with SIGKILL."""
    return _signal(hub, rng.choice(KILLED), signal.SIGKILL)


async def kill_a_server(hub: RunningHub, rng: Random) -> str:
    """Kill Kafka or PostgreSQL with SIGKILL."""
    return _signal(hub, rng.choice(SERVERS), signal.SIGKILL)


async def restart(hub: RunningHub, rng: Random) -> str:
    """Tell a part to end, as a new version that is rolled out would."""
    return _signal(hub, rng.choice(KILLED), signal.SIGTERM)


async def stop_for_a_while(hub: RunningHub, rng: Random) -> str:
    """Stop a part in the middle of whatever it does, and let it go on: a zombie."""
    part = rng.choice(STOPPED)
    family = _family(hub, part)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    await asyncio.sleep(rng.uniform(1.0, 3.0))
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.resume()
    return f"SIGSTOP {part}"


async def cut_sessions(hub: RunningHub, rng: Random) -> str:
    """End every session of a service in PostgreSQL."""
    service = rng.choice(["submissions", "connector-gateway"])
    with (
        suppress(psycopg.Error),
        psycopg.connect(keys.superuser_url(hub.hub), connect_timeout=3) as server,
    ):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [package_of(service)],
        )
    return f"sessions of {service} cut"


async def double(hub: RunningHub, rng: Random) -> str:
    """Send what lies on the topic of deliveries once more, as it was."""
    parts = [TopicPartition(DELIVERIES.name, number) for number in range(DELIVERIES.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=hub.hub.kafka_bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=hub.hub.kafka_bootstrap)
    await consumer.start()
    await producer.start()
    again = 0
    try:
        consumer.assign(parts)
        for part, end in (await consumer.end_offsets(parts)).items():
            consumer.seek(part, max(0, end - rng.randrange(1, 20)))
        for records in (await consumer.getmany(timeout_ms=1000, max_records=200)).values():
            for one in records:
                await producer.send_and_wait(
                    one.topic,
                    value=one.value,
                    key=one.key,
                    headers=list(one.headers),
                    partition=one.partition,
                )
                again += 1
    finally:
        await producer.stop()
        await consumer.stop()
    return f"{again} messages doubled"


def poison(poured: Poured) -> Fault:
    """Return the fault that puts records on a topic which nobody can take."""

    async def pour(hub: RunningHub, rng: Random) -> str:
        value, headers = rng.choice(POISON)
        producer = AIOKafkaProducer(bootstrap_servers=hub.hub.kafka_bootstrap)
        await producer.start()
        try:
            await producer.send_and_wait(DELIVERIES.name, value, key=b"load-1", headers=headers)
            poured.count += 1
        finally:
            await producer.stop()
        return "poison"

    return pour


def _signal(hub: RunningHub, part: str, number: signal.Signals) -> str:
    for process in _family(hub, part)[:1]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    return f"{number.name} {part}"


def _family(hub: RunningHub, part: str) -> list[psutil.Process]:
    [process] = [one.process() for one in hub.record().parts if one.name == part]
    return family_of(process) if process else []


def menu(poured: Poured) -> Sequence[Fault]:
    """Return every fault; what breaks a server stands once, the rest more often."""
    often = (kill, restart, stop_for_a_while, cut_sessions, double, poison(poured))
    return (*often, *often, kill_a_server)
