"""What people see before they order and afterwards: previews, the course of a connection."""

from datetime import datetime, timedelta

from chassis.clock import ZONE
from chassis.identifiers import new_id
from tests.support.gateway import Gateway, an_order
from tests.support.partner import a_delivery

BY = {"by", "requested_by", "approved_by"}
MONDAY = datetime(2026, 6, 15, 9, 0, tzinfo=ZONE)


async def test_the_course_of_a_connection_names_every_act_and_no_delivery(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    await gateway.open("khac")
    await partner.push(a_delivery())
    await gateway.lift((await gateway.suspend("qg-tthc"))["id"])
    await gateway.suspend("khac")
    page = (await gateway.call("GET", "/connections/qg-tthc/timeline")).json()
    kinds = [act["kind"] for act in page["items"]]
    assert kinds[-1] == "connection-opened"
    assert {"suspension-ordered", "state-changed", "lift-requested", "suspension-lifted"} <= {
        *kinds
    }
    assert not [kind for kind in kinds if kind.startswith("delivery-")]
    assert kinds.count("suspension-ordered") == 1, "the order over the other one is not its course"
    assert [act["at"] for act in page["items"]] == sorted(
        (act["at"] for act in page["items"]), reverse=True
    )


async def test_a_course_calls_people_by_their_names(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    an, binh = [await gateway.known(name) for name in ("Nguyễn Văn An", "Trần Thị Bình")]
    order = await gateway.call("POST", "/suspensions", an_order("qg-tthc"), by=an)
    path = f"/suspensions/{order.json()['id']}/lift"
    await gateway.call("POST", path, {"remedy": "Đã thay khóa"}, by=an)
    await gateway.call("POST", f"{path}/approve", by=binh)
    page = (await gateway.call("GET", "/connections/qg-tthc/timeline")).json()
    acts = {act["kind"]: act for act in page["items"]}
    called = {
        kind: {fact: act["people"].get(id) for fact, id in act["facts"].items() if fact in BY}
        for kind, act in acts.items()
    }
    assert called["suspension-ordered"] == {"by": "Nguyễn Văn An"}
    assert called["lift-requested"] == {"by": "Nguyễn Văn An"}
    assert called["suspension-lifted"] == {
        "requested_by": "Nguyễn Văn An",
        "approved_by": "Trần Thị Bình",
    }
    assert acts["connection-opened"]["people"] == {}, "of whom accounts has said nothing"


async def test_pages_of_a_course_join_without_gap_or_repeat(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await gateway.lift((await gateway.suspend("qg-tthc"))["id"])
    path = "/connections/qg-tthc/timeline"
    whole = (await gateway.call("GET", path)).json()["items"]
    found, after = [], ""
    while True:
        page = (await gateway.call("GET", f"{path}?limit=2{after}")).json()
        found += page["items"]
        if not page["next"]:
            break
        after = f"&after={page['next']}"
    assert found == whole


async def test_a_preview_tells_whom_an_order_reaches_and_writes_nothing(gateway: Gateway) -> None:
    gateway.clock.moment = MONDAY
    await gateway.open("qg-tthc", owner="H05.01")
    before = (
        gateway.rows("SELECT count(*) FROM ledger_entries"),
        gateway.rows("SELECT count(*) FROM outbox"),
    )
    order = an_order(
        "qg-tthc",
        ground="MAINTENANCE",
        effective_at=(MONDAY + timedelta(days=7)).isoformat(),
        directions=["inbound"],
    )
    plan = (await gateway.call("POST", "/suspensions/preview", order)).json()
    assert [one["code"] for one in plan["connections"]] == ["qg-tthc"]
    assert plan["connections"][0]["owner_agency"] == "H05.01"
    assert plan["scope"] == "Kết nối Kết nối của bộ (qg-tthc)"
    assert (plan["full_working_days"], plan["earliest_start_on"]) == (4, "2026-06-19")
    assert plan["warnings"] == ["notice-below-seven-working-days"]
    after = (
        gateway.rows("SELECT count(*) FROM ledger_entries"),
        gateway.rows("SELECT count(*) FROM outbox"),
    )
    assert before == after
    assert gateway.rows("SELECT count(*) FROM suspensions") == [(0,)]


async def test_a_preview_refuses_what_the_order_would_and_names_the_earliest_day(
    gateway: Gateway,
) -> None:
    gateway.clock.moment = MONDAY
    await gateway.open("qg-tthc")
    early = (MONDAY + timedelta(days=2)).isoformat()
    order = an_order("qg-tthc", ground="MAINTENANCE", effective_at=early)
    for path in ("/suspensions/preview", "/suspensions"):
        refused = await gateway.call("POST", path, order)
        assert refused.status_code == 422
        problem = refused.json()
        assert problem["type"] == "/problems/notice-too-short"
        assert problem["earliest_start_on"] == "2026-06-19"


async def test_the_board_counts_what_came_in_during_the_last_minute(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    for _ in range(2):
        await partner.push(a_delivery())
    old = "INSERT INTO receipts SELECT (%s::uuid), connection_id, 'cu', sha256, content_type, "
    old += "content_encoding, size, received_at, epoch, 99, is_quarantined FROM receipts LIMIT 1"
    gateway.execute(old, "01900000-0000-7000-8000-000000000000")
    view = (await gateway.call("GET", "/connections/qg-tthc")).json()
    assert view["recent"] == {"received": 2, "refused": 0, "tried": 0, "failed": 0}


async def test_a_course_of_nobody_and_a_broken_cursor_are_refused(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    unknown = await gateway.call("GET", "/connections/khong-co/timeline")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/connection-unknown")
    broken = await gateway.call("GET", f"/connections/qg-tthc/timeline?after={new_id()}")
    assert (broken.status_code, broken.json()["type"]) == (422, "/problems/invalid-cursor")
