"""W2: 200 requests a second arrive and 200 deliveries leave; one connection is suspended both ways.

Three processes of connector-gateway share the work. Each round suspends a connection of its own for
a security risk, while another goes on. Nothing may be accepted or started after the commit:

- no push that was sent after the order had been answered got 202, and in the ledger, which is
  written under the connection's lock, no delivery stands behind the suspension;
- no try of a dispatch carries the epoch that the suspension began, or a later one: the epoch is
  stamped under the same lock.

Work rows are laid down as they are when an event has been offered, also behind the suspension.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from contracts.submissions.v1 import ReportAccepted
from deploy.local import keys
from deploy.local.layout import RECEIVER
from deploy.scenario import steps
from deploy.scenario.client import CONNECTIONS, Person, System
from tests.bench import mailbox
from tests.bench.effects import A_SECOND, RATED, Times, W, say
from tests.bench.results import Results
from tests.bench.sink import receiving, told
from tests.bench.stage import Stage, spent
from tests.bench.streams import Stream
from tests.bench.wire import Line, lines, request

WORKERS = 3
ROUNDS = 20
WARMING_UP = 2
"""Rounds before these, judged alike but not told: a hub that has just started compiles."""
BEFORE, AFTER = 2.2, 0.4
"""Seconds of load around the order."""
AT_ONCE = 40
EVERY = 0.02
"""Seconds between two portions of dispatches, and between two looks at the notice."""
LIMIT = 10.0
OFFER = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, subscription_version, traceparent)
SELECT uuidv7(), c.id, gen_random_uuid()::text, $2, gen_random_uuid()::text, '{}', 'waiting',
       now(), now(), 0, 0, 1, format('00-%s-%s-00', md5(random()::text), left(md5(c.code), 16))
FROM unnest($1::text[]) AS o(code) JOIN connections AS c ON c.code = o.code
"""
STARTED = """
SELECT a.epoch FROM attempts AS a JOIN dispatches AS d ON d.id = a.dispatch_id
JOIN connections AS c ON c.id = d.connection_id WHERE c.code = $1
"""
COMMITTED = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM stops WHERE suspension_id = $1
LIMIT 1
"""

ACCEPTED = """
SELECT max(extract(epoch FROM pg_xact_commit_timestamp(r.xmin))) FROM receipts AS r
JOIN connections AS c ON c.id = r.connection_id WHERE c.code = $1
"""


@dataclass(frozen=True)
class Order:
    """When an order was sent and answered, by the clock of the wall, and when it committed."""

    wall: float
    answered: float
    committed: float
    """Seconds after ``wall``."""


@dataclass
class Field:
    """Where the rounds take place."""

    stage: Stage
    results: Results
    database: asyncpg.Connection
    free: "asyncio.Queue[Line]"
    watcher: Line
    codes: list[str]
    other: str
    token: str
    times: Times = field(default_factory=Times)
    ordered_at: dict[str, float] = field(default_factory=dict)
    """By connection, by the clock of the wall."""

    @property
    def receiver(self) -> int:
        """Return the port of the receiver."""
        return self.stage.hub.port + RECEIVER


async def measure(stage: Stage, results: Results) -> None:
    """Suspend connection after connection."""
    run = f"w2-{int(time.time()) % 1_000_000}"
    codes = [f"{run}-{number}" for number in range(WARMING_UP + ROUNDS + 1)]
    for code in codes:
        await asyncio.to_thread(_open, stage, code)
    url = keys.database_url(stage.hub, "connector-gateway")
    async with (
        receiving(stage.hub.port + RECEIVER),
        lines(stage.hub.origin, AT_ONCE) as opened,
        lines(stage.hub.origin, 1) as [watcher],
    ):
        free: asyncio.Queue[Line] = asyncio.Queue()
        for line in opened:
            free.put_nowait(line)
        database = await asyncpg.connect(url)
        other = codes.pop()
        token = await asyncio.to_thread(_token, stage, other)
        place = Field(stage, results, database, free, watcher, codes, other, token)
        for code in codes[:WARMING_UP]:
            await _round(place, code)
        place.times, before = Times(), stage.cpu_seconds_with_driver()
        for code in codes[WARMING_UP:]:
            await _round(place, code)
        used = spent(before, stage.cpu_seconds_with_driver())
        await database.close()
    await _wait_for_mails(place)
    say(results, place.times, used)


async def _round(place: Field, code: str) -> None:
    stage, times, host = place.stage, place.times, place.stage.hub.origin
    stopped = Stream(code, await asyncio.to_thread(_token, stage, code), A_SECOND["stopped"])
    other = Stream(place.other, place.token, A_SECOND["other"])
    stop = asyncio.Event()
    running = [asyncio.create_task(one.run(place.free, host, stop)) for one in (stopped, other)]
    running.append(asyncio.create_task(_offer(place, code, stop)))
    operator = stage.person("ket-noi-1")
    await asyncio.sleep(BEFORE)
    asked_at, wall = time.perf_counter(), time.time()
    order = await asyncio.to_thread(_suspend, operator, code)
    answered_at, answered_wall = time.perf_counter(), time.time()
    public = asyncio.create_task(_public(place, order["notice"]))
    await asyncio.sleep(AFTER)
    stop.set()
    await asyncio.gather(*running)
    times.noticed.append((await public - asked_at) * 1000)
    times.pushes += len(stopped.pushes) + len(other.pushes)
    place.ordered_at[code] = wall
    committed = float(await place.database.fetchval(COMMITTED, order["id"])) - wall
    last = float(await place.database.fetchval(ACCEPTED, code)) - wall
    times.accepted.append(max(0.0, last) * 1000)
    await _judge_inbound(place, stopped, order, answered_at)
    await _judge_outbound(place, code, Order(wall, answered_wall, committed))
    disturbed = {one.status for one in other.pushes} - {202}
    place.results.expect(not disturbed, f"{W}: {place.other} was disturbed: {disturbed}")
    taken = [one.answered_at for one in stopped.pushes + other.pushes if one.status == 202]
    times.came_in += sum(asked_at - RATED < at <= asked_at for at in taken)
    accepted = [one.answered_at for one in stopped.pushes if one.status == 202]
    refused = [one.answered_at for one in stopped.pushes if one.status == 503]
    times.ordered.append((answered_at - asked_at) * 1000)
    times.committed.append(committed * 1000)
    took = max(0.0, max(accepted, default=asked_at) - asked_at)
    times.effect.append(took * 1000)
    times.effect_of_commit.append(max(0.0, took - committed) * 1000)
    times.refused.append((min(refused, default=answered_at) - asked_at) * 1000)


async def _judge_inbound(
    place: Field, stopped: Stream, order: dict[str, Any], answered_at: float
) -> None:
    code, expect = stopped.code, place.results.expect
    late = [one for one in stopped.pushes if one.sent_at > answered_at and one.status == 202]
    in_ledger = await asyncio.to_thread(_late_in_ledger, place.stage, code, order)
    place.times.accepted_late += max(len(late), in_ledger)
    expect(not late, f"{W}: {code}: {len(late)} accepted after the order was answered")
    expect(not in_ledger, f"{W}: {code}: {in_ledger} in the ledger after it")
    strange = {one.status for one in stopped.pushes} - {202, 503}
    expect(not strange, f"{W}: {code} was answered {strange}")


async def _judge_outbound(place: Field, code: str, order: Order) -> None:
    times, expect, wall = place.times, place.results.expect, order.wall
    arrivals = (await told(place.receiver, code))["times"]
    others = (await told(place.receiver, place.other))["times"]
    times.went_out += sum(wall - RATED < at <= wall for at in arrivals + others)
    epochs = [row["epoch"] for row in await place.database.fetch(STARTED, code)]
    late = sum(epoch > 1 for epoch in epochs)
    times.started_late += late
    expect(not late, f"{W}: {code}: {late} started after the suspension")
    expect(arrivals, f"{W}: {code}: nothing went out before the suspension")
    times.came_late += sum(at > order.answered for at in arrivals)
    took = max(0.0, max(arrivals, default=wall) - wall)
    times.last_out.append(took * 1000)
    times.last_out_of_commit.append(max(0.0, took - order.committed) * 1000)


async def _offer(place: Field, code: str, stop: asyncio.Event) -> None:
    """Lay down dispatches of both connections at an even rate."""
    began, offered = time.perf_counter(), dict.fromkeys(A_SECOND, 0)
    names = {"stopped": code, "other": place.other}
    while not stop.is_set():
        await asyncio.sleep(EVERY)
        due: list[str] = []
        for name, a_second in A_SECOND.items():
            wanted = int((time.perf_counter() - began) * a_second) - offered[name]
            offered[name] += wanted
            due += [names[name]] * wanted
        await place.database.execute(OFFER, due, ReportAccepted.type)


async def _public(place: Field, notice: str) -> float:
    """Return when the notice could be read through the gateway."""
    ask = request("GET", notice, {"Accept": "text/html"}, host=place.stage.hub.origin)
    end = time.perf_counter() + LIMIT
    while time.perf_counter() < end:
        if (await place.watcher.ask(ask)).status == 200:
            return time.perf_counter()
        await asyncio.sleep(EVERY)
    place.results.expect(False, f"{W}: {notice} was not public within {LIMIT:.0f} s")
    return end


async def _wait_for_mails(place: Field) -> None:
    left = dict(place.ordered_at)
    end = time.monotonic() + LIMIT
    while left and time.monotonic() < end:
        for code, at in mailbox.arrivals(place.stage.hub.mail, left).items():
            place.times.mailed.append((at - left.pop(code)) * 1000)
        await asyncio.sleep(0.2)
    place.results.expect(not left, f"{W}: no mail to the owners of {', '.join(left)}")
    place.times.mailed = place.times.mailed or [LIMIT * 1000]


def _open(stage: Stage, code: str) -> None:
    steps.open_connection(
        stage.person("van-hanh"),
        stage.hub.secrets,
        code,
        name=code,
        system={
            "code": code,
            "name": code,
            "owner_agency": "STTTT",
            "owner_email": mailbox.address_of(code),
        },
        directions=["inbound", "outbound"],
        webhook={
            "url": f"http://127.0.0.1:{stage.hub.port + RECEIVER}/hook/{code}",
            "events": [ReportAccepted.type],
        },
    )


def _token(stage: Stage, code: str) -> str:
    system: System = stage.system(code)
    system.renew()
    return system.token


def _suspend(operator: Person, code: str) -> dict[str, Any]:
    found: dict[str, Any] = operator.post(
        f"{CONNECTIONS}/suspensions",
        {
            "ground": "SECURITY_RISK",
            "scope": {"kind": "connection", "code": code, "directions": ["inbound", "outbound"]},
            "public_reason": "Đo thời gian tạm ngừng",
        },
    )
    return found


def _late_in_ledger(stage: Stage, code: str, order: dict[str, Any]) -> int:
    """Count the deliveries that the connection's chain has behind the suspension."""
    auditor, after = stage.person("kiem-toan"), None
    is_stopped, late = False, 0
    while True:
        asked = {"chain": code, "from": order["requested_at"], "limit": 500}
        page = auditor.get(f"{CONNECTIONS}/ledger", **asked, **({"after": after} if after else {}))
        for line in page["items"]:
            entry = json.loads(line["entry"])
            is_stopped |= entry["kind"] == "state-changed" and entry["direction"] == "inbound"
            late += is_stopped and entry["kind"] == "delivery-received"
        after = page["next"]
        if not after:
            return late
