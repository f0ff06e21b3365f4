"""What claims and ends of tries meet: one at a time only where something is counted."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from chassis.clock import now
from connector_gateway.commands import deliveries, dispatches
from connector_gateway.commands.dispatches import START, Parcel
from connector_gateway.commands.settlements import Ending, settle
from connector_gateway.domain.dispatches import Answer
from connector_gateway.domain.pushes import Push
from connector_gateway.domain.receipts import Delivery
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound
from tests.support.partner import Receiver
from tests.support.waiting import until

BREAKER = "SELECT state, consecutive_failures FROM breakers WHERE direction = 'outbound'"
ACKNOWLEDGED = """SELECT entry::jsonb ->> 'dispatch' FROM ledger_entries
                  WHERE entry::jsonb ->> 'kind' = 'dispatch-acknowledged' ORDER BY index"""
SENT = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, subscription_version)
SELECT uuidv7(), connection_id, gen_random_uuid()::text, event_type, gen_random_uuid()::text, '',
       state, created_at, next_attempt_at, attempts, epoch, subscription_version
FROM (SELECT * FROM dispatches LIMIT 1) AS d, generate_series(1, {})
"""
PLAN = "EXPLAIN EXECUTE start(uuidv7(), now(), 50, 1, now())"
ONE_AT_A_TIME = {
    "a probe": "UPDATE breakers SET state = 'OPEN', retry_at = now()",
    "the pace after a lift": """UPDATE connections
                                SET outbound_state = 'RESUMING', outbound_since = now()""",
}
CHANGES_OF_STATE = [
    "UPDATE connections SET epoch = epoch + 1",
    "UPDATE connections SET inbound_state = 'SUSPENDED'",
    "UPDATE connections SET outbound_state = 'SUSPENDED'",
]


async def test_claims_of_one_connection_do_not_wait_for_each_other(
    gateway: Gateway, receiver: Receiver
) -> None:
    await two_due(gateway, receiver)
    async with gateway.database.transaction() as session, asyncio.timeout(10):
        first = await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())
        second = await claim(gateway)
    assert len({parcel.dispatch for parcel in (*first, *second)}) == 2


async def test_a_claim_and_a_push_of_one_connection_do_not_wait_for_each_other(
    gateway: Gateway, receiver: Receiver
) -> None:
    await two_due(gateway, receiver)
    held = Push("ubnd-tinh", 1, Delivery("k", b"{}", "application/json", ""))
    async with gateway.database.transaction() as session, asyncio.timeout(10):
        await deliveries.receive(session, [held], waits=True, now=now())
        assert len(await claim(gateway)) == 1


@pytest.mark.parametrize("change", CHANGES_OF_STATE)
async def test_the_database_lets_no_state_change_under_a_claim_even_where_nobody_locks(
    gateway: Gateway, receiver: Receiver, change: str
) -> None:
    await two_due(gateway, receiver)
    async with gateway.database.transaction() as session:
        assert len(await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())) == 1
        with pytest.raises(LockNotAvailable):
            gateway.execute(f"SET lock_timeout = '100ms'; {change}")
        gateway.execute("UPDATE connections SET spent_bytes = 1")


@pytest.mark.parametrize("change", ONE_AT_A_TIME.values(), ids=ONE_AT_A_TIME)
async def test_claims_that_count_go_one_at_a_time(
    gateway: Gateway, receiver: Receiver, change: str
) -> None:
    await two_due(gateway, receiver)
    gateway.execute(change)
    async with gateway.database.transaction() as session:
        assert len(await dispatches.claim(session, "ubnd-tinh", slots=9, now=now())) == 1
        other = asyncio.create_task(claim(gateway))
        await until(gateway.has_somebody_waiting, limit=10)
    assert await other == []


async def test_the_usual_end_takes_three_statements_for_all(
    gateway: Gateway, receiver: Receiver
) -> None:
    await two_due(gateway, receiver)
    endings = [Ending(parcel, Answer(status=204)) for parcel in await claim(gateway, slots=2)]
    assert await statements_of(gateway, endings) == 3
    assert gateway.rows("SELECT state FROM dispatches") == [("delivered",), ("delivered",)]
    told = [(str(one.parcel.dispatch),) for one in endings]
    assert gateway.rows(ACKNOWLEDGED) == told


async def test_a_breaker_counts_ends_in_the_order_they_came(
    gateway: Gateway, receiver: Receiver
) -> None:
    await two_due(gateway, receiver)
    one, other = await claim(gateway, slots=2)
    bad, good = Ending(one, Answer(status=500)), Ending(other, Answer(status=204))
    async with gateway.database.transaction() as session:
        await settle(session, [good, bad], waits=True, now=now())
    assert gateway.rows(BREAKER) == [("CLOSED", 1)]
    gateway.execute("UPDATE dispatches SET state = 'waiting', next_attempt_at = now()")
    for answer in (500, 204):
        (again, *_) = await claim(gateway, slots=1)
        async with gateway.database.transaction() as session:
            await settle(session, [Ending(again, Answer(status=answer))], waits=True, now=now())
    assert gateway.rows(BREAKER) == [("CLOSED", 0)]


@pytest.mark.parametrize("sent", [0, 85, 100, 1000])
async def test_the_oldest_of_a_key_is_found_by_its_index_however_many_were_sent(
    gateway: Gateway, receiver: Receiver, sent: int
) -> None:
    gateway.execute("TRUNCATE dispatches CASCADE")
    await two_due(gateway, receiver)
    gateway.execute(SENT.format(sent))
    for change in ("state = 'sending'", "attempts = 1", "state = 'delivered'"):
        gateway.execute(f"UPDATE dispatches SET {change}")  # noqa: S608 words of our own
    with psycopg.connect(gateway.url) as connection:
        connection.execute(f"PREPARE start(uuid, timestamptz, int, bigint, timestamptz) AS {START}")
        plan = connection.execute(PLAN).fetchall()
    assert any("ix_dispatches_key on dispatches e " in line for (line,) in plan), plan


async def two_due(gateway: Gateway, receiver: Receiver) -> None:
    """Open a connection that has two dispatches due."""
    await open_outbound(gateway, receiver)
    for _ in range(2):
        await forward(gateway)


async def claim(gateway: Gateway, slots: int = 1) -> Sequence[Parcel]:
    """Claim in a transaction of its own."""
    async with gateway.database.transaction() as session:
        return await dispatches.claim(session, "ubnd-tinh", slots=slots, now=now())


async def statements_of(gateway: Gateway, endings: Sequence[Ending]) -> int:
    """Write down how tries ended, the first to get to know the types; count the statements."""
    asked: list[object] = []
    async with gateway.database.transaction() as session:
        raw = await (await session.connection()).get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await settle(session, endings[:1], waits=True, now=now())
        driver.add_query_logger(asked.append)
        try:
            await settle(session, endings, waits=True, now=now())
        finally:
            driver.remove_query_logger(asked.append)
    return len(asked)
