"""Outbound: signed, in order, held while suspended, let go by decision (Điều 7.4, 8)."""

import asyncio
from datetime import timedelta

import pytest

from chassis.clock import now
from chassis.identifiers import new_id
from connector_gateway.commands import dispatches, lifts
from connector_gateway.commands.settlements import Ending, settle
from connector_gateway.domain.dispatches import Answer
from connector_gateway.jobs.dispatcher import Dispatcher
from contracts.connector_gateway.v1 import Direction
from contracts.submissions.v1 import ConsolidationForwarded
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound, send_all
from tests.support.partner import Receiver
from tests.support.waiting import until

EVENT = ConsolidationForwarded.type
STATES = "SELECT state FROM dispatches ORDER BY sequence"


async def test_a_forwarded_report_arrives_signed_and_is_acknowledged(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    consolidation = await forward(gateway)
    await send_all(dispatcher)
    (payload,) = receiver.verified(gateway.keys)
    assert payload["type"] == EVENT
    assert payload["data"]["consolidation_id"] == str(consolidation)
    assert payload["data"]["totals"] == {"1:c2": "1200"}
    assert gateway.rows(STATES) == [("delivered",)]
    told = "SELECT convert_from(value, 'UTF8')::jsonb ->> 'consolidation_id' FROM outbox"
    assert gateway.rows(told) == [(str(consolidation),)]
    (view,) = (await gateway.call("GET", "/connections/ubnd-tinh/dispatches")).json()["items"]
    assert (view["state"], view["attempts"], view["webhook_id"]) == (
        *("delivered", 1),
        receiver.received[0].id,
    )


async def test_an_event_becomes_one_dispatch_however_often_it_comes(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    with pytest.raises(Exception, match="uq_dispatches"):
        gateway.execute(
            """INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state,
               created_at, next_attempt_at, attempts, epoch, subscription_version)
               SELECT gen_random_uuid(), connection_id, event_id, event_type, key, payload, state,
               created_at, next_attempt_at, attempts, epoch, 1 FROM dispatches"""
        )


async def test_a_connection_gets_the_regimes_it_may_have(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver, regimes=["TTHC-II06A"])
    await forward(gateway, regime="CDS-XA")
    assert gateway.rows(STATES) == []


async def test_a_failed_try_is_repeated_with_the_same_id(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = ["503|Retry-After: 7"]
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("waiting",)]
    wait = gateway.rows("SELECT next_attempt_at - now() FROM dispatches")[0][0]
    assert timedelta(seconds=5) < wait <= timedelta(seconds=7)
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("delivered",)]
    assert len({one.id for one in receiver.received}) == 1
    assert gateway.rows("SELECT number, status FROM attempts ORDER BY 1") == [(1, 503), (2, 204)]


async def test_a_later_event_never_overtakes_an_earlier_one_of_its_key(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    key = await forward(gateway)
    await forward(gateway, key=key)
    other = await forward(gateway)
    receiver.answers = ["500"]
    await send_all(dispatcher)
    sent = [payload["data"]["consolidation_id"] for payload in receiver.verified(gateway.keys)]
    assert sent == [str(key), str(other)]
    assert gateway.rows(STATES) == [("waiting",), ("waiting",), ("delivered",)]


async def test_a_redirect_is_a_failure_and_is_not_followed(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = [f"302|Location: {receiver.url}/khac"]
    await send_all(dispatcher)
    assert len(receiver.received) == 1
    assert gateway.rows("SELECT problem FROM attempts") == [("status-302",)]


async def test_what_waits_is_held_by_a_suspension_and_goes_out_after_the_lift(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    keys = [await forward(gateway)]
    order = (await gateway.suspend("ubnd-tinh"))["id"]
    keys.append(await forward(gateway))
    await send_all(dispatcher)
    assert receiver.received == []
    assert (await gateway.direction("ubnd-tinh", "outbound"))["held"]["count"] == 2
    await gateway.lift(order, choose="all")
    assert (await gateway.direction("ubnd-tinh", "outbound"))["admin_state"] == "RESUMING"
    await until(lambda: all_delivered(gateway, dispatcher))
    sent = [payload["data"]["consolidation_id"] for payload in receiver.verified(gateway.keys)]
    assert sent == [str(key) for key in keys]
    async with gateway.database.transaction() as session:
        assert await lifts.finish_resuming(session, "ubnd-tinh", Direction.OUTBOUND, now=now())
    assert (await gateway.direction("ubnd-tinh", "outbound"))["admin_state"] == "ACTIVE"


async def test_resuming_is_slow_at_first(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    order = (await gateway.suspend("ubnd-tinh"))["id"]
    for _ in range(5):
        await forward(gateway)
    began = now()
    await gateway.lift(order)
    await send_all(dispatcher)
    assert 1 <= len(receiver.received) <= 1 + (now() - began).total_seconds()


async def test_only_the_latest_of_each_key_goes_out_when_so_decided(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    order = (await gateway.suspend("ubnd-tinh"))["id"]
    one, other = new_id(), new_id()
    for key in (one, other, one, one):
        await forward(gateway, key=key)
    await gateway.lift(order, choose="latest")
    assert gateway.rows(STATES) == [
        *(("superseded",), ("waiting",)),
        *(("superseded",), ("waiting",)),
    ]


async def test_what_is_held_is_discarded_with_its_reason(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    order = (await gateway.suspend("ubnd-tinh"))["id"]
    await forward(gateway)
    await gateway.lift(order, choose="discard", reason="đã gửi bằng văn bản giấy")
    assert gateway.rows("SELECT state, reason FROM dispatches") == [
        ("discarded", "đã gửi bằng văn bản giấy")
    ]
    assert (await gateway.direction("ubnd-tinh", "outbound"))["admin_state"] == "ACTIVE"


async def test_a_security_risk_cuts_off_what_is_in_flight(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = [None]
    await dispatcher.round()
    await until(lambda: has_received(receiver, 1))
    assert (await gateway.direction("ubnd-tinh", "outbound"))["observed"]["in_flight"] == 1
    order = (await gateway.suspend("ubnd-tinh"))["id"]
    async with asyncio.timeout(5):
        await dispatcher.look()
        await dispatcher.settled()
        await until(lambda: was_broken_off(receiver))
    assert gateway.rows("SELECT problem FROM attempts") == [("cut-off",)]
    assert gateway.rows(STATES) == [("held",)]
    await gateway.lift(order)
    await until(lambda: all_delivered(gateway, dispatcher))
    assert len({one.id for one in receiver.received}) == 1


async def test_maintenance_lets_what_is_in_flight_end(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = [None]
    await dispatcher.round()
    await until(lambda: has_received(receiver, 1))
    gateway.execute("UPDATE connections SET outbound_state = 'DRAINING'")
    await dispatcher.look()
    assert receiver.broken_off == 0
    async with gateway.database.transaction() as session:
        await dispatches.finish_draining(session, now=now())
    assert gateway.rows("SELECT outbound_state FROM connections") == [("DRAINING",)]
    await dispatcher.close()


async def test_nothing_is_claimed_while_a_suspension_is_being_written(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    async with gateway.database.transaction() as session:
        assert await dispatches.claim(session, "ubnd-tinh", slots=1, now=now()) == []
        suspending = asyncio.create_task(gateway.suspend("ubnd-tinh"))
        await until(gateway.has_somebody_waiting, limit=10)
    await suspending
    await forward(gateway)
    gateway.execute("UPDATE dispatches SET state = 'waiting'")
    async with gateway.database.transaction() as session:
        assert await dispatches.claim(session, "ubnd-tinh", slots=1, now=now()) == []


async def test_a_dead_receiver_opens_the_breaker_and_nothing_fails_for_good(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    for _ in range(8):
        await forward(gateway)
    receiver.answers = ["500"] * 8
    await send_all(dispatcher)
    direction = await gateway.direction("ubnd-tinh", "outbound")
    assert (direction["breaker_state"], direction["admin_state"]) == ("OPEN", "ACTIVE")
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    before = len(receiver.received)
    await send_all(dispatcher)
    assert len(receiver.received) == before
    assert {state for (state,) in gateway.rows(STATES)} == {"waiting"}


async def test_a_half_open_breaker_cannot_reopen_a_suspended_connection(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    await gateway.suspend("ubnd-tinh")
    gateway.execute("UPDATE breakers SET state = 'HALF_OPEN', retry_at = now()")
    gateway.execute("UPDATE dispatches SET state = 'waiting'")
    await send_all(dispatcher)
    assert receiver.received == []
    assert (await gateway.direction("ubnd-tinh", "outbound"))["admin_state"] == "SUSPENDED"


async def a_claim_that_ran_out(gateway: Gateway, receiver: Receiver) -> dispatches.Parcel:
    """Forward a report whose dispatch somebody claims, never ends, and loses again."""
    await open_outbound(gateway, receiver)
    await forward(gateway)
    async with gateway.database.transaction() as session:
        (parcel,) = await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())
    later = now() + timedelta(minutes=2)
    async with gateway.database.transaction() as session:
        await dispatches.reclaim(session, parcel.dispatch, "ubnd-tinh", now=later)
    return parcel


async def test_what_a_dead_dispatcher_had_claimed_goes_out_with_the_same_id(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    parcel = await a_claim_that_ran_out(gateway, receiver)
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    await send_all(dispatcher)
    assert [one.id for one in receiver.received] == [parcel.webhook_id]


async def test_an_answer_that_comes_after_its_claim_has_run_out_settles_nothing(
    gateway: Gateway, receiver: Receiver
) -> None:
    parcel = await a_claim_that_ran_out(gateway, receiver)
    late = Ending(parcel, Answer(status=204))
    async with gateway.database.transaction() as session:
        await settle(session, [late], waits=True, now=now())
    assert gateway.rows(STATES) == [("waiting",)]
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    async with gateway.database.transaction() as session:
        (again,) = await dispatches.claim(session, "ubnd-tinh", slots=1, now=now())
        await settle(session, [late], waits=True, now=now())
    assert gateway.rows(STATES) == [("sending",)]
    assert (again.number, again.webhook_id) == (parcel.number + 1, parcel.webhook_id)


async def test_what_is_being_sent_is_not_claimed_again(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    async with gateway.database.transaction() as session:
        assert len(await dispatches.claim(session, "ubnd-tinh", slots=9, now=now())) == 1
    async with gateway.database.transaction() as session:
        assert await dispatches.claim(session, "ubnd-tinh", slots=9, now=now()) == []


async def test_the_board_shows_how_many_replicas_have_confirmed(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await dispatcher.confirm()
    await gateway.suspend("ubnd-tinh")
    observed = (await gateway.direction("ubnd-tinh", "outbound"))["observed"]
    assert observed == {"replicas": 1, "confirmed": 0, "in_flight": 0}
    await dispatcher.confirm()
    observed = (await gateway.direction("ubnd-tinh", "outbound"))["observed"]
    assert observed["confirmed"] == 1


async def test_a_webhook_to_a_private_address_is_refused(gateway: Gateway) -> None:
    await gateway.open("truoc")
    body = {
        "code": "moi",
        "name": "Mới",
        "system": "he-thong-truoc",
        "directions": ["outbound"],
        "webhook": {"url": "https://169.254.169.254/", "events": [EVENT]},
    }
    answer = await gateway.call("POST", "/connections", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/target-not-allowed")


async def all_delivered(gateway: Gateway, dispatcher: Dispatcher) -> bool:
    """Dispatch once more and say whether everything has arrived."""
    await dispatcher.round()
    await dispatcher.settled()
    return {state for (state,) in gateway.rows(STATES)} == {"delivered"}


async def has_received(receiver: Receiver, count: int) -> bool:
    """Say whether so many webhooks have come."""
    return len(receiver.received) >= count


async def was_broken_off(receiver: Receiver) -> bool:
    """Say whether the sender went away."""
    return receiver.broken_off > 0
