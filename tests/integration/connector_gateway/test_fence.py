"""The fence: from the commit of a suspension on, nothing is accepted and nothing starts (Đ8.1c)."""

import asyncio
import json
import time

import pytest
from psycopg.errors import LockNotAvailable

from chassis.clock import now
from connector_gateway.commands import deliveries
from connector_gateway.domain.pushes import Push
from connector_gateway.domain.receipts import Delivery
from connector_gateway.queries import deliveries as queries
from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery
from tests.support.waiting import until

OFFER = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, subscription_version)
SELECT uuidv7(), id, 'e', 't', 'k', '', 'waiting', now(), now(), 0, 0, 1 FROM connections
"""
STOP = "UPDATE connections SET inbound_state = 'SUSPENDED'"


async def keep_pushing(
    partner: Partner, stop: asyncio.Event, began: list[tuple[float, int]]
) -> None:
    """Push until told to stop; note when each push began and how it was answered."""
    while not stop.is_set():
        moment = time.monotonic()
        answer = await partner.push(a_delivery(figures=20))
        assert answer.status_code in (202, 503), answer.text
        began.append((moment, answer.status_code))


@pytest.mark.parametrize("delay", [0.2, 0.23, 0.29, 0.36, 0.4])
async def test_no_push_is_accepted_after_a_suspension_has_committed(
    gateway: Gateway, delay: float
) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    stop = asyncio.Event()
    began: list[tuple[float, int]] = []
    async with asyncio.TaskGroup() as pushers:
        for _ in range(12):
            pushers.create_task(keep_pushing(partner, stop, began))
        await asyncio.sleep(delay)
        await gateway.suspend("qg-tthc")
        committed = time.monotonic()
        await asyncio.sleep(0.2)
        stop.set()
    after = {status for moment, status in began if moment > committed}
    assert {status for _, status in began} == {202, 503}
    assert after == {503}
    kinds = [
        json.loads(entry)
        for (entry,) in gateway.rows(
            "SELECT entry FROM ledger_entries WHERE chain = 'qg-tthc' ORDER BY index"
        )
    ]
    stopped = next(n for n, entry in enumerate(kinds) if entry.get("to") == "SUSPENDED")
    assert "delivery-received" not in [entry["kind"] for entry in kinds[stopped:]]
    late = "SELECT count(*) FROM receipts WHERE received_at > (SELECT in_force_at FROM suspensions)"
    assert gateway.rows(late) == [(0,)]
    assert gateway.rows("SELECT DISTINCT epoch FROM receipts") == [(1,)]


async def test_a_push_under_way_delays_the_suspension_and_counts(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    who = await gateway.app.state.keyring.principal(await partner.sign_in())
    push = Push("qg-tthc", who.epoch, Delivery("k", b"{}", "application/json", ""))
    async with gateway.database.transaction() as session:
        await deliveries.receive(session, [push], waits=True, now=now())
        suspending = asyncio.create_task(gateway.suspend("qg-tthc"))
        await until(gateway.has_somebody_waiting, limit=10)
    await suspending
    assert gateway.rows("SELECT count(*) FROM receipts") == [(1,)]
    assert (await partner.push(a_delivery())).status_code == 503


async def test_the_database_lets_no_state_change_once_a_push_has_read_it_even_without_a_turn(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    push = Push("qg-tthc", 1, Delivery("k", b"{}", "application/json", ""))
    async with gateway.database.transaction() as session:
        await queries.fences_for_update(session, [push], waits=True)
        with pytest.raises(LockNotAvailable):
            gateway.execute(f"SET lock_timeout = '100ms'; {STOP}")


async def test_what_only_refers_to_a_connection_does_not_wait_for_who_holds_its_row(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    who = await gateway.app.state.keyring.principal(await partner.sign_in())
    push = Push("qg-tthc", who.epoch, Delivery("k", b"{}", "application/json", ""))
    async with gateway.database.transaction() as session:
        await deliveries.receive(session, [push], waits=True, now=now())
        gateway.execute(f"SET lock_timeout = '1s'; {OFFER}")
    assert gateway.rows("SELECT count(*) FROM dispatches") == [(1,)]


async def test_another_connection_goes_on_undisturbed(gateway: Gateway) -> None:
    other = await gateway.open("khac")
    await gateway.open("qg-tthc")
    await gateway.suspend("qg-tthc")
    assert (await other.push(a_delivery())).status_code == 202
