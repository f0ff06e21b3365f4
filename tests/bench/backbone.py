"""W5: commit → acknowledgement by Kafka → effect in the reader; idle, and with a backlog."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
import psycopg
from aiokafka.admin import NewTopic

from chassis.identifiers import new_id
from chassis.migrations import CHASSIS_TABLES
from chassis.outbox import INSERT
from contracts.topics import dead_letters_of
from deploy.kafka.topics import administrator
from deploy.local import keys
from deploy.local.databases import make_database, make_role
from deploy.local.layout import ROOT, Hub
from deploy.local.processes import dies_with_parent
from deploy.local.status import lags
from deploy.scenario.client import CONNECTIONS, new_traceparent
from tests.bench import raw
from tests.bench.load import tiny
from tests.bench.results import Results, percentile
from tests.bench.stage import Stage
from tests.bench.ticks import CHIMES, EFFECTS, TICKS, Chimed, Ticked
from tests.bench.wire import lines
from tests.support.waiting import until

W = "W5"
IDLE = 200
"""Deliveries, one at a time, whose way is timed."""
EVENTS = 20_000
MILLION = 1_000_000
HOPS = {
    "delivery": "connector-gateway.delivery.received.v1",
    "outcome": "submissions.delivery.processed.v1",
}
COMMITTED = {
    "delivery": (
        "connector-gateway",
        """
        SELECT substr(o.traceparent, 4, 32) AS trace,
               extract(epoch FROM pg_xact_commit_timestamp(r.xmin)) AS at
        FROM outbox AS o JOIN receipts AS r
            ON r.id::text = convert_from(o.headers, 'UTF8')::json ->> 'receipt_id'
        WHERE o.created_at > now() - interval '10 minutes'
        """,
    ),
    "outcome": (
        "submissions",
        """
        SELECT substr(traceparent, 4, 32) AS trace,
               extract(epoch FROM pg_xact_commit_timestamp(xmin)) AS at
        FROM report_versions WHERE made_at > now() - interval '10 minutes'
        """,
    ),
}
"""Rows that commit with a fact and are not touched again, as the outbox is by its relay."""
RAW = "bench.raw.v1"
ROLE, PASSWORD = "bench", "bench"


class Span(msgspec.Struct):
    """A finished span, as a service wrote it down."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    start_ns: int
    end_ns: int


async def measure(stage: Stage, results: Results) -> None:
    """Time single messages on the idle hub, then let one reader drain a backlog."""
    await _topics(stage.hub)
    await _idle(stage, results)
    await _drain(stage, results)


async def _topics(hub: Hub) -> None:
    """Make the topics of the bench; those of the limit are none of the reader's business."""
    names = [TICKS.name, CHIMES.name, RAW, dead_letters_of("portal").name]
    async with administrator(hub.kafka_bootstrap) as admin:
        found = set(await admin.list_topics())
        await admin.create_topics(
            [NewTopic(name, TICKS.partitions, 1) for name in names if name not in found]
        )


async def _idle(stage: Stage, results: Results) -> None:
    """Push one figure at a time and read from the traces when facts became effects."""
    limit = await raw.one_by_one(stage.hub.kafka_bootstrap, RAW, IDLE)
    token, traces = stage.token("load-8"), set()
    async with lines(stage.hub.origin, 1) as [line]:
        for _ in range(IDLE):
            trace = new_traceparent()
            traces.add(trace.split("-")[1])
            delivery = tiny("load-8")
            ask = delivery.request(token, stage.hub.origin, traceparent=trace)
            answer = await line.ask(ask)
            path = f"{CONNECTIONS}/connections/load-8/deliveries"
            results.expect(answer.status == 202, f"{W}: {path}: {answer.status}")
            await asyncio.sleep(0.05)

    async def told() -> bool:
        found = await asyncio.to_thread(_spans, stage.hub.traces, traces)
        return all(_count(found, f"take {kind}") == IDLE for kind in HOPS.values())

    await until(told, limit=30, every=0.5)
    spans = await asyncio.to_thread(_spans, stage.hub.traces, traces)
    for hop, kind in HOPS.items():
        committed = await _committed(stage.hub, hop, traces)
        _say_hop(results, hop, kind, spans, committed, limit)


def _count(spans: list[Span], name: str) -> int:
    return sum(span.name == name for span in spans)


def _spans(folder: Path, traces: set[str]) -> list[Span]:
    found: list[Span] = []
    for name in ("connector-gateway", "submissions"):
        rows = (folder / f"{name}.jsonl").read_bytes().splitlines()
        found += [
            msgspec.json.decode(row, type=Span) for row in rows if row[13:45].decode() in traces
        ]
    return found


async def _committed(hub: Hub, hop: str, traces: set[str]) -> dict[str, float]:
    """Return the moment of each fact's commit by the database's clock, in ns, by trace."""
    service, statement = COMMITTED[hop]
    connection = await asyncpg.connect(keys.database_url(hub, service))
    try:
        rows = await connection.fetch(statement)
    finally:
        await connection.close()
    return {row["trace"]: float(row["at"]) * 1e9 for row in rows if row["trace"] in traces}


