"""W7: what a delivery costs where sixteen times as much is stored already."""

import asyncio
import time

import asyncpg

from deploy.local import keys
from deploy.local.layout import Hub
from tests.bench import proofs
from tests.bench.load import REGIME, year_after_year
from tests.bench.pushing import Round, push_all
from tests.bench.results import Results
from tests.bench.stage import Stage

W = "W7"
TIMES = 16
YEARS = 3
"""How often a round pushes every report of the year."""
FEED = (
    """
    INSERT INTO outbox (id, topic, key, type, headers, value, traceparent, created_at, sent_at)
    SELECT uuidv7(), topic, key, type, headers, value, traceparent, created_at, sent_at
    FROM outbox, generate_series(1, {more}) WHERE sent_at IS NOT NULL
    """,
    """
    INSERT INTO inbox (reader, event_id)
    SELECT reader, event_id || '/' || copy FROM inbox, generate_series(1, {more}) AS copy
    """,
)
HISTORY = {
    "connector-gateway": (
        """
        CREATE TEMP TABLE copies AS
        SELECT uuidv7('-400 days'::interval) AS id, r.id AS original, copy
        FROM receipts AS r, generate_series(1, {more}) AS copy
        """,
        """
        INSERT INTO receipts (id, connection_id, idempotency_key, sha256, content_type,
            content_encoding, size, received_at, epoch, ledger_index, is_quarantined)
        SELECT c.id, connection_id, idempotency_key || '/' || copy, sha256, content_type,
            content_encoding, size, received_at - interval '400 days', epoch, ledger_index, true
        FROM copies AS c JOIN receipts AS r ON r.id = c.original
        """,
        """
        INSERT INTO outcomes (receipt_id, state, finished_at, result)
        SELECT c.id, state, finished_at, result
        FROM copies AS c JOIN outcomes AS o ON o.receipt_id = c.original
        """,
        """
        INSERT INTO held_deliveries (connection_id, receipt_id, received_at, body, grants,
            code_map_version, is_released)
        SELECT connection_id, c.id, received_at, sha256, '{{}}', 0, true
        FROM copies AS c JOIN receipts AS r ON r.id = c.id
        """,
        """
        INSERT INTO ledger_entries (chain, index, at, entry, hash)
        SELECT chain, index + copy * latest, moment, entry, sha256(hash || int4send(copy))
        FROM ledger_entries JOIN (
            SELECT chain, max(index) AS latest, max(at) AS moment FROM ledger_entries GROUP BY chain
        ) AS chains USING (chain), generate_series(1, {more}) AS copy
        """,
        *FEED,
    ),
    "submissions": (
        """
        INSERT INTO report_versions (report_id, number, cells, source_kind, source_id, source_name,
            traceparent, made_at)
        SELECT report_id, number + copy * version, cells, source_kind, source_id, source_name,
            traceparent, made_at
        FROM report_versions JOIN reports ON id = report_id, generate_series(1, {more}) AS copy
        """,
        "UPDATE reports SET version = version * ({more} + 1) WHERE version > 0",
        *FEED,
    ),
}
"""Copies of everything that a delivery leaves; the hashes of the copied ledger are no chain."""


async def measure(stage: Stage, results: Results) -> None:
    """Measure, multiply the history, measure again."""
    periods = list(stage.facts["periods"][REGIME])
    run = int(time.time()) % 100_000
    await push_all(stage, list(year_after_year(periods, run, 1)))
    few = await _round(stage, results, periods, run + 1)
    for service, statements in HISTORY.items():
        await _multiply(stage.hub, service, statements)
    many = await _round(stage, results, periods, run + 1 + YEARS)
    few.say(results, W, "as stored")
    many.say(results, W, f"{TIMES} times as much stored")
    cost, limit = (sum(done.each().values()) for done in (many, few))
    results.add(W, f"CPU ms a delivery, {TIMES} times (limit: once)", cost, limit)


async def _round(stage: Stage, results: Results, periods: list[str], run: int) -> Round:
    before = await asyncio.to_thread(proofs.versions, stage, periods)
    done = await push_all(stage, list(year_after_year(periods, run, YEARS)))
    await asyncio.to_thread(proofs.check_receipts, stage, results, W, done)
    after = await asyncio.to_thread(proofs.versions, stage, periods)
    proofs.check_versions(results, W, before, after, [done])
    return done


async def _multiply(hub: Hub, service: str, statements: tuple[str, ...]) -> None:
    """Store ``TIMES`` as much, and let the server come to rest."""
    connection = await asyncpg.connect(keys.database_url(hub, service))
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement.format(more=TIMES - 1))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    server = await asyncpg.connect(keys.superuser_url(hub))
    try:
        await server.execute("CHECKPOINT")
    finally:
        await server.close()
