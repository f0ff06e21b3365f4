"""Turns at a connection: an order waits for those who came before it, and for nobody else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chassis.clock import now
from connector_gateway.commands import deliveries, dispatches
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.settlements import Ending, settle
from connector_gateway.domain.dispatches import Answer
from connector_gateway.domain.pushes import Push
from connector_gateway.domain.receipts import Delivery
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound
from tests.support.partner import Receiver
from tests.support.waiting import until

PUSH = Push("ubnd-tinh", 1, Delivery("k", b"{}", "application/json", ""))


async def test_a_claim_that_comes_after_an_order_waits_for_it_and_claims_nothing(
    gateway: Gateway, receiver: Receiver
) -> None:
    async with an_order_behind_a_claim(gateway, receiver):
        late = asyncio.create_task(claim(gateway))
        await until(lambda: gateway.has_somebody_waiting(2), limit=10)
    assert await late == []


async def test_a_push_that_comes_after_an_order_waits_for_it_and_is_refused(
    gateway: Gateway, receiver: Receiver
) -> None:
    async with an_order_behind_a_claim(gateway, receiver):
        late = asyncio.create_task(push(gateway, waits=True))
        await until(lambda: gateway.has_somebody_waiting(2), limit=10)
    assert [getattr(answer, "slug", None) for answer in await late] == ["connection-suspended"]
    assert gateway.rows("SELECT count(*) FROM receipts") == [(0,)]


async def test_who_does_not_wait_leaves_a_connection_to_the_order_that_waits_for_it(
    gateway: Gateway, receiver: Receiver
) -> None:
    async with an_order_behind_a_claim(gateway, receiver) as [parcel], asyncio.timeout(10):
        assert await push(gateway, waits=False) == [None]
        async with gateway.database.transaction() as session:
            ending = Ending(parcel, Answer(status=204))
            assert await settle(session, [ending], waits=False, now=now()) == [None]


@asynccontextmanager
async def an_order_behind_a_claim(
    gateway: Gateway, receiver: Receiver
) -> AsyncIterator[Sequence[Parcel]]:
    """Claim, and let an order wait for the claim's commit; it is in force at the end."""
    await open_outbound(gateway, receiver, directions=["inbound", "outbound"])
    for _ in range(2):
        await forward(gateway)
    async with asyncio.TaskGroup() as orders, gateway.database.transaction() as session:
        parcels = await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())
        orders.create_task(gateway.suspend("ubnd-tinh"))
        await until(gateway.has_somebody_waiting, limit=10)
        yield parcels


async def claim(gateway: Gateway) -> Sequence[Parcel]:
    """Claim in a transaction of its own."""
    async with gateway.database.transaction() as session:
        return await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())


async def push(gateway: Gateway, *, waits: bool) -> Sequence[object]:
    """Push in a transaction of its own."""
    async with gateway.database.transaction() as session:
        return await deliveries.receive(session, [PUSH], waits=waits, now=now())
