"""W1 ingest, W2 suspend and W5 backbone of the hub."""

import asyncio
import contextlib
import time
from typing import Any

import asyncpg
import httpx
import orjson
import psutil

from chassis.database import raw_connection
from chassis.outbox import publish
from deploy.local import demo_file, keys, record
from deploy.local.layout import Hub
from deploy.scenario.client import CONNECTIONS, Person, open_client
from tests.bench.load import COLUMNS, FIGURES, ROWS, SYSTEMS, Pusher, body_of
from tests.bench.report import Figure, percentile
from tests.support import probe
from tests.support.kafka import renew_topics
from tests.support.postgres import fresh_database
from tests.support.waiting import until

DELIVERIES = 60
"""A system pushes so many deliveries of 1,080 figures in W1."""
AT_ONCE = 3
EVENTS = 20_000


class WorkLost(Exception):
    """Work was lost or done twice: the one thing that fails a benchmark."""


async def w1(hub: Hub) -> list[Figure]:
    """Eight systems push; measured until every figure is committed and every receipt complete."""
    year = _year(hub)
    limit = await _raw_versions(hub)
    async with _pushers(hub) as pushers:
        bodies = [
            [body_of(at, n, year=year, salt=int(time.time()) % 9000 + n) for n in range(DELIVERIES)]
            for at in range(SYSTEMS)
        ]
        cpu = _cpu(hub)
        began = time.perf_counter()
        await asyncio.gather(
            *(_push_all(pusher, mine) for pusher, mine in zip(pushers, bodies, strict=True))
        )
        await asyncio.gather(*(_settle(pusher) for pusher in pushers))
        seconds = time.perf_counter() - began
        used = _cpu(hub)
        await asyncio.gather(*(_check(pusher) for pusher in pushers))
    answers = [one.seconds * 1000 for pusher in pushers for one in pusher.pushed]
    deliveries = len(answers)
    figures = [
        Figure("W1", "figures committed", deliveries * FIGURES / seconds, "/s", limit),
        Figure("W1", "deliveries", deliveries / seconds, "/s"),
        Figure("W1", "202 p50", percentile(answers, 0.5), "ms"),
        Figure("W1", "202 p99", percentile(answers, 0.99), "ms"),
    ]
    figures += [
        Figure("W1", f"CPU a delivery, {part}", (used[part] - cpu[part]) / deliveries * 1000, "ms")
        for part in sorted(used)
        if part in cpu and used[part] - cpu[part] > 0.05
    ]
    return figures


async def w2(hub: Hub) -> list[Figure]:
    """200 requests a second; one connection is suspended; nothing is accepted afterwards."""
    year = _year(hub)
    times: list[float] = []
    for run in range(5):
        async with _pushers(hub) as pushers:
            times.append(await _suspend_under_load(hub, pushers[run % SYSTEMS], year))
    return [
        Figure("W2", "accepted after the commit", 0, ""),
        Figure("W2", "time to effect p50", percentile(times, 0.5), "ms"),
        Figure("W2", "time to effect max", max(times), "ms"),
    ]


async def w5(_: Hub) -> list[Figure]:
    """Commit → Kafka → effect in the reader: idle delay, and a backlog drained."""
    bootstrap = await renew_topics()
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, bootstrap)
        await probe.effects(app)
        for start in range(0, EVENTS, 1000):
            async with app.state.database.transaction() as session:
                for number in range(start, start + 1000):
                    publish(session, probe.a_flag("w5", connection=f"c{number % 50}"))
        async with probe.running(app):
            began = time.perf_counter()
            await until(lambda: _has_effects(app, EVENTS), limit=120, every=0.1)
            drained = EVENTS / (time.perf_counter() - began)
            if len({flag for flag, _ in await probe.effects(app)}) != EVENTS:
                raise WorkLost("W5: an event took effect not exactly once")
            delays = [await _delay(app) for _ in range(60)]
    return [
        Figure("W5", "relayed and drained, one process", drained, "events/s"),
        Figure("W5", "commit to effect p50, idle", percentile(delays, 0.5), "ms"),
        Figure("W5", "commit to effect p99, idle", percentile(delays, 0.99), "ms"),
    ]


def _year(hub: Hub) -> str:
    return str(demo_file.read(hub)["periods"]["KTXH-THANG"][0][:4])


@contextlib.asynccontextmanager
async def _pushers(hub: Hub) -> Any:
    secrets = {one["code"]: one["client_secret"] for one in demo_file.read(hub)["connections"]}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=hub.origin, timeout=60, limits=limits) as http:
        pushers = [
            Pusher(http, f"load-{number}", secrets[f"load-{number}"])
            for number in range(1, SYSTEMS + 1)
        ]
        for pusher in pushers:
            await pusher.sign_in()
        yield pushers


