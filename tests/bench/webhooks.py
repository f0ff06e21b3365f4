"""W8: webhooks to a fast receiver, alone and beside one that never answers.

The work rows are laid down ready; what is measured goes from the claim under the fence over a
signed request to the acknowledgement in log and ledger. Ten messages share a key, so that order has
to be kept.
"""

import asyncio
import time
from dataclasses import dataclass, field

import psycopg

from contracts.submissions.v1 import ReportAccepted
from deploy.local import keys
from deploy.local.layout import RECEIVER
from deploy.scenario import steps
from tests.bench.results import Results
from tests.bench.sink import receiving, told
from tests.bench.stage import Stage, spent
from tests.support.waiting import until

W = "W8"
ASKED = 500.0
"""Deliveries a second that are asked for."""
MANY = 5000
OF_A_KEY = 10
DEAD = 200
TURNS = 6
"""Of each kind, one after the other: a single one of four seconds swings by a tenth."""
LIMIT = 60.0
OWNER = {
    "code": "nhan-webhook",
    "name": "Hệ thống nhận webhook",
    "owner_agency": "STTTT",
    "owner_email": "nhan-webhook@bacgiang.gov.vn",
}
QUEUE = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, subscription_version)
SELECT uuidv7(), c.id, gen_random_uuid()::text, %(type)s, key, convert_to(
           format('{"type":"%%s","data":{"key":"%%s","number":%%s,"said":"%%s"}}',
                  %(type)s::text, key, number, repeat('1234567,', 100)), 'UTF8'),
       'waiting', now(), now(), 0, 0, 1
FROM connections AS c, generate_series(1, %(of_a_key)s) AS number,
     LATERAL (SELECT %(run)s || '-' || n AS key FROM generate_series(1, %(keys)s) AS n) AS k
WHERE c.code = %(code)s ORDER BY number
"""
LEFT = """
SELECT count(*) FROM dispatches AS d JOIN connections AS c ON c.id = d.connection_id
WHERE c.code = %s AND d.state IN ('waiting', 'sending')
"""
LOGGED = """
SELECT count(*) FROM attempts AS a JOIN dispatches AS d ON d.id = a.dispatch_id
JOIN connections AS c ON c.id = d.connection_id
WHERE c.code = %s AND a.status = 204 AND a.request_headers IS NOT NULL
"""


@dataclass
class Turns:
    """Deliveries a second, turn by turn, and what one cost."""

    rates: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Return the mean rate."""
        return sum(self.rates) / len(self.rates)


async def measure(stage: Stage, results: Results) -> None:
    """Deliver to the fast receiver, in turn alone and while the other one is dead."""
    port, alone, beside = stage.hub.port + RECEIVER, Turns(), Turns()
    async with receiving(port):
        run = f"{time.time():.0f}"
        fast, dead = f"nhanh-{run}", f"chet-{run}"
        for code, path in ((fast, f"hook/{fast}"), (dead, f"dead/{dead}")):
            await asyncio.to_thread(_open, stage, code, f"http://127.0.0.1:{port}/{path}")
        for turn in range(TURNS):
            await _turn(stage, alone, fast, f"{turn}-alone")
            await _queue(stage, dead, f"{turn}-dead", DEAD)
            await _turn(stage, beside, fast, f"{turn}-beside")
        found = await told(port, fast)
    sent = 2 * TURNS * MANY
    results.add(W, "deliveries/s", alone.rate, ASKED)
    results.add(W, "deliveries/s beside a dead receiver", beside.rate, alone.rate)
    for part, seconds in sorted(alone.cpu.items(), key=lambda pair: -pair[1]):
        if seconds * 1000 / MANY / TURNS > 0.01:
            results.add(W, f"CPU ms a delivery: {part}", seconds * 1000 / MANY / TURNS)
    results.expect(found["different"] == sent, f"{W}: {found['different']} of {sent} arrived")
    results.expect(found["count"] == sent, f"{W}: {found['count'] - sent} came twice")
    results.expect(not found["unsigned"], f"{W}: {found['unsigned']} without a signature")
    results.expect(not found["disordered"], f"{W}: {found['disordered']} out of order")
    logged = await _count(stage, LOGGED, fast)
    results.expect(logged == sent, f"{W}: {logged} of {sent} stand in the log")


def _open(stage: Stage, code: str, url: str) -> None:
    steps.open_connection(
        stage.person("van-hanh"),
        stage.hub.secrets,
        code,
        name=code,
        system=OWNER,
        directions=["outbound"],
        webhook={"url": url, "events": [ReportAccepted.type]},
    )


async def _turn(stage: Stage, turns: Turns, code: str, run: str) -> None:
    before = stage.cpu_seconds_with_driver()
    await _queue(stage, code, run, MANY)
    began = time.perf_counter()

    async def is_empty() -> bool:
        return await _count(stage, LEFT, code) == 0

    await until(is_empty, limit=LIMIT, every=0.1)
    turns.rates.append(MANY / (time.perf_counter() - began))
    for part, seconds in spent(before, stage.cpu_seconds_with_driver()).items():
        turns.cpu[part] = turns.cpu.get(part, 0.0) + seconds


async def _queue(stage: Stage, code: str, run: str, count: int) -> None:
    facts = {
        "type": ReportAccepted.type,
        "code": code,
        "run": f"{code}-{run}",
        "of_a_key": OF_A_KEY,
        "keys": count // OF_A_KEY,
    }

    def insert() -> None:
        with psycopg.connect(keys.database_url(stage.hub, "connector-gateway")) as connection:
            connection.execute(QUEUE, facts)

    await asyncio.to_thread(insert)


async def _count(stage: Stage, query: str, code: str) -> int:
    def ask() -> int:
        with psycopg.connect(keys.database_url(stage.hub, "connector-gateway")) as connection:
            row = connection.execute(query, [code]).fetchone()
        assert row
        return int(row[0])

    return await asyncio.to_thread(ask)
