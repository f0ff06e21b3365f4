"""Flags by people (Điều 8.1c): said with evidence, dismissed with a reason, closed by an order."""

import json
from typing import Any

import psycopg
import pytest

from chassis.identifiers import new_id
from tests.support.gateway import Gateway

SAID = {"reason": "Lưu lượng lạ lúc nửa đêm", "evidence": "Nhật ký tường lửa ngày 20/08"}
NO_RISK = {"reason": "Bộ đã báo trước lịch gửi bù"}


async def flagged(gateway: Gateway, code: str = "qg-tthc") -> dict[str, Any]:
    """Flag a connection as an operator and return the flag."""
    answer = await gateway.call("POST", f"/connections/{code}/flags", SAID)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_a_flag_keeps_who_when_and_evidence_and_decides_nothing(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    flag = await flagged(gateway)
    assert (flag["state"], flag["evidence"]) == ("open", SAID["evidence"])
    assert (flag["connection_name"], flag["detector"]) == ("Kết nối của bộ", None)
    assert flag["flagged_by"]
    assert flag["flagged_at"].endswith("+07:00")
    query = "SELECT value FROM outbox WHERE type LIKE '%%connection.flagged%%'"
    ((told,),) = gateway.rows(query)
    assert json.loads(told)["reason"] == SAID["reason"]
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"


async def test_a_flag_is_dismissed_once_with_a_reason(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    flag = await flagged(gateway)
    path = f"/connections/qg-tthc/flags/{flag['id']}/dismiss"
    silent = await gateway.call("POST", path, {})
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    dismissed = (await gateway.call("POST", path, NO_RISK)).json()
    assert (dismissed["state"], dismissed["decision"]["reason"]) == ("dismissed", NO_RISK["reason"])
    assert dismissed["decision"]["by"]
    again = await gateway.call("POST", path, {"reason": "Lần hai"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/flag-decided")
    assert "dismissed" in again.json()["detail"]
    assert gateway.rows("SELECT decision_reason FROM flags") == [(NO_RISK["reason"],)]
    assert [entry["decision"] for entry in await decided(gateway)] == ["dismissed"]


async def test_flags_are_listed_by_what_became_of_them(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    first, second = (await flagged(gateway))["id"], (await flagged(gateway))["id"]
    await gateway.call("POST", f"/connections/qg-tthc/flags/{first}/dismiss", NO_RISK)
    listed = {
        state: [
            flag["id"]
            for flag in (await gateway.call("GET", f"/connections/qg-tthc/flags{state}")).json()[
                "items"
            ]
        ]
        for state in ("", "?state=open", "?state=dismissed", "?state=suspended")
    }
    assert list(listed.values()) == [[second, first], [second], [first], []]
    page = (await gateway.call("GET", "/connections/qg-tthc/flags?limit=1")).json()
    rest = await gateway.call("GET", f"/connections/qg-tthc/flags?limit=1&after={page['next']}")
    assert [flag["id"] for flag in rest.json()["items"]] == [first]


async def test_a_suspension_for_a_security_risk_closes_open_flags_of_its_connection(
    gateway: Gateway,
) -> None:
    for code in ("qg-tthc", "khac"):
        await gateway.open(code)
        await flagged(gateway, code)
    order = await gateway.suspend("qg-tthc")
    flag = (await gateway.call("GET", "/connections/qg-tthc/flags")).json()["items"][0]
    assert (flag["state"], flag["decision"]["suspension"]) == ("suspended", order["id"])
    assert flag["decision"]["reason"] == order["public_reason"]
    (entry,) = await decided(gateway)
    assert (entry["decision"], entry["suspension"]) == ("suspended", order["id"])
    other = (await gateway.call("GET", "/connections/khac/flags")).json()["items"][0]
    assert other["state"] == "open"


async def test_force_majeure_leaves_flags_open(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await flagged(gateway)
    await gateway.suspend("qg-tthc", ground="FORCE_MAJEURE")
    assert gateway.rows("SELECT state FROM flags") == [("open",)]


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("/connections/khong-co/flags", SAID, 404, "connection-unknown"),
        ("/connections/qg-tthc/flags", {"reason": ""}, 422, "invalid-body"),
        ("/connections/qg-tthc/flags", {"reason": "a\u0000b"}, 422, "invalid-body"),
        (f"/connections/qg-tthc/flags/{new_id()}/dismiss", NO_RISK, 404, "flag-unknown"),
        (f"/connections/khong-co/flags/{new_id()}/dismiss", NO_RISK, 404, "connection-unknown"),
    ],
    ids=["no connection", "no reason", "control character", "no flag", "dismissed nowhere"],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    gateway: Gateway, path: str, body: dict[str, str], status: int, slug: str
) -> None:
    await gateway.open("qg-tthc")
    answer = await gateway.call("POST", path, body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert gateway.rows("SELECT count(*) FROM flags") == [(0,)]


async def test_a_flag_of_another_connection_is_not_dismissed(gateway: Gateway) -> None:
    for code in ("qg-tthc", "khac"):
        await gateway.open(code)
    flag = await flagged(gateway, "khac")
    path = f"/connections/qg-tthc/flags/{flag['id']}/dismiss"
    assert (await gateway.call("POST", path, NO_RISK)).status_code == 404
    assert (await gateway.call("GET", "/connections/khong-co/flags")).status_code == 404


async def test_the_database_keeps_what_was_said_and_decided(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await flagged(gateway)
    for change in (
        "UPDATE flags SET evidence = NULL",
        "UPDATE flags SET state = 'dismissed', decided_at = now(), decided_by = 'x'",
        "DELETE FROM flags",
    ):
        with pytest.raises(psycopg.IntegrityError):
            gateway.execute(change)


async def decided(gateway: Gateway) -> list[dict[str, Any]]:
    """Return what the ledger says of decisions about flags."""
    entries = (await gateway.call("GET", "/ledger?chain=qg-tthc")).json()["items"]
    facts = [json.loads(one["entry"]) for one in entries]
    return [one for one in facts if one["kind"] == "flag-decided"]