def _say_hop(
    results: Results,
    hop: str,
    kind: str,
    spans: list[Span],
    committed: dict[str, float],
    limit: dict[float, float],
) -> None:
    sent = [span for span in spans if span.name == f"send {kind}"]
    taken = [span for span in spans if span.name == f"take {kind}"]
    acknowledged = [(span.end_ns - committed[span.trace_id]) / 1e6 for span in sent]
    effect = [(span.end_ns - committed[span.trace_id]) / 1e6 for span in taken]
    written = {span.span_id: span.start_ns for span in sent}
    whole = [(span.end_ns - written[str(span.parent_id)]) / 1e6 for span in taken]
    results.expect(len(taken) == len(sent) == IDLE, f"{W}: {hop}: {len(sent)} → {len(taken)}")
    for share in (0.5, 0.99):
        name = f"p{share * 100:.0f} ms"
        results.add(W, f"idle {hop}: commit → Kafka {name}", percentile(acknowledged, share))
        results.add(
            W, f"idle {hop}: commit → effect {name}", percentile(effect, share), limit[share]
        )
        results.add(W, f"idle {hop}: written → effect {name}", percentile(whole, share))


async def _drain(stage: Stage, results: Results) -> None:
    hub = stage.hub
    limit = await raw.stream(hub.kafka_bootstrap, RAW, EVENTS)
    for event, how in ((Ticked, "one by one"), (Chimed, "in volume")):
        url = await asyncio.to_thread(_database, hub)
        with _reader(hub, url):
            await _drain_one(hub, url, results, event, how, limit)


async def drain_a_million(stage: Stage, results: Results) -> None:
    """Let one reader drain a million events, its memory bounded; ``make bench W=W5-million``."""
    await _topics(stage.hub)
    url = await asyncio.to_thread(_database, stage.hub)
    async with _connected(url) as connection:
        for first in range(0, MILLION, EVENTS):
            await _written(connection, Chimed, EVENTS, first=first)
        began, largest = time.perf_counter(), 0.0
        with _reader(stage.hub, url) as reader:
            process = psutil.Process(reader.pid)
            await until(lambda: _has(connection, EVENTS), limit=60, every=0.2)
            start = process.memory_info().rss / 1e6
            while not await _has(connection, MILLION):
                largest = max(largest, process.memory_info().rss / 1e6)
                await asyncio.sleep(0.5)
            took = time.perf_counter() - began
        found = await connection.fetchval("SELECT count(DISTINCT number) FROM ticks")
        total = await connection.fetchval("SELECT count(*) FROM ticks")
    results.expect(total == found == MILLION, f"{W}: {total} effects of {found} events")
    results.add(W, "events/s drained of a backlog of a million", MILLION / took)
    results.add(W, "MB of the reader at most (limit: after 20,000 events)", largest, start)


async def _drain_one(
    hub: Hub, url: str, results: Results, event: type[Ticked | Chimed], how: str, limit: float
) -> None:
    async with _connected(url) as connection:
        await _written(connection, event, 1)
        await until(lambda: _has(connection, 1), limit=30)
        began = time.perf_counter()
        await _written(connection, event, EVENTS)
        committed = time.perf_counter()
        await until(lambda: _has(connection, EVENTS + 1), limit=300, every=0.05)
        took = time.perf_counter() - committed
        found, unsent = await connection.fetchrow(
            "SELECT count(DISTINCT number), (SELECT count(*) FROM outbox WHERE sent_at IS NULL)"
            " FROM ticks"
        )
        total = await connection.fetchval("SELECT count(*) FROM ticks")
    await until(lambda: _is_drained(hub), limit=30, every=0.2)
    results.add(W, f"events/s drained {how}, outbox to effect", EVENTS / took, limit)
    results.add(W, f"events/s written to the outbox, {how}", EVENTS / (committed - began))
    results.expect(
        total == EVENTS + 1 and found == EVENTS and not unsent,
        f"{W}: {how}: {total} effects of {found} events, {unsent} unsent",
    )


async def _is_drained(hub: Hub) -> bool:
    return (await lags(hub.kafka_bootstrap)).get("portal", 0) == 0


async def _has(connection: Any, count: int) -> bool:
    return int(await connection.fetchval("SELECT count(*) FROM ticks")) >= count


async def _written(
    connection: Any, event: type[Ticked | Chimed], count: int, *, first: int = 0
) -> None:
    """Commit ``count`` facts to the outbox in one statement, as ``chassis.outbox`` does."""
    said = [event(lane=number % 64, number=number) for number in range(first, first + count)]
    await connection.execute(
        INSERT,
        [new_id() for _ in said],
        [event.topic.name] * count,
        [one.ordering_key for one in said],
        [event.type] * count,
        [b"{}"] * count,
        [one.to_bytes() for one in said],
        [None] * count,
        [await connection.fetchval("SELECT now()")] * count,
    )


def _database(hub: Hub) -> str:
    with psycopg.connect(keys.superuser_url(hub), autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        make_role(server, ROLE, PASSWORD)
        make_database(server, "bench", owner=ROLE)
    url = f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{hub.port_of('postgres')}/bench"
    with psycopg.connect(url) as connection:
        for statement in (*CHASSIS_TABLES, EFFECTS):
            connection.execute(statement)
    return url


@contextmanager
def _reader(hub: Hub, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    told = {"BENCH_DATABASE_URL": url, "BENCH_KAFKA_BOOTSTRAP": hub.kafka_bootstrap}
    with (hub.logs / "ticks.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.ticks"],
            cwd=ROOT,
            env={**os.environ, **told, "BENCH_ROLE": "worker"},
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
