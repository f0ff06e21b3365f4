"""After the storm: databases, topics and the ledger against the driver's journal.

The names I1 … I11 are those of the invariants that every change of the hub must keep.
"""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from aiokafka import AIOKafkaConsumer, TopicPartition

from connector_gateway.domain.ledger import Link, verify
from contracts.topics import TOPICS, Service, dead_letters_of
from deploy.local.layout import SERVICES
from deploy.local.status import lags
from tests.bench.load import REGIME
from tests.chaos.journal import Operation, Told
from tests.chaos.rows import rows
from tests.chaos.run import Run
from tests.support.hub import RunningHub

HEALED = 60.0
"""Seconds after healing within which nothing may wait any more (I10)."""
POISONED = {"missing-headers", "unreadable-headers", "unknown-version"}
UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
UNFINISHED = """
SELECT r.id::text FROM receipts AS r LEFT JOIN outcomes AS o ON o.receipt_id = r.id
WHERE o.receipt_id IS NULL
"""


async def wait_until_quiet(run: Run) -> tuple[list[str], list[str]]:
    """Wait until every part is ready and nothing is under way (I4, I10).

    Return what still is, and which receipts will never end though all is quiet.
    """
    end = time.monotonic() + HEALED
    left, unfinished = ["nobody has looked"], set[str]()
    while (left or unfinished) and time.monotonic() < end:
        await asyncio.sleep(0.25)
        left = await _under_way(run.hub)
        unfinished = set() if left else await asyncio.to_thread(_unfinished, run)
    run.lost |= unfinished
    return (
        [f"I10: not within {HEALED:.0f} s: {one}" for one in left],
        [f"I1: receipt {one} has no end" for one in sorted(unfinished)],
    )


def _unfinished(run: Run) -> set[str]:
    return {receipt for (receipt,) in rows(run.hub, "connector-gateway", UNFINISHED)} - run.lost


async def _under_way(hub: RunningHub) -> list[str]:
    late = [one.name for one in hub.record().parts if one.state not in ("ready", "done")]
    if late:
        return [f"not ready: {', '.join(late)}"]
    try:
        found = [
            f"{service}: {waiting} unsent"
            for service in SERVICES
            if (waiting := rows(hub, service, UNSENT)[0][0])
        ]
        behind = await lags(hub.hub.kafka_bootstrap)
    except Exception as why:  # what is not up yet is not quiet yet
        return [type(why).__name__]
    return found + [f"{service}: {lag} unread" for service, lag in behind.items() if lag]


async def dead_letters(run: Run) -> list[str]:
    """Return what is wrong with the dead letters: poison lies there, and nothing else (I1)."""
    names = {dead_letters_of(reader).name for reader in get_args(Service)}
    topics = [topic for topic in TOPICS if topic.name in names]
    consumer = AIOKafkaConsumer(bootstrap_servers=run.hub.hub.kafka_bootstrap)
    await consumer.start()
    try:
        parts = [
            TopicPartition(topic.name, number)
            for topic in topics
            for number in range(topic.partitions)
        ]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        wanted = sum((await consumer.end_offsets(parts)).values())
        found: list[tuple[str, str, str]] = []
        while len(found) < wanted:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [_letter(one) for one in records]
    finally:
        await consumer.stop()
    poison = {origin for _, reason, origin in found if reason in POISONED}
    few = [f"I1: {run.poured} records of poison, {len(poison)} dead letters"]
    return (few if len(poison) < run.poured else []) + [
        f"I1: {reader} laid down {origin} for {reason}"
        for reader, reason, origin in sorted(set(found))
        if reason not in POISONED
    ]


def _letter(record: Any) -> tuple[str, str, str]:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    reader, reason, origin = (
        headers[f"dead-letter-{one}"] for one in ("reader", "reason", "origin")
    )
    return reader, reason, origin


def check(hub: RunningHub, operations: Sequence[Operation]) -> Iterator[str]:
    """Yield every way in which the hub does not agree with the journal."""
    yield from _receipts(hub, operations)
    yield from _versions(hub, operations)
    yield from _cells(hub, operations)
    yield from _ledger(hub)


