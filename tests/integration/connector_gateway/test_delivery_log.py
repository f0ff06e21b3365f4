"""The delivery log: every try with request and answer; one or a range sent anew; test events."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import now
from chassis.identifiers import new_id
from connector_gateway.commands import settlements
from connector_gateway.domain.dispatches import TEST
from connector_gateway.jobs.dispatcher import Dispatcher
from contracts.submissions.v1 import ConsolidationForwarded
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound, send_all
from tests.support.partner import Receiver

LIST = "/connections/ubnd-tinh/dispatches"
STATES = "SELECT state FROM dispatches ORDER BY sequence"


async def listed(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    """Return the delivery log as an operator sees it."""
    answer = await gateway.call("GET", f"{LIST}{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def delivered(gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher) -> str:
    """Let one report arrive; return the id of its dispatch."""
    await open_outbound(gateway, receiver)
    await forward(gateway)
    await send_all(dispatcher)
    return str((await listed(gateway))[0]["id"])


async def redeliver(gateway: Gateway, dispatch: str) -> Any:
    """Ask for one dispatch to be sent anew."""
    return await gateway.call("POST", f"{LIST}/{dispatch}/redeliver")


def acts(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    """Return the ledger entries of a kind."""
    rows = gateway.rows("SELECT entry FROM ledger_entries ORDER BY index")
    return [entry for (text,) in rows if (entry := json.loads(text))["kind"] == kind]


async def test_every_try_stands_in_the_log_with_request_and_answer(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = ["503|Retry-After: 7\r\nServer: nhan/1"]
    await send_all(dispatcher)
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    await send_all(dispatcher)
    ((dispatch),) = await listed(gateway)
    detail = (await gateway.call("GET", f"{LIST}/{dispatch['id']}")).json()
    body = receiver.received[0].body
    assert (detail["sha256"], detail["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
    first, second = detail["tries"]
    assert first["answer"]["status"] == 503
    assert first["answer"]["headers"] == {
        "content-length": "0",
        "retry-after": "7",
        "server": "nhan/1",
    }
    assert (second["answer"]["status"], second["problem"]) == (204, None)
    for one, came in zip((first, second), receiver.received, strict=True):
        assert one["request_headers"]["webhook-id"] == came.id == dispatch["webhook_id"]
        assert "webhook-signature" not in one["request_headers"]
        assert one["kid"] == gateway.keys[0]["kid"]
        assert (one["url"], one["subscription_version"]) == (receiver.url, 1)
        assert one["duration_ms"] >= 0


async def test_the_board_counts_the_tries_of_the_last_minute_and_what_came_of_them(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    dispatch = await delivered(gateway, receiver, dispatcher)
    receiver.answers = ["503"]
    await redeliver(gateway, dispatch)
    await send_all(dispatcher)
    gateway.execute(
        """INSERT INTO attempts (dispatch_id, number, epoch, began_at, ended_at, problem)
           SELECT id, 90, 1, now() - interval '2 minutes', now(), 'status-500' FROM dispatches
           UNION ALL SELECT id, 91, 1, now(), now(), 'cut-off' FROM dispatches
           UNION ALL SELECT id, 92, 1, now(), NULL, NULL FROM dispatches"""
    )
    view = (await gateway.call("GET", "/connections/ubnd-tinh")).json()
    assert view["recent"] == {"received": 0, "refused": 0, "tried": 2, "failed": 1}
    assert view["last_sent_at"] is None, "the one that arrived goes out again"
    await redeliver(gateway, dispatch)
    await send_all(dispatcher)
    view = (await gateway.call("GET", "/connections/ubnd-tinh")).json()
    (one,) = await listed(gateway)
    assert view["last_sent_at"] == one["finished_at"]


async def test_a_receiver_that_cannot_be_reached_is_logged_with_its_reason(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = ["hỏng"]
    await send_all(dispatcher)
    (dispatch,) = await listed(gateway)
    (one,) = (await gateway.call("GET", f"{LIST}/{dispatch['id']}")).json()["tries"]
    assert (one["answer"], one["problem"]) == (None, "RemoteProtocolError")
    assert one["request_headers"]["webhook-id"] == dispatch["webhook_id"]


async def test_the_log_keeps_two_kibibytes_of_what_a_receiver_says(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    receiver.says, receiver.answers = b"x" * 5000, ["200"]
    dispatch = await delivered(gateway, receiver, dispatcher)
    (one,) = (await gateway.call("GET", f"{LIST}/{dispatch}")).json()["tries"]
    assert one["answer"]["body"] == "x" * 2048


async def test_a_204_with_a_body_that_it_may_not_have_is_an_acknowledgement_all_the_same(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    receiver.says, receiver.answers = b"HTTP/1.1 500", ["204"]
    dispatch = await delivered(gateway, receiver, dispatcher)
    (one,) = (await gateway.call("GET", f"{LIST}/{dispatch}")).json()["tries"]
    assert (one["answer"]["status"], one["answer"]["body"]) == (204, "")


async def test_the_log_is_read_by_state_type_and_time_in_pages(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await delivered(gateway, receiver, dispatcher)
    for _ in range(2):
        await forward(gateway)
    soon = (now() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    assert len(await listed(gateway, "?state=delivered")) == 1
    assert len(await listed(gateway, f"?type={ConsolidationForwarded.type}")) == 3
    assert await listed(gateway, f"?type={TEST}") == []
    assert len(await listed(gateway, f"?to={soon}")) == 3
    assert await listed(gateway, f"?from={soon}") == []
    page = (await gateway.call("GET", f"{LIST}?state=waiting&limit=1")).json()
    rest = await listed(gateway, f"?state=waiting&after={page['next']}")
    assert len({page["items"][0]["id"], rest[0]["id"]}) == 2


@pytest.mark.parametrize(
    "query", ["?state=xong", "?type=khac", "?from=2026-01-01", "?to=x", "?after=x", "/khong"]
)
async def test_a_question_to_the_log_that_cannot_be_is_refused(
    gateway: Gateway, receiver: Receiver, query: str
) -> None:
    await open_outbound(gateway, receiver)
    answer = await gateway.call("GET", f"{LIST}{query}")
    assert (answer.status_code, bool(answer.json()["detail"])) == (422, True)


async def test_the_system_itself_reads_its_log_and_no_other(
    gateway: Gateway, receiver: Receiver
) -> None:
    webhook = {"url": receiver.url, "events": [ConsolidationForwarded.type]}
    partner = await gateway.open("ubnd-tinh", directions=["outbound"], webhook=webhook)
    stranger = await gateway.open("khac")
    own = await gateway.call("GET", LIST, by=await partner.headers())
    other = await gateway.call("GET", LIST, by=await stranger.headers())
    assert (own.status_code, other.status_code) == (200, 403)


async def test_a_dispatch_sent_anew_keeps_its_id_and_gets_a_new_ladder_of_retries(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    dispatch = await delivered(gateway, receiver, dispatcher)
    gateway.execute("UPDATE dispatches SET state = 'failed', attempts = 13")
    receiver.answers = ["500"]
    answer = await redeliver(gateway, dispatch)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("waiting",)]
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("delivered",)]
    assert len(receiver.received) == 3
    assert len({one.id for one in receiver.received}) == 1
    (act,) = acts(gateway, "dispatches-redelivered")
    assert (act["dispatch"], act["count"], bool(act["by"])) == (dispatch, 1, True)


async def test_what_waits_for_its_next_try_is_tried_now(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    await forward(gateway)
    receiver.answers = ["503|Retry-After: 3600"]
    await send_all(dispatcher)
    (dispatch,) = await listed(gateway)
    assert (await redeliver(gateway, dispatch["id"])).status_code == 202
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("delivered",)]


async def test_an_older_event_sent_anew_goes_before_the_newer_of_its_key(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    dispatch = await delivered(gateway, receiver, dispatcher)
    key = (await listed(gateway))[0]["key"]
    await forward(gateway, key=key)
    await redeliver(gateway, dispatch)
    receiver.answers = ["500"]
    await send_all(dispatcher)
    assert gateway.rows(STATES) == [("waiting",), ("waiting",)]
    gateway.execute("UPDATE dispatches SET next_attempt_at = now()")
    await send_all(dispatcher)
    sent = [one.id for one in receiver.received]
    assert sent[0] == sent[1] == sent[2] != sent[3]


async def test_a_range_is_sent_anew_but_no_test_and_nothing_discarded(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await delivered(gateway, receiver, dispatcher)
    await forward(gateway)
    await gateway.call("POST", f"{LIST}/test")
    await send_all(dispatcher)
    await forward(gateway)
    gateway.execute("UPDATE dispatches SET state = 'discarded' WHERE state = 'waiting'")
    hour = timedelta(hours=1)
    span = {"from": (now() - hour).isoformat(), "to": (now() + hour).isoformat()}
    answer = await gateway.call("POST", f"{LIST}/redeliver", span)
    assert (answer.status_code, answer.json()) == (202, {"count": 2, "state": "waiting"})
    assert gateway.rows(STATES) == [("waiting",), ("waiting",), ("delivered",), ("discarded",)]
    await send_all(dispatcher)
    first = [one.id for one in receiver.received[:2]]
    assert [one.id for one in receiver.received[3:]] == first
    assert acts(gateway, "dispatches-redelivered")[0]["count"] == 2


async def test_what_is_sent_anew_while_suspended_is_held(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    dispatch = await delivered(gateway, receiver, dispatcher)
    await gateway.suspend("ubnd-tinh")
    assert (await redeliver(gateway, dispatch)).json()["state"] == "held"
    again = await redeliver(gateway, dispatch)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/dispatch-under-way")
    await send_all(dispatcher)
    assert len(receiver.received) == 1
    assert (await gateway.direction("ubnd-tinh", "outbound"))["held"]["count"] == 1


@pytest.mark.parametrize("act", ["test", "redeliver", "one"])
async def test_a_revoked_connection_sends_nothing_anew(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher, act: str
) -> None:
    dispatch = await delivered(gateway, receiver, dispatcher)
    await gateway.call("POST", "/connections/ubnd-tinh/revoke", {"reason": "hết hợp đồng"})
    span = {"from": "2026-01-01T00:00:00+07:00", "to": "2099-01-01T00:00:00+07:00"}
    path = f"{dispatch}/redeliver" if act == "one" else act
    answer = await gateway.call("POST", f"{LIST}/{path}", span if act == "redeliver" else None)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/connection-revoked")
    assert gateway.rows(STATES) == [("delivered",)]


async def test_a_dispatch_that_is_not_there_is_not_sent_anew(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    answer = await redeliver(gateway, str(new_id()))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/dispatch-unknown")
    assert acts(gateway, "dispatches-redelivered") == []


@pytest.mark.parametrize(
    ("span", "pointer"),
    [
        pytest.param({"to": "2026-01-01T00:00:00+07:00"}, "/from", id="no beginning"),
        pytest.param({"from": "2026-01-01T00:00:00+07:00", "to": "x"}, "/to", id="no moment"),
        pytest.param(
            {
                "from": "2026-01-01T00:00:00+07:00",
                "to": "2026-01-02T00:00:00+07:00",
                "type": "khac",
            },
            "/type",
            id="no type of ours",
        ),
    ],
)
async def test_a_range_that_is_none_is_refused(
    gateway: Gateway, receiver: Receiver, span: dict[str, str], pointer: str
) -> None:
    await open_outbound(gateway, receiver)
    answer = await gateway.call("POST", f"{LIST}/redeliver", span)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_test_event_is_signed_logged_and_tried_once(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await open_outbound(gateway, receiver)
    waiting = await forward(gateway)
    gateway.execute("UPDATE dispatches SET next_attempt_at = now() + interval '1 hour'")
    receiver.answers = ["500"]
    for _ in range(2):
        answer = await gateway.call("POST", f"{LIST}/test")
        assert answer.status_code == 201
        await send_all(dispatcher)
    payloads = receiver.verified(gateway.keys)
    assert [one["type"] for one in payloads] == [TEST] * 2
    assert gateway.rows(STATES) == [("waiting",), ("failed",), ("delivered",)]
    assert str(waiting) not in str(payloads)
    assert len(acts(gateway, "test-dispatched")) == 2
    assert gateway.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_a_suspended_connection_takes_no_test(gateway: Gateway, receiver: Receiver) -> None:
    await open_outbound(gateway, receiver)
    await gateway.suspend("ubnd-tinh")
    answer = await gateway.call("POST", f"{LIST}/test")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/connection-suspended")
    assert gateway.rows(STATES) == []


async def test_the_log_forgets_details_after_ninety_days_and_tries_after_two_years(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await delivered(gateway, receiver, dispatcher)
    kept = "SELECT request_headers IS NULL, status FROM attempts"
    for days, left in ((89, [(False, 204)]), (91, [(True, 204)]), (731, [])):
        async with gateway.database.transaction() as session:
            await settlements.trim_log(session, now=now() + timedelta(days=days))
        assert gateway.rows(kept) == left
