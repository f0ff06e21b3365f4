"""What goes outside while things break: facts said as submissions says them, and what became of it.

A fact is said as a forwarding does: its outbox row in one transaction with the consolidation. Its
number rides in the totals, so that the receiver's journal shows the order of each key.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from uuid import UUID, uuid4

import psycopg

from chassis.clock import now
from chassis.identifiers import new_id
from connector_gateway.domain.connections import STARTING
from contracts.connector_gateway.v1 import DeliveryAcknowledged
from contracts.submissions.v1 import ConsolidationForwarded
from tests.chaos.driver import World
from tests.chaos.journal import Fact, Told
from tests.chaos.receiver import Arrival
from tests.chaos.rows import rows
from tests.support.hub import RunningHub

OUT = "chinh-phu"
"""The connection that takes forwarded reports."""
CONSOLIDATE = """
INSERT INTO consolidations (id, regime, period, lead_agency, revision, document_year,
    document_number, state, expected, accepted, missing, excluded, taken, totals, definition,
    cut_off_at, completed_by, completed_at)
VALUES (%s, 'KTXH-THANG', %s, 'VPUBND', 1, 2026, 1, 'superseded', 1, 1, '[]', '[]', '[]', '{}',
    '{}', now(), 'chaos', now())
ON CONFLICT DO NOTHING
"""
SAY = """
INSERT INTO outbox (id, topic, key, type, headers, value, created_at)
VALUES (%s, %s, %s, %s, '{}', %s, %s)
"""
ATTEMPTS = """
SELECT a.dispatch_id::text, a.number, a.epoch FROM attempts AS a
JOIN dispatches AS d ON d.id = a.dispatch_id JOIN connections AS c ON c.id = d.connection_id
WHERE c.code = %s
"""
EPOCHS = """
SELECT entry FROM ledger_entries WHERE chain = %s ORDER BY index
"""
UNDER_WAY = """
SELECT count(*) FROM dispatches WHERE state IN ('waiting', 'sending', 'held')
"""
ACKNOWLEDGED = "SELECT consolidation_id::text FROM consolidation_acknowledgements"


async def forward_on(world: World, rng: Random) -> None:
    """Say facts of two keys, each key's numbered from 1, until the world stops."""
    keys = [str(new_id()), str(new_id())]
    said = dict.fromkeys(keys, 0)
    while not world.stop.is_set():
        await asyncio.sleep(rng.uniform(0.15, 0.5))
        key = rng.choice(keys)
        said[key] += 1
        world.journal.fact(await asyncio.to_thread(_forward, world, key, said[key]))


def _forward(world: World, key: str, number: int) -> Fact:
    event = ConsolidationForwarded(
        consolidation_id=UUID(key),
        regime="KTXH-THANG",
        period=key,
        lead_agency="VPUBND",
        recipient="Chính phủ",
        totals={"number": str(number)},
        missing=[],
        sha256="0" * 64,
        forwarded_at=now(),
    )
    told = Told.UNKNOWN
    try:
        with psycopg.connect(world.submissions, connect_timeout=3) as connection:
            connection.execute(CONSOLIDATE, (key, key))
            connection.execute(
                SAY,
                (uuid4(), event.topic.name, key, event.type, event.to_bytes(), event.forwarded_at),
            )
        told = Told.OK
    except psycopg.Error as why:
        world.journal.say("fact not sure", key=key, number=number, why=str(why)[:200])
    return Fact(key, number, told)


def check_starts(hub: RunningHub) -> Iterator[str]:
    """I6: no try started under an epoch in which the way out was stopped."""
    opened: list[tuple[int, str]] = []
    for (entry,) in rows(hub, "connector-gateway", EPOCHS, OUT):
        facts = json.loads(entry)
        if facts["kind"] == "state-changed":
            was = opened[-1][1] if opened else "ACTIVE"
            state = facts["to"] if facts["direction"] == "outbound" else was
            opened.append((facts["epoch"], state))
    for dispatch, number, epoch in rows(hub, "connector-gateway", ATTEMPTS, OUT):
        state = next((state for since, state in reversed(opened) if since <= epoch), "ACTIVE")
        if state not in STARTING:
            yield f"I6: try {number} of {dispatch} started in epoch {epoch}, {state}"


def check_arrivals(facts: Sequence[Fact], arrivals: Sequence[Arrival]) -> Iterator[str]:
    """I2, I6: one webhook id a fact, one body an id, the order of each key kept.

    A repeat under an id that is known has no effect at a receiver, so the first arrivals count.
    """
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    last: dict[str, int] = defaultdict(int)
    for one in arrivals:
        is_first = one.webhook_id not in bodies
        ids[one.key, one.number].add(one.webhook_id)
        bodies[one.webhook_id].add(one.body)
        if is_first and one.number < last[one.key]:
            yield f"I6: {one.key} {one.number} arrived after {last[one.key]}"
        last[one.key] = max(last[one.key], one.number)
    said = {(fact.key, fact.number) for fact in facts}
    for fact, known in ids.items():
        if fact not in said:
            yield f"I2: {fact} arrived and was never said"
        if len(known) > 1:
            yield f"I2: {fact} arrived as {len(known)} messages"
    for webhook_id, different in bodies.items():
        if len(different) > 1:
            yield f"I2: {webhook_id} came with {len(different)} bodies"


def check_all_out(
    hub: RunningHub, facts: Sequence[Fact], arrivals: Sequence[Arrival]
) -> Iterator[str]:
    """I1, I4: every fact that was said has arrived, and its acknowledgement is known at home."""
    arrived = {(one.key, one.number) for one in arrivals}
    known = {key for (key,) in rows(hub, "submissions", ACKNOWLEDGED)}
    for fact in facts:
        if fact.told is Told.OK and (fact.key, fact.number) not in arrived:
            yield f"I1: {fact.key} {fact.number} was said and never arrived"
        if fact.told is Told.OK and fact.key not in known:
            yield f"I4: {DeliveryAcknowledged.type} of {fact.key} is not known to submissions"


def under_way(hub: RunningHub) -> int:
    """Return how many dispatches have not ended."""
    return int(rows(hub, "connector-gateway", UNDER_WAY)[0][0])
