"""Quarantine: what arrives while suspended is stored, not processed, and released by decision."""

import json
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis.clock import now
from connector_gateway.jobs.measures import tell_held
from connector_gateway.queries import held as held_queries
from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery


async def three_held(gateway: Gateway) -> tuple[Partner, str, list[str]]:
    """Push three deliveries into a suspended connection; return them and the order."""
    partner = await gateway.open("qg-tthc", while_suspended="quarantine")
    await partner.sign_in()
    order = (await gateway.suspend("qg-tthc"))["id"]
    answers = [await partner.push(a_delivery(figures=n), key=f"k{n}") for n in (4, 6, 8)]
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["state"] for answer in answers} == {"held"}
    return partner, order, [answer.json()["receipt"] for answer in answers]


def published(gateway: Gateway) -> list[str]:
    """Return the deliveries that wait to go to submissions, in order."""
    query = """SELECT convert_from(headers, 'UTF8')::jsonb ->> 'receipt_id' FROM outbox
               WHERE type LIKE 'connector-gateway.delivery%%' ORDER BY seq"""
    return [receipt for (receipt,) in gateway.rows(query)]


async def test_what_is_held_is_counted_and_not_processed(gateway: Gateway) -> None:
    await three_held(gateway)
    held = (await gateway.direction("qg-tthc"))["held"]
    assert held["count"] == 3
    assert held["oldest"]
    assert published(gateway) == []


async def test_after_the_lift_everything_held_goes_on_in_order(gateway: Gateway) -> None:
    partner, order, receipts = await three_held(gateway)
    await gateway.lift(order, choose="all")
    assert published(gateway) == receipts
    direction = await gateway.direction("qg-tthc")
    assert (direction["admin_state"], direction["held"]["count"]) == ("ACTIVE", 0)
    await partner.sign_in()
    view = await partner.receipt(f"{partner.deliveries}/{receipts[0]}")
    assert view.json()["state"] == "received"


async def test_a_repeat_after_the_lift_answers_as_it_first_did(gateway: Gateway) -> None:
    partner, order, receipts = await three_held(gateway)
    await gateway.lift(order)
    await partner.sign_in()
    again = await partner.push(a_delivery(figures=4), key="k4")
    assert (again.json()["receipt"], again.json()["state"]) == (receipts[0], "held")
    assert len(published(gateway)) == 3


async def test_what_is_held_is_discarded_only_with_a_reason(gateway: Gateway) -> None:
    partner, order, receipts = await three_held(gateway)
    path = f"/suspensions/{order}/lift"
    silent = {"remedy": "x", "held": {"choose": "discard"}}
    refused = await gateway.call("POST", path, silent)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/reason-required")
    await gateway.lift(order, choose="discard", reason="dữ liệu của kẻ tấn công")
    assert published(gateway) == []
    await partner.sign_in()
    view = (await partner.receipt(f"{partner.deliveries}/{receipts[0]}")).json()
    assert (view["state"], view["discard_reason"]) == ("discarded", "dữ liệu của kẻ tấn công")


async def test_a_range_releases_what_lies_in_it_and_discards_the_rest(gateway: Gateway) -> None:
    _, order, receipts = await three_held(gateway)
    moments = dict(gateway.rows("SELECT id::text, received_at FROM receipts"))
    middle = moments[receipts[1]].isoformat()
    await gateway.lift(order, choose="range", **{"from": middle, "to": middle})
    assert published(gateway) == [receipts[1]]
    assert gateway.rows("SELECT count(*) FROM outcomes WHERE state = 'discarded'") == [(2,)]


@pytest.mark.parametrize("choice", ["all", "latest"])
async def test_the_decision_stands_in_the_ledger(gateway: Gateway, choice: str) -> None:
    _, order, _ = await three_held(gateway)
    await gateway.lift(order, choose=choice)
    entry = """SELECT entry::jsonb ->> 'released', entry::jsonb ->> 'choose' FROM ledger_entries
               WHERE entry::jsonb ->> 'kind' = 'held-released'"""
    assert gateway.rows(entry) == [("3", choice)]


async def a_small_gateway(gateway: Gateway) -> Partner:
    """Give a connection whose quarantine takes two deliveries, and suspend it."""
    gateway.settings.held_deliveries = 2
    partner = await gateway.open("qg-tthc", while_suspended="quarantine")
    await partner.sign_in()
    return partner


async def test_a_full_quarantine_refuses_as_if_there_were_none(gateway: Gateway) -> None:
    partner = await a_small_gateway(gateway)
    order = (await gateway.suspend("qg-tthc"))["id"]
    answers = [await partner.push(a_delivery(), key=f"k{n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 503]
    refused = answers[2].json()
    assert (refused["type"], refused["ground"]) == (
        *("/problems/connection-suspended", "SECURITY_RISK"),
    )
    assert answers[2].headers["retry-after"]
    again = await partner.push(a_delivery(), key="k1")
    assert again.json()["receipt"] == answers[1].json()["receipt"]
    why = """SELECT entry::jsonb ->> 'why' FROM ledger_entries
             WHERE entry::jsonb ->> 'kind' = 'delivery-refused'"""
    assert gateway.rows(why) == [("quarantine-full",)]
    assert gateway.rows("SELECT count(*) FROM receipts") == [(2,)]
    await gateway.lift(order)
    assert len(published(gateway)) == 2


async def test_a_quarantine_is_full_by_bytes_too_and_has_room_again_after_a_lift(
    gateway: Gateway,
) -> None:
    gateway.settings.held_bytes = len(json.dumps(a_delivery())) + 10
    partner = await gateway.open("qg-tthc", while_suspended="quarantine")
    for expected in ([202, 503], [202, 503]):
        await partner.sign_in()
        order = (await gateway.suspend("qg-tthc"))["id"]
        answers = [await partner.push(a_delivery()) for _ in range(2)]
        assert [answer.status_code for answer in answers] == expected
        await gateway.lift(order)
        assert gateway.rows("SELECT deliveries, bytes FROM held_totals") == [(0, 0)]


async def test_the_watchers_are_told_how_much_is_held_and_how_full_that_is(
    gateway: Gateway,
) -> None:
    partner = await a_small_gateway(gateway)
    await gateway.suspend("qg-tthc")
    await partner.push(a_delivery())
    async with gateway.database.transaction() as session:
        backlogs = await held_queries.backlogs(session)
    tell_held(backlogs, gateway.settings, now=now() + timedelta(hours=1))
    whose = {"connection": "qg-tthc", "direction": "inbound"}
    told = [
        REGISTRY.get_sample_value(name, whose)
        for name in ("hub_held", "hub_held_share", "hub_held_oldest_seconds")
    ]
    assert told[:2] == [1, 0.5]
    assert told[2] == pytest.approx(3600, abs=60)
