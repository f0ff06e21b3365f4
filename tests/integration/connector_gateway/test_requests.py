"""Requests for a connection account: their clock, a grant in one act, a refusal with reasons."""

import json
from datetime import date, datetime
from typing import Any

import psycopg
import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from connector_gateway.commands import known, requests
from connector_gateway.queries.requests import waiting
from contracts.accounts.v1 import AgencyLevel, AgencyOpened
from tests.support.gateway import TET, Gateway, a_year
from tests.support.partner import Partner, a_delivery

FRIDAY = datetime(2026, 8, 21, 9, tzinfo=ZONE)
ASKED: dict[str, Any] = {
    "number": "15/BTP-CNTT",
    "date": "2026-08-20",
    "agency": "H01",
    "received_at": "2026-08-21T08:30:00+07:00",
    "system": {
        "name": "Hệ thống đăng ký hộ tịch",
        "owner_agency": "H01",
        "contact_email": "dau-moi@btp.example.vn",
    },
    "purpose": "Gửi số liệu hộ tịch định kỳ về tỉnh",
    "directions": ["inbound"],
    "regimes": ["TTHC-II06A", "CDS-XA"],
    "formats": ["json", "csv"],
}
OPENED: dict[str, Any] = {
    "code": "ho-tich",
    "name": "Kết nối hộ tịch",
    "system": "he-thong-ho-tich",
    "directions": ["inbound"],
    "regimes": ["TTHC-II06A"],
}


async def recorded(gateway: Gateway, **facts: Any) -> dict[str, Any]:
    """Record a request on the Friday on which it came."""
    gateway.clock.moment = FRIDAY
    answer = await gateway.call("POST", "/connection-requests", ASKED | facts)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def told(gateway: Gateway, *kinds: str) -> list[dict[str, Any]]:
    """Return what the hub's own chain says of these kinds."""
    entries = (await gateway.call("GET", "/ledger?chain=system")).json()["items"]
    return [one for one in (json.loads(row["entry"]) for row in entries) if one["kind"] in kinds]


async def test_a_request_is_shown_with_its_clock_and_names(gateway: Gateway) -> None:
    async with gateway.database.transaction() as session:
        opened = AgencyOpened(
            code="H01",
            name="Bộ Tư pháp",
            level=AgencyLevel.VERTICAL,
            valid_from=date(2020, 1, 1),
        )
        await known.learn_agencies(session, [opened])
    request = await recorded(gateway)
    assert (request["state"], request["agency_name"]) == ("open", "Bộ Tư pháp")
    assert request["system"]["owner_agency_name"] == "Bộ Tư pháp"
    assert request["due_at"] == "2026-08-25T17:00:00+07:00"
    assert (request["working_days_left"], request["is_overdue"]) == (2, False)
    assert request["regimes"] == ["TTHC-II06A", "CDS-XA"]
    (entry,) = await told(gateway, "connection-requested")
    assert (entry["request"], entry["number"]) == (request["id"], "15/BTP-CNTT")


async def test_a_saturday_that_is_worked_after_all_sets_the_clock_anew(gateway: Gateway) -> None:
    request = await recorded(gateway)
    calendar = a_year(2026, TET)
    days_off = [day for day in calendar.days_off if day != date(2026, 8, 22)]
    async with gateway.database.transaction() as session:
        swapped = calendar.model_copy(update={"days_off": days_off})
        await known.learn_calendar(session, swapped)
        await requests.set_clocks_anew(session, now=FRIDAY)
        await requests.set_clocks_anew(session, now=FRIDAY)
    view = (await gateway.call("GET", f"/connection-requests/{request['id']}")).json()
    assert (view["due_at"], view["working_days_left"]) == ("2026-08-24T17:00:00+07:00", 2)
    (entry,) = await told(gateway, "connection-request-due")
    assert entry["due_at"] == "2026-08-24T17:00:00+07:00"


