"""Before and after a lift: what would work again, what a decision would do, how far it is."""

from typing import Any

import pytest

from chassis.identifiers import new_id
from connector_gateway.jobs.dispatcher import Dispatcher
from contracts.accounts.v1 import Role
from contracts.submissions.v1 import ConsolidationForwarded
from tests.support.gateway import Gateway
from tests.support.partner import Partner, Receiver, a_delivery
from tests.support.waiting import until

LONG_AGO = {"choose": "range", "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
STATES = "SELECT state, count(*) FROM dispatches GROUP BY state ORDER BY state"
# Many rows at once: what is held is held long before anybody looks at it.
HOLD = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, held_at, subscription_version)
SELECT uuidv7(), c.id, n::text, %s, md5(((n - 1) %% %s)::text)::uuid::text,
       convert_to('{"data":' || n || '}', 'UTF8'), 'held',
       now() - interval '1 day' + n * interval '1 second', now(), 0, 1,
       now() - interval '1 day' + n * interval '1 second',
       1
FROM connections AS c, generate_series(1, %s) AS n WHERE c.code = %s ORDER BY n.n
"""


async def both_ways(gateway: Gateway, receiver: Receiver) -> Partner:
    """Open a connection that carries both directions."""
    return await gateway.open(
        "hai-chieu",
        directions=["inbound", "outbound"],
        while_suspended="quarantine",
        webhook={"url": receiver.url, "events": [ConsolidationForwarded.type]},
    )


def hold(gateway: Gateway, count: int, *, keys: int) -> None:
    """Hold so many dispatches, spread over so many keys."""
    gateway.execute(HOLD, ConsolidationForwarded.type, keys, count, "hai-chieu")


async def preview(gateway: Gateway, order: str, **held: Any) -> dict[str, Any]:
    """Return what a decision would do."""
    answer = await gateway.call("POST", f"/suspensions/{order}/lift/preview", {"held": held})
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


@pytest.mark.parametrize(
    ("held", "inbound", "outbound"),
    [
        ({"choose": "all"}, (2, 0, 0), (5, 0, 0)),
        ({"choose": "latest"}, (2, 0, 0), (2, 3, 0)),
        ({"choose": "discard", "reason": "đã gửi bản giấy"}, (0, 0, 2), (0, 0, 5)),
        (LONG_AGO, (0, 0, 2), (0, 0, 5)),
    ],
    ids=["all", "latest", "discard", "range"],
)
async def test_the_preview_says_what_the_lift_then_does(
    gateway: Gateway,
    receiver: Receiver,
    held: dict[str, str],
    inbound: tuple[int, ...],
    outbound: tuple[int, ...],
) -> None:
    partner = await both_ways(gateway, receiver)
    await partner.sign_in()
    order = (await gateway.suspend("hai-chieu"))["id"]
    for _ in range(2):
        await partner.push(a_delivery())
    hold(gateway, 5, keys=2)
    before = gateway.rows(STATES)
    said = await preview(gateway, order, **held)
    assert gateway.rows(STATES) == before
    assert [one["seconds"] for one in said["directions"]] == [None, outbound[0]]  # 1 a second
    fates = {
        one["direction"]: (one["released"], one["superseded"], one["discarded"])
        for one in said["directions"]
    }
    assert fates == {"inbound": inbound, "outbound": outbound}
    assert said["held"] == 7
    assert said["oldest"] == min(one["oldest"] for one in said["directions"])
    await gateway.lift(order, **held)
    ledger = """SELECT entry::jsonb ->> 'direction', (entry::jsonb ->> 'released')::int,
                       (entry::jsonb ->> 'superseded')::int, (entry::jsonb ->> 'discarded')::int
                FROM ledger_entries WHERE entry::jsonb ->> 'kind' = 'held-released'"""
    assert {row[0]: row[1:] for row in gateway.rows(ledger)} == fates


async def test_what_another_order_keeps_stopped_is_not_in_the_preview(
    gateway: Gateway, receiver: Receiver
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    await gateway.suspend("hai-chieu", directions=["outbound"])
    hold(gateway, 3, keys=1)
    said = await preview(gateway, order, choose="all")
    assert [one["per_second"] for one in said["ramp"]] == [1, 10, 50]
    assert (said["held"], [one["direction"] for one in said["directions"]]) == (0, ["inbound"])


async def test_a_preview_is_refused_where_a_lift_would_be(
    gateway: Gateway, receiver: Receiver
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    path = f"/suspensions/{order}/lift/preview"
    silent = await gateway.call("POST", path, {"held": {"choose": "discard"}})
    assert (silent.status_code, silent.json()["type"]) == (422, "/problems/reason-required")
    wrong = await gateway.call("POST", path, {"held": {"choose": "some"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/held/choose")
    await gateway.lift(order)
    for act in ("lift/preview", "probe"):
        over = await gateway.call("POST", f"/suspensions/{order}/{act}", {})
        assert (over.status_code, over.json()["type"]) == (409, "/problems/order-not-open")
        unknown = await gateway.call("POST", f"/suspensions/{new_id()}/{act}", {})
        assert (unknown.status_code, unknown.json()["type"]) == (
            *(404, "/problems/suspension-unknown"),
        )


async def test_a_probe_sends_a_signed_event_without_a_report_and_counts_credentials(
    gateway: Gateway, receiver: Receiver
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    hold(gateway, 1, keys=1)
    receiver.answers = ["204", "500"]
    sound = (await gateway.call("POST", f"/suspensions/{order}/probe")).json()
    assert sound["is_sound"]
    inbound, outbound = sound["directions"]
    assert (inbound["credentials"], outbound["status"]) == (1, 204)
    assert "có thể đăng nhập trở lại" in inbound["detail"]
    assert outbound["detail"].startswith("Hệ thống nhận trả lời 204 sau ")
    (payload,) = receiver.verified(gateway.keys)
    assert payload["type"] == "connector-gateway.probe"
    assert payload["data"] == {"connection": "hai-chieu", "suspension": order}
    gateway.execute("UPDATE credentials SET valid_to = now() - interval '1 hour'")
    broken = (await gateway.call("POST", f"/suspensions/{order}/probe")).json()
    assert [one["is_sound"] for one in broken["directions"]] == [False, False]
    assert broken["directions"][1]["problem"] == "status-500"
    direction = await gateway.direction("hai-chieu", "outbound")
    assert (direction["admin_state"], direction["breaker_state"]) == ("SUSPENDED", "CLOSED")
    assert gateway.rows(STATES) == [("held", 1)]
    seen = """SELECT entry::jsonb ->> 'direction', entry::jsonb ->> 'sound' FROM ledger_entries
              WHERE entry::jsonb ->> 'kind' = 'connection-probed' ORDER BY index"""
    assert gateway.rows(seen) == [
        *(("inbound", "yes"), ("outbound", "yes"), ("inbound", "no"), ("outbound", "no")),
    ]


async def test_what_a_probe_saw_last_is_read_by_others_and_names_who_asked(
    gateway: Gateway, receiver: Receiver
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    path = f"/suspensions/{order}/probe"
    early = await gateway.call("GET", path)
    assert (early.status_code, early.json()["type"]) == (404, "/problems/not-probed")
    an, binh = [await gateway.known(name) for name in ("Nguyễn Văn An", "Trần Thị Bình")]
    receiver.answers = ["500", "204"]
    for by, name, sound in ((an, "Nguyễn Văn An", False), (binh, "Trần Thị Bình", True)):
        seen = (await gateway.call("POST", path, by=by)).json()
        assert (seen["probed_by"], seen["is_sound"]) == (name, sound)
        auditor = gateway.person(Role.AUDITOR)
        assert (await gateway.call("GET", path, by=auditor)).json() == seen
    await gateway.lift(order)
    other = (await gateway.suspend("hai-chieu"))["id"]
    assert (await gateway.call("GET", f"/suspensions/{other}/probe")).status_code == 404
    unknown = await gateway.call("GET", f"/suspensions/{new_id()}/probe")
    assert unknown.json()["type"] == "/problems/suspension-unknown"
    nonsense = await gateway.call("GET", "/suspensions/khong/probe")
    assert (nonsense.status_code, nonsense.json()["errors"][0]["pointer"]) == (
        *(422, "/path/suspension"),
    )


async def test_of_ten_thousand_held_one_of_each_key_goes_out_and_the_rest_is_superseded(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    hold(gateway, 10_000, keys=40)
    said = await preview(gateway, order, choose="latest")
    assert (said["released"], said["superseded"]) == (40, 9_960)
    await gateway.lift(order, choose="latest")
    assert gateway.rows(STATES) == [("superseded", 9_960), ("waiting", 40)]
    resuming = (await gateway.direction("hai-chieu", "outbound"))["resuming"]
    assert (resuming["left"], resuming["per_second"] in (1, 10, 50)) == (40, True)
    gateway.execute("UPDATE connections SET outbound_since = now() - interval '1 minute'")

    async def all_out() -> bool:
        await dispatcher.round()
        await dispatcher.settled()
        return gateway.rows(STATES) == [("delivered", 40), ("superseded", 9_960)]

    await until(all_out, limit=20)
    sent = [payload["data"] for payload in receiver.verified(gateway.keys)]
    assert sorted(sent) == [*range(9_961, 10_001)]
    assert (await gateway.direction("hai-chieu", "outbound"))["resuming"]["left"] == 0


async def test_held_rows_of_one_key_go_out_in_their_order(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await both_ways(gateway, receiver)
    order = (await gateway.suspend("hai-chieu"))["id"]
    hold(gateway, 12, keys=3)
    await gateway.lift(order, choose="all")
    gateway.execute("UPDATE connections SET outbound_since = now() - interval '1 minute'")

    async def all_out() -> bool:
        await dispatcher.round()
        await dispatcher.settled()
        return len(receiver.received) == 12

    await until(all_out, limit=20)
    sent = [payload["data"] for payload in receiver.verified(gateway.keys)]
    assert [[n for n in sent if n % 3 == key] for key in range(3)] == [
        *([3, 6, 9, 12], [1, 4, 7, 10], [2, 5, 8, 11]),
    ]
