"""Homes: of several dispatchers one claims first what a connection has due, and none alone."""

from datetime import timedelta

from connector_gateway.domain.connections import STARTING
from connector_gateway.domain.dispatches import HEAD_START
from connector_gateway.jobs.dispatcher import Dispatcher
from connector_gateway.queries import dispatches as queries
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound
from tests.support.partner import Receiver

OVERDUE = "UPDATE dispatches SET next_attempt_at = now() - interval '1 second'"


async def test_work_is_left_to_its_home_while_it_is_fresh(
    gateway: Gateway, receiver: Receiver, pair: list[Dispatcher]
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    await know_each_other(pair)
    home, other = pair
    due = gateway.rows("SELECT next_attempt_at FROM dispatches")[0][0]
    for dispatcher, waits in ((home, timedelta()), (other, HEAD_START)):
        for early, found in ((timedelta(milliseconds=1), []), (timedelta(), ["ubnd-tinh"])):
            moment = due + waits - early
            with_work = await queries.connections_with_work(
                gateway.database, list(STARTING), moment, elsewhere=dispatcher.elsewhere
            )
            assert with_work == found


async def delivers(gateway: Gateway, dispatcher: Dispatcher) -> None:
    """Hold that a dispatcher claims the one dispatch there is, and brings it to its receiver."""
    assert await dispatcher.round() == 1
    await dispatcher.settled()
    assert gateway.rows("SELECT state FROM dispatches") == [("delivered",)]


async def test_the_home_claims_at_once(
    gateway: Gateway, receiver: Receiver, pair: list[Dispatcher]
) -> None:
    await open_outbound(gateway, receiver)
    await know_each_other(pair)
    await forward(gateway)
    home, _ = pair
    await delivers(gateway, home)


async def test_work_whose_home_is_dead_goes_out_by_another(
    gateway: Gateway, receiver: Receiver, pair: list[Dispatcher]
) -> None:
    await open_outbound(gateway, receiver)
    await know_each_other(pair)
    await forward(gateway)
    gateway.execute(OVERDUE)
    _, other = pair
    await delivers(gateway, other)


async def test_who_has_not_been_seen_for_long_is_nobodys_home(
    gateway: Gateway, receiver: Receiver, pair: list[Dispatcher]
) -> None:
    await open_outbound(gateway, receiver)
    await know_each_other(pair)
    home, other = pair
    assert (home.elsewhere, other.elsewhere) == ([], ["ubnd-tinh"])
    gateway.execute("UPDATE presence.replicas SET seen_at = now() - interval '1 minute'")
    await other.confirm()
    assert other.elsewhere == []


async def know_each_other(pair: list[Dispatcher]) -> None:
    """Let both say that they run and hear it of each other."""
    for dispatcher in (*pair, *pair):
        await dispatcher.confirm()
