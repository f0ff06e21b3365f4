"""Bad input at the doors for people: told as a problem, never a bug."""

import pytest

from tests.support.gateway import Gateway
from tests.support.partner import API

BODIES = [
    pytest.param(b"\xff", 400, id="no UTF-8"),
    pytest.param(b"[" * 100_000, 400, id="nested 100,000 deep"),
    pytest.param(b"", 422, id="nothing"),
    pytest.param(b"[]", 422, id="a list"),
    pytest.param(b'{"ground":"\\ud800"}', 422, id="a lone surrogate"),
    pytest.param(b'{"ground":"MAINTENANCE","la":1}', 422, id="an unknown field"),
]
ADDRESSES = [
    "/connections/a%00b",
    "/connections/HOA/deliveries",
    "/ledger?chain=%00",
    "/ledger?after=WyJhIl0",
    "/ledger?from=0001-01-01T00:00:00%2B14:00",
    "/ledger?from=2026-01-01",
    "/connections/qg-tthc/deliveries?after=WyJhIl0",
    "/connections/qg-tthc/deliveries?limit=0",
    "/connections/qg-tthc/dispatches?after=x",
    "/suspensions/khong-phai-uuid",
]


@pytest.mark.parametrize(("body", "status"), BODIES)
async def test_a_body_that_is_none_is_refused(gateway: Gateway, body: bytes, status: int) -> None:
    headers = {**gateway.operator, "Content-Type": "application/json"}
    answer = await gateway.client.post(f"{API}/suspensions", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_cannot_be_is_refused(gateway: Gateway, address: str) -> None:
    await gateway.open("qg-tthc")
    answer = await gateway.call("GET", address)
    assert answer.status_code == 422, answer.text
    assert answer.json()["title"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_moment_of_another_age_is_refused(gateway: Gateway, moment: str) -> None:
    await gateway.open("qg-tthc")
    order = {
        "ground": "MAINTENANCE",
        "scope": {"kind": "system"},
        "public_reason": "bảo trì",
        "effective_at": moment,
    }
    answer = await gateway.call("POST", "/suspensions", order)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/effective_at"
