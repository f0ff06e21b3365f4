"""Suspending and lifting over HTTP: grounds, notice, second person, what was held (Điều 8)."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from connector_gateway.commands import announcements
from connector_gateway.commands import suspensions as commands
from contracts.accounts.v1 import Role
from contracts.notifications.v1 import NoticePublished
from tests.support.gateway import Gateway, an_order
from tests.support.partner import a_delivery

MONDAY = datetime(2026, 6, 15, 9, 0, tzinfo=ZONE)
NEXT_MONDAY = datetime(2026, 6, 22, 8, 0, tzinfo=ZONE)


async def test_a_security_risk_stops_at_once_and_tells_the_owner_and_the_public(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc", owner="H05.01")
    order = await gateway.suspend("qg-tthc", expected_end="2099-01-01T08:00:00+07:00")
    assert order["state"] == "IN_FORCE"
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SUSPENDED"
    notice, suspended = said(gateway, "notice.publish", "connection.suspended")
    assert order["notice"] == f"/notices/{notice['notice_id']}"
    assert (notice["kind"], notice["ground"]) == ("suspension", "SECURITY_RISK")
    assert notice["scope"] == "Kết nối Kết nối của bộ (qg-tthc)"
    assert suspended["owner_agency"] == "H05.01"
    assert suspended["epoch"] == 2
    assert suspended["directions"] == ["inbound"]


async def test_a_suspended_system_learns_ground_notice_end_and_epoch(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    end = "2099-01-01T08:00:00+07:00"
    order = await gateway.suspend("qg-tthc", expected_end=end)
    for refused in (
        await partner.push(a_delivery()),
        await partner.push(b"khong phai JSON"),
        await partner.ask_token(),
        await partner.receipt(f"{partner.deliveries}/{new_id()}"),
    ):
        problem = refused.json()
        assert (refused.status_code, problem["type"]) == (503, "/problems/connection-suspended")
        assert (problem["ground"], problem["notice"]) == ("SECURITY_RISK", order["notice"])
        assert (problem["expected_end"], problem["epoch"]) == (end, 2)
        assert int(refused.headers["retry-after"]) > 3600


async def test_a_refused_push_stands_in_the_ledger(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await gateway.suspend("qg-tthc")
    await partner.push(a_delivery())
    entries = (await gateway.call("GET", "/ledger?chain=qg-tthc")).json()["items"]
    assert json.loads(entries[-1]["entry"])["kind"] == "delivery-refused"


async def test_after_the_lift_old_tokens_get_401_and_new_ones_pass(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await gateway.lift((await gateway.suspend("qg-tthc"))["id"])
    outdated = await partner.push(a_delivery())
    assert (outdated.status_code, outdated.json()["type"]) == (401, "/problems/token-outdated")
    await partner.sign_in()
    assert (await partner.push(a_delivery())).json()["epoch"] == 4


async def test_one_person_alone_cannot_lift_a_security_risk(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = (await gateway.suspend("qg-tthc"))["id"]
    one, other = gateway.operator, gateway.operator
    lift = {"remedy": "Đã thay khóa"}
    asked = await gateway.call("POST", f"/suspensions/{order}/lift", lift, by=one)
    assert asked.json()["state"] == "LIFT_REQUESTED"
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SUSPENDED"
    same = await gateway.call("POST", f"/suspensions/{order}/lift/approve", by=one)
    assert (same.status_code, same.json()["type"]) == (403, "/problems/second-person-required")
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SUSPENDED"
    approved = await gateway.call("POST", f"/suspensions/{order}/lift/approve", by=other)
    assert approved.json()["state"] == "LIFTED"
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


async def test_the_database_itself_asks_for_the_second_person(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = (await gateway.suspend("qg-tthc"))["id"]
    alone = """UPDATE suspensions SET state = 'LIFTED', remedy = 'x', lift_requested_by = 'an',
               lift_approved_by = 'an' WHERE id = %s"""
    with pytest.raises(Exception, match="second_person"):
        gateway.execute(alone, order)


async def test_force_majeure_is_lifted_by_one_person(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = await gateway.suspend("qg-tthc", ground="FORCE_MAJEURE")
    assert (await gateway.lift(order["id"]))["state"] == "LIFTED"
    assert [event["epoch"] for event in said(gateway, "connection.resumed")] == [4]
    assert [notice["kind"] for notice in said(gateway, "notice.publish")] == ["suspension", "lift"]


async def test_an_order_is_lifted_once(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = await gateway.suspend("qg-tthc", ground="FORCE_MAJEURE")
    await gateway.lift(order["id"])
    again = await gateway.call("POST", f"/suspensions/{order['id']}/lift", {"remedy": "lần hai"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/order-not-open")


async def test_a_connection_under_two_orders_resumes_with_the_last(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    first = await gateway.suspend("qg-tthc")
    second = await gateway.suspend("qg-tthc", ground="FORCE_MAJEURE")
    await gateway.lift(first["id"])
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SUSPENDED"
    await gateway.lift(second["id"])
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


async def test_a_lift_needs_more_than_blanks_for_a_remedy(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = (await gateway.suspend("qg-tthc"))["id"]
    answer = await gateway.call("POST", f"/suspensions/{order}/lift", {"remedy": "   "})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/remedy"
    assert gateway.rows("SELECT state FROM suspensions") == [("IN_FORCE",)]


async def test_whose_password_is_due_acknowledges_nothing(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", owner="H01")
    path = f"/suspensions/{(await gateway.suspend('qg-tthc'))['id']}/acknowledge"
    answer = await gateway.call("POST", path, by=gateway.person(agency="H01"))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert gateway.rows("SELECT count(*) FROM acknowledgements") == [(0,)]


async def test_the_owner_of_a_system_acknowledges_and_nobody_else(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc", owner="H05.01")
    stranger = await gateway.open("khac", owner="H09")
    tokens = {partner.code: await partner.headers(), stranger.code: await stranger.headers()}
    path = f"/suspensions/{(await gateway.suspend('qg-tthc'))['id']}/acknowledge"
    for other in (tokens["khac"], gateway.person(Role.OFFICER, agency="07201")):
        refused = await gateway.call("POST", path, by=other)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-the-owner")
    heard = await gateway.call("POST", path, by=tokens["qg-tthc"])
    assert heard.json()["acknowledgements"][0]["system"] == "he-thong-qg-tthc"
    owner = gateway.person(Role.AGENCY_HEAD, agency="H05.01")
    assert (await gateway.call("POST", path, by=owner)).status_code == 200
    assert gateway.rows("SELECT count(*) FROM acknowledgements") == [(1,)]
    said = "SELECT key FROM outbox WHERE type = 'connector-gateway.suspension.acknowledged.v1'"
    assert gateway.rows(said) == [("qg-tthc",)]


async def test_maintenance_needs_three_full_working_days(gateway: Gateway) -> None:
    gateway.clock.moment = datetime(2026, 2, 10, 9, 0, tzinfo=ZONE)
    await gateway.open("qg-tthc")
    gateway.clock.moment = datetime(2026, 2, 11, 9, 0, tzinfo=ZONE)
    order = an_order("qg-tthc", ground="MAINTENANCE", effective_at="2026-02-23T08:00:00+07:00")
    refused = await gateway.call("POST", "/suspensions", order)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/notice-too-short")
    assert refused.json()["full_working_days"] == 2
    assert gateway.rows("SELECT count(*) FROM suspensions") == [(0,)]
    gateway.clock.moment = datetime(2026, 2, 10, 9, 0, tzinfo=ZONE)
    taken = await gateway.call("POST", "/suspensions", order)
    assert (taken.status_code, taken.json()["state"]) == (201, "SCHEDULED")
    assert taken.json()["warnings"] == ["notice-below-seven-working-days"]
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SCHEDULED"


async def test_a_scheduled_connection_still_takes_pushes(gateway: Gateway) -> None:
    await scheduled(gateway)
    gateway.clock.moment = None
    partner = await gateway.open("khac")
    gateway.execute("UPDATE connections SET inbound_state = 'SCHEDULED'")
    assert (await partner.push(a_delivery())).status_code == 202


async def test_maintenance_takes_effect_when_its_notice_was_out_in_time(gateway: Gateway) -> None:
    order = await scheduled(gateway)
    await notice_became_visible(gateway, order, MONDAY)
    await put_in_force(gateway, order)
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "SUSPENDED"


async def test_maintenance_without_its_notice_fails_and_says_so(gateway: Gateway) -> None:
    order = await scheduled(gateway)
    await put_in_force(gateway, order)
    view = (await gateway.call("GET", f"/suspensions/{order['id']}")).json()
    assert (view["state"], view["failure"]) == ("FAILED", "notice-not-visible")
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"
    assert said(gateway, "notice.publish")[-1]["kind"] == "lift"


async def test_a_scheduled_maintenance_is_cancelled_by_a_lift(gateway: Gateway) -> None:
    order = await scheduled(gateway)
    assert (await gateway.lift(order["id"]))["state"] == "CANCELLED"
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


async def test_the_whole_system_stops_but_what_operators_need(gateway: Gateway) -> None:
    await gateway.open("mot")
    await gateway.open("van-hanh", is_essential=True)
    order = an_order("", ground="FORCE_MAJEURE", scope={"kind": "system"})
    answer = await gateway.call("POST", "/suspensions", order)
    assert answer.json()["connections"] == ["mot"]
    assert (await gateway.direction("van-hanh"))["admin_state"] == "ACTIVE"
    await gateway.open("moi")
    assert (await gateway.direction("moi"))["admin_state"] == "SUSPENDED"


async def test_an_essential_connection_is_not_stopped_by_mistake(gateway: Gateway) -> None:
    await gateway.open("van-hanh", is_essential=True)
    refused = await gateway.call("POST", "/suspensions", an_order("van-hanh"))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/connection-essential")
    await gateway.suspend("van-hanh", include_essential=True)
    assert (await gateway.direction("van-hanh"))["admin_state"] == "SUSPENDED"


async def test_an_agencys_connections_stop_together(gateway: Gateway) -> None:
    for code, owner in (("mot", "H05"), ("hai", "H05"), ("khac", "H09")):
        await gateway.open(code, owner=owner)
    order = an_order("", ground="FORCE_MAJEURE", scope={"kind": "agency", "code": "H05"})
    answer = await gateway.call("POST", "/suspensions", order)
    assert answer.json()["connections"] == ["hai", "mot"]


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        pytest.param({"scope": {"kind": "system"}}, 422, "scope-too-wide", id="too wide"),
        pytest.param(
            {"scope": {"kind": "connection", "code": "khong-co"}}, 404, "scope-empty", id="nobody"
        ),
        pytest.param({"ground": "MAINTENANCE"}, 422, "effective-at-required", id="no moment"),
        pytest.param(
            {"effective_at": "2099-01-01T00:00:00+07:00"},
            *(422, "effective-at-not-allowed"),
            id="a risk cannot wait",
        ),
        pytest.param(
            {"expected_end": "2020-01-01T00:00:00+07:00"}, 422, "end-before-start", id="ended"
        ),
        pytest.param({"public_reason": "a\u0000b"}, 422, "invalid-body", id="control character"),
        pytest.param({"ground": "OTHER"}, 422, "invalid-body", id="no legal ground"),
    ],
)
async def test_an_order_that_the_law_does_not_know_is_refused(
    gateway: Gateway, change: dict[str, Any], status: int, slug: str
) -> None:
    await gateway.open("qg-tthc")
    answer = await gateway.call("POST", "/suspensions", an_order("qg-tthc") | change)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


def said(gateway: Gateway, *kinds: str) -> list[dict[str, Any]]:
    """Return the messages of these kinds that wait in the outbox, in order."""
    query = "SELECT type, value FROM outbox ORDER BY seq"
    return [
        json.loads(value)
        for type, value in gateway.rows(query)
        if any(f".{kind}." in type for kind in kinds)
    ]


async def scheduled(gateway: Gateway) -> dict[str, Any]:
    """Schedule, on a Monday, maintenance of a new connection for the next."""
    gateway.clock.moment = MONDAY
    await gateway.open("qg-tthc")
    return await gateway.suspend(
        "qg-tthc", ground="MAINTENANCE", effective_at=NEXT_MONDAY.isoformat()
    )


async def notice_became_visible(gateway: Gateway, order: dict[str, Any], at: datetime) -> None:
    """Let notifications say that the notice of ``order`` is out."""
    event = NoticePublished(
        notice_id=order["notice"].rsplit("/", 1)[1], subject=order["id"], visible_at=at
    )
    async with gateway.database.transaction() as session:
        await announcements.remember_notice(session, event)


async def put_in_force(gateway: Gateway, order: dict[str, Any]) -> None:
    """Do what the job does when the moment has come."""
    gateway.clock.moment = NEXT_MONDAY + timedelta(seconds=1)
    async with gateway.database.transaction() as session:
        await commands.put_in_force(session, order["id"], now=gateway.clock.moment)
