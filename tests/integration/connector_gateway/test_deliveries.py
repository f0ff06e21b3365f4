"""The door for figures: what is accepted once, what is refused and leaves nothing behind."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import zstandard

from chassis.clock import now
from connector_gateway.commands import deliveries
from connector_gateway.domain.contents import XLSX
from connector_gateway.domain.receipts import Completion, ReceiptState
from tests.support.builders_intake import a_package
from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery

OUTCOME = {
    "counts": {"created": 3, "updated": 0, "unchanged": 0, "rejected": 1},
    "reports": [],
    "rejections": [{"pointer": "/reports/0/values/1/0", "type": "/problems/not-a-decimal"}],
    "problem": None,
}


async def test_a_push_is_answered_with_a_receipt(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    answer = await partner.push(a_delivery())
    assert answer.status_code == 202
    receipt = answer.json()
    assert set(receipt) == {*("receipt", "state", "sha256", "received_at", "epoch", "ledger_index")}
    assert receipt["sha256"] == hashlib.sha256(json.dumps(a_delivery()).encode()).hexdigest()
    assert (receipt["state"], receipt["epoch"]) == ("received", 1)
    assert answer.headers["location"] == f"{partner.deliveries}/{receipt['receipt']}"


async def test_a_delivery_leaves_as_the_bytes_that_came_with_its_facts_beside_it(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc", regimes=["TTHC-II06A"], agencies=["07201"])
    body = gzip.compress(json.dumps(a_delivery()).encode())
    receipt = (await partner.push(body, content_encoding="gzip")).json()
    (row,) = gateway.rows(
        "SELECT value, key, headers FROM outbox WHERE type LIKE 'connector-gateway.delivery%%'"
    )
    facts = json.loads(row[2])
    assert (row[0], row[1]) == (body, "qg-tthc")
    assert facts["receipt_id"] == receipt["receipt"]
    assert facts["content_encoding"] == "gzip"
    assert json.loads(facts["grant"]) == {"regimes": ["TTHC-II06A"], "agencies": ["07201"]}


async def test_the_same_key_and_body_answer_the_same_receipt(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    first, second = [await partner.push(a_delivery(), key="k") for _ in range(2)]
    assert first.json() == second.json()
    assert gateway.rows("SELECT count(*) FROM receipts") == [(1,)]


async def test_the_same_key_with_another_body_is_refused(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    first = await partner.push(a_delivery(), key="k")
    second = await partner.push(a_delivery(figures=6), key="k")
    assert second.status_code == 422
    assert second.json()["type"] == "/problems/idempotency-key-reused"
    assert second.json()["receipt"] == first.json()["receipt"]


async def test_one_key_pushed_many_times_at_once_is_one_receipt(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    answers = await asyncio.gather(*(partner.push(a_delivery(), key="k") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert gateway.rows("SELECT count(*) FROM outbox WHERE type LIKE '%%delivery%%'") == [(1,)]


async def test_two_connections_may_use_the_same_key(gateway: Gateway) -> None:
    one, other = await gateway.open("mot"), await gateway.open("hai")
    answers = [await partner.push(a_delivery(), key="k") for partner in (one, other)]
    assert len({answer.json()["receipt"] for answer in answers}) == 2


BAD = [
    pytest.param(b'{"regime":', {}, 400, "invalid-json", id="wrong JSON"),
    pytest.param(b"", {}, 400, "body-cut-off", id="empty"),
    pytest.param(b'{"a":"\xff\xfe"}', {}, 422, "invalid-text", id="no UTF-8"),
    pytest.param(b"[" * 9 + b"]" * 9, {}, 413, "payload-too-large", id="nested too deep"),
    pytest.param(b'"' + b"x" * (5 << 20), {}, 413, "payload-too-large", id="5 MiB and a byte"),
    pytest.param(
        gzip.compress(bytes(6 << 20)),
        {"content_encoding": "gzip"},
        *(413, "payload-too-large"),
        id="too large when unpacked",
    ),
    pytest.param(
        b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        *({}, 413, "payload-too-large"),
        id="nested 10,000 deep",
    ),
    pytest.param(
        b'{"reports":[{"values":[[' + b",".join([b'"1"'] * 200_000) + b"]]}]}",
        *({}, 413, "payload-too-large"),
        id="200,000 tiny figures",
    ),
    pytest.param(
        zstandard.compress(bytes(60 << 20)),
        {"content_encoding": "zstd"},
        *(413, "payload-too-large"),
        id="a zstd bomb",
    ),
    pytest.param(b'{"a":NaN}', {}, 400, "invalid-json", id="NaN"),
    pytest.param(
        "agency,row,column,value\n07201,1,note,Số liệu\n".encode("cp1258"),
        {"content_type": "text/csv"},
        *(422, "invalid-text"),
        id="CP1258",
    ),
    pytest.param(
        a_package({"xl/worksheets/sheet1.xml": b" " * (20 << 20)}),
        {"content_type": XLSX},
        *(413, "payload-too-large"),
        id="a zip bomb",
    ),
    pytest.param(
        a_package({"xl/vbaProject.bin": b"x"}),
        {"content_type": XLSX},
        *(415, "workbook-has-macros"),
        id="a workbook with macros",
    ),
    pytest.param(
        a_package({"xl/workbook.xml": b"x"}),
        {"content_type": "application/vnd.ms-excel.sheet.macroEnabled.12"},
        *(415, "delivery-media-type"),
        id="a workbook that says it has macros",
    ),
    pytest.param(
        b"{}", {"content_encoding": "br"}, 415, "delivery-media-type", id="unknown encoding"
    ),
    pytest.param(b"{}", {"content_encoding": "gzip"}, 400, "encoding-broken", id="not packed"),
    pytest.param(b"<a/>", {"content_type": "text/xml"}, 415, "delivery-media-type", id="XML"),
    pytest.param(b"{}", {"idempotency_key": ""}, 422, "idempotency-key-missing", id="no key"),
    pytest.param(
        b"{}", {"idempotency_key": "x" * 256}, 422, "idempotency-key-missing", id="key too long"
    ),
    pytest.param(
        b"{}", {"authorization": "Bearer x.y.z"}, 401, "unauthenticated", id="forged token"
    ),
    pytest.param(b"{}", {"authorization": ""}, 401, "unauthenticated", id="no token"),
]


@pytest.mark.parametrize(("body", "headers", "status", "slug"), BAD)
async def test_a_bad_push_is_told_what_is_wrong_and_changes_nothing(
    gateway: Gateway, body: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    partner = await gateway.open("qg-tthc")
    before = gateway.rows("SELECT count(*) FROM ledger_entries")
    answer = await partner.push(body, **headers)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{slug}")
    assert problem["title"]
    assert problem["detail"]
    assert gateway.rows("SELECT count(*) FROM receipts") == [(0,)]
    assert gateway.rows("SELECT count(*) FROM ledger_entries") == before


async def test_a_body_that_grows_too_large_is_not_read_whole(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1 << 20
            yield bytes(1 << 20)

    headers = {**await partner.headers(), "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/json"
    answer = await partner.client.post(partner.deliveries, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent < 8 << 20


async def test_a_token_of_another_connection_is_foreign(gateway: Gateway) -> None:
    await gateway.open("mot")
    other = await gateway.open("hai")
    stranger = Partner(gateway.client, "mot", token=await other.sign_in())
    answer = await stranger.push(a_delivery())
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-connection")


async def test_an_outbound_connection_takes_no_pushes(gateway: Gateway) -> None:
    webhook = {
        "url": "https://nhan.example.vn/hook",
        "events": ["submissions.consolidation.forwarded.v1"],
    }
    partner = await gateway.open("ubnd-tinh", directions=["outbound"], webhook=webhook)
    answer = await partner.push(a_delivery())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/direction-not-offered")


async def test_a_revoked_connection_gets_403_and_no_token(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    answer = await gateway.call("POST", "/connections/qg-tthc/revoke", {"reason": "hết hợp đồng"})
    assert answer.json()["directions"]["inbound"]["admin_state"] == "REVOKED"
    for refused in (await partner.push(a_delivery()), await partner.ask_token()):
        assert refused.status_code == 403
        assert refused.json()["type"] == "/problems/connection-revoked"


async def test_a_receipt_is_completed_with_what_submissions_said(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    location = (await partner.push(a_delivery())).headers["location"]
    waiting = asyncio.create_task(partner.receipt(location, wait=10))
    await complete(gateway, UUID(location.rsplit("/", 1)[1]))
    receipt = (await waiting).json()
    assert receipt["state"] == "completed"
    assert receipt["counts"] == OUTCOME["counts"]
    assert receipt["rejections"] == OUTCOME["rejections"]


async def test_completing_twice_or_for_nobody_changes_nothing(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    location = (await partner.push(a_delivery())).headers["location"]
    receipt = UUID(location.rsplit("/", 1)[1])
    for _ in range(2):
        await complete(gateway, receipt)
    await complete(gateway, uuid4())
    assert gateway.rows("SELECT count(*) FROM outcomes") == [(1,)]


async def test_waiting_ends_after_the_time_asked_for(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    location = (await partner.push(a_delivery())).headers["location"]
    assert (await partner.receipt(location, wait=1)).json()["state"] == "received"


async def test_receipts_are_listed_in_pages(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    pushed = [(await partner.push(a_delivery())).json()["receipt"] for _ in range(3)]
    seen: list[str] = []
    after = ""
    for _ in range(2):
        page = (await gateway.call("GET", f"/connections/qg-tthc/deliveries?limit=2{after}")).json()
        seen += [item["receipt"] for item in page["items"]]
        after = f"&after={page['next']}"
    assert seen == pushed[::-1]


async def test_an_unknown_receipt_is_not_found(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    answer = await gateway.call("GET", f"/connections/qg-tthc/deliveries/{uuid4()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/receipt-unknown")


async def test_receipts_cannot_be_rewritten(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.push(a_delivery())
    with pytest.raises(Exception, match="append-only"):
        gateway.execute("UPDATE receipts SET sha256 = '\\x00'")


async def complete(gateway: Gateway, receipt: UUID) -> None:
    """Complete a receipt as ``DeliveryProcessed`` does."""
    completion = Completion(receipt, ReceiptState.COMPLETED, json.dumps(OUTCOME).encode())
    async with gateway.database.transaction() as session:
        await deliveries.complete(session, [completion], now=now())