def _receipts(hub: RunningHub, operations: Sequence[Operation]) -> Iterator[str]:
    """I1, I2, I11: what was acknowledged is there once and complete; what was refused is not."""
    found = defaultdict(list)
    asked = [one.key for one in operations]
    for key, receipt, state, result in rows(
        hub,
        "connector-gateway",
        "SELECT r.idempotency_key, r.id::text, o.state, o.result FROM receipts AS r "
        "LEFT JOIN outcomes AS o ON o.receipt_id = r.id WHERE r.idempotency_key = ANY(%s)",
        asked,
    ):
        found[key].append((receipt, state, json.loads(bytes(result)) if result else {}))
    for one in operations:
        there = found[one.key]
        if one.told is Told.FAIL and there:
            yield f"I11: refused and yet taken: {one.key} {one.status}"
        if one.told is not Told.OK:
            if len(there) > 1:
                yield f"I2: {one.key} is there {len(there)} times"
            continue
        if [receipt for receipt, _, _ in there] != [one.receipt]:
            yield f"I1: acknowledged {one.receipt}, there is {there} for {one.key}"
            continue
        _, state, result = there[0]
        counts = Counter(result.get("counts", {}))
        if state != "completed" or counts["created"] + counts["updated"] != 1:
            yield f"I1: {one.key} ended {state} {dict(counts)}"


def _versions(hub: RunningHub, operations: Sequence[Operation]) -> Iterator[str]:
    """I2, I3: every delivery made one version; the versions of a report have no gap."""
    made = Counter(
        receipt
        for (receipt,) in rows(
            hub,
            "submissions",
            "SELECT source_id FROM report_versions WHERE source_kind = 'receipt'",
        )
    )
    for one in operations:
        if one.told is Told.OK and made[str(one.receipt)] != 1:
            yield f"I2: {one.key} made {made[str(one.receipt)]} versions"
    for report, latest, count, most in rows(
        hub,
        "submissions",
        "SELECT r.id::text, r.version, count(v.number), coalesce(max(v.number), 0) "
        "FROM reports AS r LEFT JOIN report_versions AS v ON v.report_id = r.id GROUP BY r.id",
    ):
        if not latest == count == most:
            yield f"I3: the versions of report {report} have a gap"


def _cells(hub: RunningHub, operations: Sequence[Operation]) -> Iterator[str]:
    """I1: what stands in a cell is what was taken in last, in the order of the ledger."""
    last: dict[tuple[str, str], Operation] = {}
    unsure = {(one.agency, one.cell) for one in operations if one.told is Told.UNKNOWN}
    for one in sorted(
        (one for one in operations if one.told is Told.OK), key=lambda one: one.ledger_index or 0
    ):
        last[one.agency, one.cell] = one
    stands = {
        unit: cells or {}
        for unit, cells in rows(
            hub,
            "submissions",
            "SELECT r.unit, v.cells FROM reports AS r LEFT JOIN report_versions AS v "
            "ON v.report_id = r.id AND v.number = r.version "
            "WHERE r.regime = %s AND r.period LIKE %s",
            REGIME,
            "%-01",
        )
    }
    for place, one in last.items():
        if place not in unsure and stands.get(one.agency, {}).get(one.cell) != one.value:
            yield f"I1: {one.agency} {one.cell} is not {one.value} of {one.key}"


def _ledger(hub: RunningHub) -> Iterator[str]:
    """I6, I8: every chain verifies; nothing was taken in between a stop and its lift."""
    chains: dict[str, list[Link]] = defaultdict(list)
    for row in rows(
        hub,
        "connector-gateway",
        "SELECT chain, index, at, entry, hash FROM ledger_entries ORDER BY chain, index",
    ):
        chains[row[0]].append(Link(*row))
    for chain, links in chains.items():
        breach = verify(chain, links)
        if breach:
            yield f"I8: {chain} {breach.index}: {breach.why}"
        is_stopped = False
        for link in links:
            entry = json.loads(link.entry)
            if entry["kind"] == "state-changed" and entry["direction"] == "inbound":
                is_stopped = entry["to"] == "SUSPENDED"
            if is_stopped and entry["kind"] == "delivery-received":
                yield f"I6: {chain} {link.index}: taken in while suspended"