async def test_a_request_that_waits_too_long_is_overdue_and_counted(gateway: Gateway) -> None:
    request = await recorded(gateway)
    for hour, is_overdue in ((16, False), (18, True)):
        gateway.clock.moment = moment = datetime(2026, 8, 25, hour, tzinfo=ZONE)
        listed = (await gateway.call("GET", "/connection-requests?state=open")).json()["items"]
        assert [(one["id"], one["is_overdue"]) for one in listed] == [(request["id"], is_overdue)]
        async with gateway.database.transaction() as session:
            counted = await waiting(session, moment)
        assert counted == {"open": 1, "overdue": int(is_overdue)}


async def test_a_grant_opens_system_and_connection_and_hands_the_secret_over(
    gateway: Gateway,
) -> None:
    request = await recorded(gateway)
    answer = await gateway.call("POST", f"/connection-requests/{request['id']}/grant", OPENED)
    granted = answer.json()
    assert answer.status_code == 200, answer.text
    assert granted["request"]["state"] == "granted"
    assert granted["request"]["answer"]["connection"] == "ho-tich"
    assert (granted["request"]["working_days_left"], granted["request"]["is_overdue"]) == (
        None,
        False,
    )
    gateway.clock.moment = None
    secret = granted["connection"]["client_secret"]
    partner = Partner(gateway.client, "ho-tich", secret=secret)
    assert (await partner.push(a_delivery())).status_code == 202
    board = (await gateway.call("GET", "/connections/ho-tich")).json()
    policy = (await gateway.call("GET", "/connections/ho-tich/policy")).json()
    assert policy["formats"] == ["json", "csv"]
    assert (board["system"]["name"], board["regimes"]) == (ASKED["system"]["name"], ["TTHC-II06A"])
    again = await gateway.call("GET", f"/connection-requests/{request['id']}")
    assert secret not in again.text
    (entry,) = await told(gateway, "connection-request-granted")
    assert entry["connection"] == "ho-tich"


async def test_a_grant_uses_a_system_that_is_known(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", owner="H01")
    request = await recorded(gateway)
    body = OPENED | {"system": "he-thong-qg-tthc"}
    answer = await gateway.call("POST", f"/connection-requests/{request['id']}/grant", body)
    assert answer.status_code == 200, answer.text
    assert gateway.rows("SELECT count(*) FROM systems") == [(1,)]


async def test_a_request_is_refused_with_reasons_and_answered_once(gateway: Gateway) -> None:
    request = await recorded(gateway)
    path = f"/connection-requests/{request['id']}"
    for silent in ({}, {"reasons": ""}, {"reasons": "   "}):
        answer = await gateway.call("POST", f"{path}/refuse", silent)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reasons")
    reasons = {"reasons": "Hệ thống chưa được phê duyệt cấp độ an toàn thông tin"}
    refused = (await gateway.call("POST", f"{path}/refuse", reasons)).json()
    assert (refused["state"], refused["answer"]["reasons"]) == ("refused", reasons["reasons"])
    for act, body in (("refuse", reasons), ("grant", OPENED)):
        again = await gateway.call("POST", f"{path}/{act}", body)
        assert (again.status_code, again.json()["type"]) == (
            409,
            "/problems/connection-request-decided",
        )
    assert gateway.rows("SELECT count(*) FROM connections") == [(0,)]
    (entry,) = await told(gateway, "connection-request-refused")
    assert entry["reasons"] == reasons["reasons"]


async def test_requests_are_listed_by_state_and_page(gateway: Gateway) -> None:
    ids = [(await recorded(gateway, number=f"{n}/BTP"))["id"] for n in range(3)]
    await gateway.call("POST", f"/connection-requests/{ids[0]}/refuse", {"reasons": "x"})
    page = (await gateway.call("GET", "/connection-requests?limit=2")).json()
    assert [one["id"] for one in page["items"]] == [ids[2], ids[1]]
    rest = await gateway.call("GET", f"/connection-requests?limit=2&after={page['next']}")
    assert [one["id"] for one in rest.json()["items"]] == [ids[0]]
    refused = (await gateway.call("GET", "/connection-requests?state=refused")).json()["items"]
    assert [one["id"] for one in refused] == [ids[0]]
    unknown = await gateway.call("GET", f"/connection-requests/{new_id()}")
    assert unknown.json()["type"] == "/problems/connection-request-unknown"


@pytest.mark.parametrize(
    ("change", "slug", "places"),
    [
        (
            {"received_at": "2026-08-21T10:00:00+07:00"},
            *("connection-request-impossible", ["/received_at"]),
        ),
        ({"date": "2026-08-22"}, "connection-request-impossible", ["/date"]),
        ({"date": "2026-13-01"}, "invalid-body", ["/date"]),
        ({"number": ""}, "invalid-body", ["/number"]),
        ({"purpose": "a\u0000b"}, "invalid-body", ["/purpose"]),
        ({"directions": []}, "invalid-body", ["/directions"]),
        ({"directions": ["sideways"]}, "invalid-body", ["/directions/0"]),
        ({"formats": ["pdf"]}, "invalid-body", ["/formats/0"]),
        ({"agency": "bộ"}, "invalid-body", ["/agency"]),
        ({"system": ASKED["system"] | {"contact_email": "x"}}, "invalid-body", None),
    ],
    ids=lambda one: str(one)[:40],
)
async def test_a_document_that_cannot_be_is_refused_with_its_place(
    gateway: Gateway, change: dict[str, Any], slug: str, places: list[str] | None
) -> None:
    gateway.clock.moment = FRIDAY
    answer = await gateway.call("POST", "/connection-requests", ASKED | change)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, f"/problems/{slug}")
    assert [one["pointer"] for one in problem["errors"]] == (places or ["/system/contact_email"])
    assert all(one["detail"] for one in problem["errors"])
    assert gateway.rows("SELECT count(*) FROM connection_requests") == [(0,)]
    assert await told(gateway, "connection-requested") == []


