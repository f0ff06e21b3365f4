"""What breaks: processes killed, stopped and told to end, sessions cut, messages doubled or bad."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import chain
from random import Random

import psutil
import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.topics import CONSOLIDATIONS, DELIVERIES, OUTCOMES, Topic
from deploy.local import keys
from deploy.local.layout import package_of
from deploy.local.processes import family_of
from tests.chaos.run import Run
from tests.support.hub import RunningHub

Fault = Callable[[Run, Random], Awaitable[str]]
KILLED = ("submissions", "connector-gateway", "notifications", "accounts", "gateway")
SERVERS = ("kafka", "postgres")
LONG = 45.0
LOITERERS = 40
SLOW = (
    b"POST /api/connector-gateway/v1/token HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /api/connector-gateway/v1/token HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\n",
)
"""Requests without an end: one stops in its head, one in its body."""
REPLAYED = (DELIVERIES, OUTCOMES, CONSOLIDATIONS)
MOST_AGAIN = 300
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


async def kill(run: Run, rng: Random) -> str:
    """Kill a service or the gateway with SIGKILL."""
    return _signal(run.hub, rng.choice(KILLED), signal.SIGKILL)


async def kill_a_server(run: Run, rng: Random) -> str:
    """Kill Kafka or PostgreSQL with SIGKILL."""
    return _signal(run.hub, rng.choice(SERVERS), signal.SIGKILL)


async def restart(run: Run, rng: Random) -> str:
    """Tell a part to end, as a new version that is rolled out would."""
    return _signal(run.hub, rng.choice(KILLED), signal.SIGTERM)


async def stop_for_a_while(run: Run, rng: Random) -> str:
    """Stop a part in the middle of whatever it does, and let it go on: a zombie."""
    return await _stop(run.hub, rng.choice(STOPPED), rng.uniform(1.0, 3.0))


async def stop_for_long(run: Run, rng: Random) -> str:
    """Stop a part for longer than sessions, leases of groups and idle transactions last."""
    return await _stop(run.hub, rng.choice(STOPPED), LONG)


async def _stop(hub: RunningHub, part: str, seconds: float) -> str:
    family = _family(hub, part)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    await asyncio.sleep(seconds)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.resume()
    return f"SIGSTOP {part} for {seconds:.0f} s"


async def cut_sessions(run: Run, rng: Random) -> str:
    """End every session of a service in PostgreSQL."""
    service = rng.choice(["submissions", "connector-gateway"])
    with (
        suppress(psycopg.Error),
        psycopg.connect(keys.superuser_url(run.hub.hub), connect_timeout=3) as server,
    ):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [package_of(service)],
        )
    return f"sessions of {service} cut"


async def cut_wires(run: Run, rng: Random) -> str:
    """Cut what leads into the hub and what leads out of it, again and again."""
    cut = 0
    for _ in range(rng.randrange(2, 8)):
        cut += await asyncio.to_thread(run.inward.cut) + await asyncio.to_thread(run.outward.cut)
        await asyncio.sleep(rng.uniform(0.05, 0.3))
    return f"{cut} connections cut"


async def hold_a_wire(run: Run, rng: Random) -> str:
    """Let nothing through for a while, in or out, and close nothing: half-open peers."""
    name, wire = rng.choice([("inward", run.inward), ("outward", run.outward)])
    await asyncio.to_thread(wire.hold, rng.uniform(0.5, 2.0))
    return f"{name} wire held"


async def loiter(run: Run, rng: Random) -> str:
    """Occupy the gateway with requests that never end: slow-loris, in heads and in bodies."""
    begun = await asyncio.gather(
        *(_begin(run.hub.hub.port, rng.choice(SLOW)) for _ in range(LOITERERS))
    )
    writers = [writer for writer in begun if writer]
    for _ in range(20):
        for writer in writers:
            writer.write(b"x")
        await asyncio.sleep(0.1)
    for writer in writers:
        writer.close()
    return f"{len(writers)} clients dawdled"


async def _begin(port: int, head: bytes) -> asyncio.StreamWriter | None:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None
    writer.write(head)
    return writer


async def double(run: Run, rng: Random) -> str:
    """Send what lies last on the topic of deliveries once more, as it was."""
    again = await _send_again(run.hub, rng.randrange(1, 20))
    return f"{again} messages doubled"


async def replay(run: Run, rng: Random) -> str:
    """Send a topic once more from its beginning."""
    topic = rng.choice(REPLAYED)
    again = await _send_again(run.hub, None, topic)
    return f"{topic.name} replayed from 0: {again} messages"


async def _send_again(hub: RunningHub, last: int | None, topic: Topic = DELIVERIES) -> int:
    """Send the ``last`` records of each partition again, or the first ``MOST_AGAIN`` from 0."""
    parts = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=hub.hub.kafka_bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=hub.hub.kafka_bootstrap)
    await consumer.start()
    await producer.start()
    again = 0
    try:
        consumer.assign(parts)
        for part, end in (await consumer.end_offsets(parts)).items():
            consumer.seek(part, 0 if last is None else max(0, end - last))
        fetched = await consumer.getmany(timeout_ms=1000, max_records=MOST_AGAIN)
        for one in chain.from_iterable(fetched.values()):
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
    return again


async def poison(run: Run, rng: Random) -> str:
    """Put a record on a topic that nobody can take."""
    value, headers = rng.choice(POISON)
    producer = AIOKafkaProducer(bootstrap_servers=run.hub.hub.kafka_bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(DELIVERIES.name, value, key=b"load-1", headers=headers)
        run.poured += 1
    finally:
        await producer.stop()
    return "poison"


def _signal(hub: RunningHub, part: str, number: signal.Signals) -> str:
    for process in _family(hub, part)[:1]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    return f"{number.name} {part}"


def _family(hub: RunningHub, part: str) -> list[psutil.Process]:
    [process] = [one.process() for one in hub.record().parts if one.name == part]
    return family_of(process) if process else []


def menu(*, is_long: bool) -> Sequence[Fault]:
    """Return every fault; what breaks a server stands once, the rest more often."""
    often = (kill, restart, stop_for_a_while, cut_sessions, double, replay, poison)
    wires = (cut_wires, hold_a_wire, loiter)
    return (*often, *often, *wires, *wires, kill_a_server, *((stop_for_long,) if is_long else ()))
