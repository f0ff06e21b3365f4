"""Detectors: they flag with evidence, stop only where the connection says so, and never lift."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.clock import ZONE
from chassis.clock import now as this_moment
from connector_gateway.commands import deliveries, tallies
from connector_gateway.commands.tallies import Seen
from connector_gateway.domain.detectors import Detector, Tally
from connector_gateway.domain.receipts import Completion, ReceiptState
from connector_gateway.jobs import look
from contracts.accounts.v1 import Role
from tests.support.gateway import Gateway
from tests.support.partner import API, Partner, a_delivery
from tests.support.signing import signed

TOMORROW = (this_moment() + timedelta(days=1)).replace(hour=10, minute=30, second=2, microsecond=0)
"""Later than anything that the opening of a connection leaves in the ledger."""


async def found_at(gateway: Gateway, moment: datetime) -> list[tuple[str, str]]:
    """Look at all connections at a moment; return which detector did what."""
    return [
        (found.detector.value, effect.value)
        for found, effect in await look(gateway.database, now=moment)
    ]


async def flags(gateway: Gateway, code: str = "qg-tthc") -> list[dict[str, Any]]:
    """Return the flags of a connection, the latest first."""
    items: list[dict[str, Any]] = (await gateway.call("GET", f"/connections/{code}/flags")).json()[
        "items"
    ]
    return items


async def forge(gateway: Gateway, times: int, *, at: datetime, code: str = "qg-tthc") -> None:
    """Sign in with a key that the connection does not have."""
    gateway.clock.moment = at
    forged = Partner(gateway.client, code)
    for _ in range(times):
        assert (await forged.ask_token()).status_code == 401


async def stops_for(gateway: Gateway, *stopping: Detector, code: str = "qg-tthc") -> None:
    """Let detectors stop a connection."""
    await has_terms(gateway, code, suspends_automatically=list(stopping))


async def has_terms(gateway: Gateway, code: str = "qg-tthc", **terms: Any) -> None:
    """Change the policy of a connection."""
    path = f"{API}/connections/{code}/policy"
    policy = (await gateway.client.get(path, headers=gateway.operator)).json()
    changed = await gateway.client.put(
        path,
        json=policy | terms,
        headers=gateway.operator | {"If-Match": '"1"'},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json() == policy | terms


async def test_more_than_ten_bad_signatures_a_minute_flag_the_connection(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    await gateway.open("khac")
    await forge(gateway, 10, at=TOMORROW)
    assert await found_at(gateway, TOMORROW + timedelta(seconds=20)) == []
    await forge(gateway, 1, at=TOMORROW + timedelta(seconds=30))
    later = TOMORROW + timedelta(seconds=40)
    assert await found_at(gateway, later) == [("bad-signatures", "flagged")]
    (flag,) = await flags(gateway)
    assert (flag["state"], flag["detector"]) == ("open", "bad-signatures")
    assert flag["flagged_by"] == "Bộ phát hiện tự động"
    assert "11 lần" in flag["evidence"]
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"
    query = "SELECT value FROM outbox WHERE type LIKE '%%connection.flagged%%'"
    assert [json.loads(value)["connection"] for (value,) in gateway.rows(query)] == ["qg-tthc"]
    entries = (await gateway.call("GET", "/ledger?chain=qg-tthc")).json()["items"]
    assert json.loads(entries[-1]["entry"])["by"] == "detector:bad-signatures"
    assert await flags(gateway, "khac") == []


async def test_the_same_over_more_than_a_minute_is_no_flag(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await forge(gateway, 10, at=TOMORROW)
    await forge(gateway, 5, at=TOMORROW + timedelta(seconds=70))
    assert await found_at(gateway, TOMORROW + timedelta(seconds=71)) == []


async def test_a_wrong_secret_counts_and_an_unknown_client_does_not(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", client_secret="x" * 40, public_jwk=None)
    gateway.clock.moment = TOMORROW
    for code in ("qg-tthc", "khong-co"):
        wrong = Partner(gateway.client, code, secret="sai" * 12)
        assert (await wrong.ask_token()).status_code == 401
    assert gateway.rows("SELECT kind, count FROM tallies") == [("bad-signature", 1)]


async def test_what_comes_from_where_the_connection_may_not_be_used_is_not_counted(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    await has_terms(gateway, networks=["203.0.113.0/24"])
    await forge(gateway, 1, at=TOMORROW)
    assert gateway.rows("SELECT kind, count FROM tallies") == []


async def test_a_push_with_a_signature_that_does_not_hold_counts_too(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await has_terms(gateway, signed="required")
    body = json.dumps(a_delivery()).encode()
    wrong = signed(partner, body, method="PUT")
    assert (await partner.push(body, **wrong)).status_code == 401
    assert (await partner.push(body, **signed(partner, body))).status_code == 202
    query = "SELECT kind, count FROM tallies"
    assert gateway.rows(query) == [("bad-signature", 1)]


async def test_a_replayed_assertion_flags_with_its_jti(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    assertion = partner.assertion(jti="mot-lan-thoi")
    assert (await partner.ask_token(assertion)).status_code == 200
    assert await found_at(gateway, this_moment()) == []
    assert (await partner.ask_token(assertion)).status_code == 401
    assert await found_at(gateway, this_moment()) == [("replayed-nonce", "flagged")]
    assert "mot-lan-thoi" in (await flags(gateway))[0]["evidence"]


async def test_flags_come_once_an_hour_and_never_beside_an_open_one(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await forge(gateway, 11, at=TOMORROW)
    moment = TOMORROW + timedelta(seconds=5)
    assert await found_at(gateway, moment) == [("bad-signatures", "flagged")]
    for hours in (0, 2):
        at = moment + timedelta(hours=hours)
        await forge(gateway, 20, at=at)
        assert await found_at(gateway, at + timedelta(seconds=1)) == []
    path = f"/connections/qg-tthc/flags/{(await flags(gateway))[0]['id']}/dismiss"
    gateway.clock.moment = dismissed = moment + timedelta(hours=2, seconds=2)
    await gateway.call("POST", path, {"reason": "Bộ đang đổi khóa"})
    assert await found_at(gateway, dismissed + timedelta(seconds=1)) == [], "it is settled"
    at = dismissed + timedelta(minutes=1)
    await forge(gateway, 20, at=at)
    assert await found_at(gateway, at) == [("bad-signatures", "flagged")]
    path = f"/connections/qg-tthc/flags/{(await flags(gateway))[0]['id']}/dismiss"
    await gateway.call("POST", path, {"reason": "Bộ đang đổi khóa"})
    at += timedelta(minutes=58)
    await forge(gateway, 20, at=at)
    assert await found_at(gateway, at) == [], "within the hour"
    await forge(gateway, 20, at=at + timedelta(minutes=3))
    assert await found_at(gateway, at + timedelta(minutes=3)) == [("bad-signatures", "flagged")]
    assert len(await flags(gateway)) == 3


async def test_schema_errors_are_a_share_of_what_came_at_the_door_and_after_it(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    receipts = [
        UUID((await partner.push(a_delivery(), key=str(n))).json()["receipt"]) for n in range(3)
    ]
    await counted(gateway, "qg-tthc", Tally.ARRIVED, 18, this_moment())
    for n in range(3):
        assert (await partner.push(b"{", key=f"sai{n}")).status_code == 400
    later = this_moment() + timedelta(minutes=1)
    assert await found_at(gateway, later) == [], "3 of 21"
    untimely, wrong = (
        json.dumps({"problem": {"type": f"/problems/{slug}"}}).encode()
        for slug in ("period-closed", "figures-refused")
    )
    done = [
        Completion(receipts[0], ReceiptState.COMPLETED, b"{}"),
        Completion(receipts[1], ReceiptState.REFUSED, untimely),
        Completion(receipts[2], ReceiptState.REFUSED, wrong),
    ]
    async with gateway.database.transaction() as session:
        await deliveries.complete(session, done, now=later)
    assert await found_at(gateway, later) == [], "4 of 21"
    await partner.push(b"{", key="sai3")
    assert await found_at(gateway, later + timedelta(minutes=20)) == [], "no longer"
    assert await found_at(gateway, later) == [("schema-errors", "flagged")]
    assert "5 trên 22" in (await flags(gateway))[0]["evidence"]


async def test_arrivals_are_counted_once_by_however_many_workers(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await found_at(gateway, this_moment())
    for n in range(3):
        assert (await partner.push(a_delivery(), key=str(n))).status_code == 202
    at = this_moment() + timedelta(minutes=1)
    await asyncio.gather(*(found_at(gateway, at) for _ in range(4)))
    query = "SELECT kind, sum(count) FROM tallies GROUP BY kind ORDER BY kind"
    assert gateway.rows(query) == [("arrived", 3), ("received", 3)]


async def test_five_times_the_busiest_hours_of_former_days_are_too_many(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    await gateway.open("moi")
    midnight = TOMORROW.replace(hour=0, minute=0, second=0)
    for days, busiest in enumerate((10, 40, 40, 40, 90), start=1):
        for hour, count in ((9, busiest), (15, 2)):
            at = midnight - timedelta(days=days) + timedelta(hours=hour)
            await counted(gateway, "qg-tthc", Tally.RECEIVED, count, at)
    for code in ("qg-tthc", "moi"):
        await counted(gateway, code, Tally.RECEIVED, 200, TOMORROW)
    assert await found_at(gateway, TOMORROW) == []
    await counted(gateway, "qg-tthc", Tally.RECEIVED, 1, TOMORROW)
    assert await found_at(gateway, TOMORROW) == [("volume", "flagged")]
    evidence = (await flags(gateway))[0]["evidence"]
    assert "201 gói" in evidence
    assert "bình thường 40 gói" in evidence


async def test_a_detector_suspends_where_the_connection_says_so(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", owner="H05.01")
    await stops_for(gateway, Detector.BAD_SIGNATURES)
    await forge(gateway, 11, at=TOMORROW)
    at = TOMORROW + timedelta(seconds=5)
    assert await found_at(gateway, at) == [("bad-signatures", "suspended")]
    (order,) = (await gateway.call("GET", "/suspensions")).json()["items"]
    assert (order["state"], order["ground"]) == ("IN_FORCE", "SECURITY_RISK")
    assert order["requested_by"] == "Bộ phát hiện tự động"
    assert "11 lần" in order["internal_reason"]
    (flag,) = await flags(gateway)
    assert (flag["state"], flag["decision"]["suspension"]) == ("suspended", order["id"])
    query = "SELECT value FROM outbox WHERE type LIKE %s"
    ((notice,),) = gateway.rows(query, "%notice.publish%")
    assert json.loads(notice)["public_reason"] == order["public_reason"]
    ((told,),) = gateway.rows(query, "%connection.suspended%")
    assert json.loads(told)["owner_agency"] == "H05.01"
    gateway.clock.moment = at + timedelta(seconds=5)
    assert await found_at(gateway, gateway.clock.moment) == [], "it is stopped already"
    one = gateway.operator
    lift = f"/suspensions/{order['id']}/lift"
    await gateway.call("POST", lift, {"remedy": "Đã thay khóa"}, by=one)
    alone = await gateway.call("POST", f"{lift}/approve", by=one)
    assert alone.json()["type"] == "/problems/second-person-required"
    await gateway.call("POST", f"{lift}/approve")
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"
    assert await found_at(gateway, gateway.clock.moment) == [], "what led to the order is settled"


async def test_an_open_flag_does_not_hold_a_suspension_up(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await forge(gateway, 11, at=TOMORROW)
    at = TOMORROW + timedelta(seconds=5)
    assert await found_at(gateway, at) == [("bad-signatures", "flagged")]
    await stops_for(gateway, Detector.BAD_SIGNATURES)
    assert await found_at(gateway, at) == [("bad-signatures", "suspended")]
    assert [flag["state"] for flag in await flags(gateway)] == ["suspended"]


async def test_what_operators_need_themselves_is_flagged_and_never_stopped(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc", is_essential=True)
    await stops_for(gateway, *Detector)
    await forge(gateway, 11, at=TOMORROW)
    at = TOMORROW + timedelta(seconds=5)
    assert await found_at(gateway, at) == [("bad-signatures", "flagged")]
    assert await found_at(gateway, at) == []
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


async def test_watching_stays_on_while_suspended_and_ends_with_the_connection(
    gateway: Gateway,
) -> None:
    for code in ("qg-tthc", "khac"):
        await gateway.open(code)
        await stops_for(gateway, Detector.BAD_SIGNATURES, code=code)
    await gateway.suspend("qg-tthc", ground="FORCE_MAJEURE")
    revoked = {"reason": "Hệ thống ngừng hoạt động"}
    await gateway.call("POST", "/connections/khac/revoke", revoked)
    for code in ("qg-tthc", "khac"):
        await forge(gateway, 11, at=TOMORROW, code=code)
    at = TOMORROW + timedelta(seconds=5)
    assert await found_at(gateway, at) == [("bad-signatures", "flagged")]
    assert [flag["state"] for flag in await flags(gateway)] == ["open"]
    assert await flags(gateway, "khac") == []


async def test_an_unknown_detector_is_refused_with_its_place(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    path = f"{API}/connections/qg-tthc/policy"
    by = gateway.person(Role.OPERATOR)
    policy = (await gateway.client.get(path, headers=by)).json()
    refused = await gateway.client.put(
        path, json=policy | {"suspends_automatically": ["sao"]}, headers=by | {"If-Match": '"1"'}
    )
    (place,) = refused.json()["errors"]
    assert (refused.status_code, place["pointer"]) == (422, "/suspends_automatically/0")
    assert gateway.rows("SELECT suspends_automatically FROM connections") == [([],)]


async def test_old_counters_are_forgotten_and_former_days_kept(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await forge(gateway, 1, at=TOMORROW - timedelta(hours=25))
    await forge(gateway, 1, at=TOMORROW)
    for days in (3, 16):
        await counted(gateway, "qg-tthc", Tally.RECEIVED, 1, TOMORROW - timedelta(days=days))
    async with gateway.database.transaction() as session:
        await tallies.forget(session, now=TOMORROW)
    kept = gateway.rows("SELECT kind, began_at FROM tallies ORDER BY began_at")
    assert [(kind, (TOMORROW - at.astimezone(ZONE)).days) for kind, at in kept] == [
        ("received", 3),
        ("bad-signature", 0),
    ]


async def counted(gateway: Gateway, code: str, kind: Tally, count: int, at: datetime) -> None:
    """Let something of a connection have been counted at ``at``."""
    ((connection,),) = gateway.rows("SELECT id FROM connections WHERE code = %s", code)
    async with gateway.database.transaction() as session:
        await tallies.add(session, Seen(kind, {connection: count}), now=at)