async def test_one_document_is_recorded_once(gateway: Gateway) -> None:
    await recorded(gateway)
    again = await gateway.call("POST", "/connection-requests", ASKED)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/connection-request-known")
    assert len(await told(gateway, "connection-requested")) == 1


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"regimes": None}, 422, "granted-more-than-asked"),
        ({"regimes": ["KTXH-THANG"]}, 422, "granted-more-than-asked"),
        ({"directions": ["outbound"]}, 422, "granted-more-than-asked"),
        ({"system": "he-thong-khac"}, 409, "system-of-another-owner"),
        ({"code": "khac"}, 409, "code-taken"),
        ({"client_secret": "ngan"}, 422, "credential-unfit"),
    ],
    ids=["all", "another regime", "another direction", "foreign system", "taken", "weak secret"],
)
async def test_a_grant_that_may_not_be_changes_nothing(
    gateway: Gateway, change: dict[str, Any], status: int, slug: str
) -> None:
    await gateway.open("khac", owner="H09")
    request = await recorded(gateway)
    path = f"/connection-requests/{request['id']}"
    answer = await gateway.call("POST", f"{path}/grant", OPENED | change)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert (await gateway.call("GET", path)).json()["state"] == "open"
    assert gateway.rows("SELECT code FROM systems") == [("he-thong-khac",)]
    assert gateway.rows("SELECT code FROM connections") == [("khac",)]


async def test_the_database_keeps_what_was_asked_and_answered(gateway: Gateway) -> None:
    await recorded(gateway)
    for change in (
        "UPDATE connection_requests SET received_at = received_at - interval '1 day'",
        """UPDATE connection_requests SET state = 'refused', decided_at = now(),
           decided_by = 'x', decided_by_name = 'X'""",
        """UPDATE connection_requests SET state = 'granted', decided_at = now(),
           decided_by = 'x', decided_by_name = 'X'""",
        "DELETE FROM connection_requests",
    ):
        with pytest.raises(psycopg.IntegrityError):
            gateway.execute(change)