async def _push_all(pusher: Pusher, bodies: list[bytes]) -> None:
    waiting = iter(bodies)

    async def work() -> None:
        for body in waiting:
            await pusher.push(body)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _settle(pusher: Pusher) -> None:
    for one in pusher.pushed:
        if one.status != 202 or one.receipt is None:
            raise WorkLost(f"W1: a push was answered with {one.status}")
    await asyncio.gather(*(pusher.settled(str(one.receipt)) for one in pusher.pushed[-AT_ONCE:]))


async def _check(pusher: Pusher) -> None:
    for one in pusher.pushed:
        found = await pusher.settled(str(one.receipt))
        counts = found["counts"] or {}
        if found["state"] != "completed" or sum(counts.values()) != FIGURES:
            raise WorkLost(f"W1: receipt {one.receipt}: {found['state']} {counts}")


async def _raw_versions(hub: Hub) -> float:
    """Return figures a second that PostgreSQL alone takes as versions, batch by batch."""
    cells = {f"{row}:{column}": "1234.5" for row in ROWS for column in COLUMNS}
    document = orjson.dumps(cells).decode()
    batch = [document] * 120
    connection = await asyncpg.connect(keys.superuser_url(hub, "submissions"))
    try:
        await connection.execute("CREATE TEMP TABLE raw_versions (cells jsonb)")
        began, written = time.perf_counter(), 0
        while time.perf_counter() - began < 3:
            await connection.execute(
                "INSERT INTO raw_versions SELECT c::jsonb FROM unnest($1::text[]) AS c", batch
            )
            written += len(batch) * len(cells)
        return written / (time.perf_counter() - began)
    finally:
        await connection.close()


def _cpu(hub: Hub) -> dict[str, float]:
    """Return the seconds of processor time that each part has used, children included."""
    found = record.read(hub)
    used: dict[str, float] = {"driver": sum(psutil.Process().cpu_times()[:2])}
    for part in found.parts if found else ():
        process = part.process()
        if process:
            family = [process, *process.children(recursive=True)]
            used[part.name] = sum(sum(one.cpu_times()[:2]) for one in family)
    return used


async def _suspend_under_load(hub: Hub, pusher: Pusher, year: str) -> float:
    """Suspend while 200 requests a second arrive; return how long the stop took, in ms."""
    operator, second = (_person(hub, name) for name in ("ket-noi-1", "ket-noi-2"))
    stop = asyncio.Event()
    body = body_of(0, 0, year=year, salt=1)

    async def fire() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            await pusher.push(body)
            await asyncio.sleep(max(0.0, 0.02 - (time.perf_counter() - began)))

    firing = [asyncio.create_task(fire()) for _ in range(4)]
    await asyncio.sleep(0.5)
    order = {
        "ground": "SECURITY_RISK",
        "scope": {"kind": "connection", "code": pusher.code, "directions": ["inbound"]},
        "public_reason": "Đo thời gian tạm ngừng",
    }
    asked = time.perf_counter()
    found = await asyncio.to_thread(operator.post, f"{CONNECTIONS}/suspensions", order)
    committed = time.perf_counter()
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*firing)
    late = [one for one in pusher.pushed if one.sent_at > committed and one.status == 202]
    path = f"{CONNECTIONS}/suspensions/{found['id']}"
    lift = {"remedy": "Đo xong", "held": {"choose": "all"}}
    await asyncio.to_thread(operator.post, f"{path}/lift", lift)
    await asyncio.to_thread(second.post, f"{path}/lift/approve", {})
    if late:
        raise WorkLost(f"W2: {len(late)} accepted after the commit")
    stopped = min(one.sent_at + one.seconds for one in pusher.pushed if one.status == 503)
    return max(0.0, stopped - asked) * 1000


def _person(hub: Hub, username: str) -> Person:
    [account] = [one for one in demo_file.read(hub)["accounts"] if one["username"] == username]
    return Person(open_client(hub.origin), username=username, password=account["password"])


async def _has_effects(app: Any, count: int) -> bool:
    async with app.state.database.transaction() as session:
        connection = await raw_connection(session)
        return int(await connection.fetchval("SELECT count(*) FROM effects")) >= count


async def _delay(app: Any) -> float:
    flag = probe.a_flag("idle")
    seen = asyncio.Event()
    probe.SEEN[flag.flag_id] = seen
    async with app.state.database.transaction() as session:
        publish(session, flag)
    began = time.perf_counter()
    await asyncio.wait_for(seen.wait(), 10)
    await asyncio.sleep(0.05)
    return (time.perf_counter() - began - 0.05) * 1000
