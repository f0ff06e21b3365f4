"""A force majeure of the whole system, as the gateway shows it with nothing behind it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from chassis.clock import now
from deploy.local import declarations
from deploy.local.declarations import Refused
from deploy.local.layout import PORTS, Hub
from tests.support.door import Door, open_door
from tests.support.keeper import free_ports

DELIVERIES = "/api/connector-gateway/v1/connections/qg-tthc/deliveries"
JSON = {"Accept": "application/json"}
REASON = "Lũ lụt <làm> mất điện trung tâm dữ liệu"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A gateway with nothing behind it yet."""
    async with open_door(tmp_path, free_ports(len(PORTS))) as door:
        yield door


@pytest.fixture
async def client(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at the door."""
    async with httpx.AsyncClient(base_url=door.url, timeout=30) as client:
        yield client


async def test_a_declaration_is_shown_at_once_though_no_service_runs(
    door: Door, client: httpx.AsyncClient
) -> None:
    declarations.declare(door.hub, REASON, now() + timedelta(hours=8), now=now())
    for path in ("/", "/bao-cao/1", "/notices"):
        page = await client.get(path)
        assert (page.status_code, page.headers["retry-after"]) == (503, "300"), path
        assert page.headers["content-type"].startswith("text/html")
        assert "Hệ thống tạm ngừng vì bất khả kháng" in page.text
        assert "Lũ lụt &lt;làm&gt; mất điện" in page.text
        assert "điểm b khoản 1 Điều 8" in page.text
    push = await client.post(DELIVERIES, content=b"{}", headers={"Idempotency-Key": "k"})
    assert (push.status_code, push.headers["retry-after"]) == (503, "300")
    assert push.headers["content-type"] == "application/problem+json"
    problem = push.json()
    assert (problem["type"], problem["ground"], problem["notice"]) == (
        *("/problems/connection-suspended", "FORCE_MAJEURE", "/notices"),
    )
    standing = declarations.standing(door.hub)
    assert standing is not None
    assert problem["expected_end"] == standing.expected_end
    assert REASON in problem["detail"]
    for path in ("/", "/notices"):
        assert (await client.get(path, headers=JSON)).json() == problem


async def test_what_runs_stays_reachable_for_those_who_mend_it(
    door: Door, client: httpx.AsyncClient
) -> None:
    await door.upstream()
    declarations.declare(door.hub, REASON, None, now=now())
    assert (await client.get("/notices")).status_code == 200
    assert (await client.post("/api/accounts/v1/sessions", content=b"{}")).status_code == 200
    assert (await client.get(DELIVERIES)).status_code == 200
    assert (await client.get("/")).status_code == 503
    assert "chưa xác định, sẽ thông báo" in (await client.get("/")).text
    assert (await client.post(DELIVERIES, content=b"{}")).status_code == 503
    declarations.end(door.hub, "Đã có điện trở lại", "all", now=now())
    assert (await client.get("/")).status_code == 200
    assert (await client.post(DELIVERIES, content=b"{}")).status_code == 200


def test_a_declaration_is_made_once_with_a_reason_and_ended_once_with_a_remedy(
    tmp_path: Path,
) -> None:
    hub = Hub(tmp_path / "nhà", 8080)
    with pytest.raises(Refused, match="reason"):
        declarations.declare(hub, " ", None, now=now())
    with pytest.raises(Refused, match="past"):
        declarations.declare(hub, REASON, now(), now=now())
    with pytest.raises(Refused, match="No declaration"):
        declarations.end(hub, "Đã có điện", "all", now=now())
    assert declarations.standing(hub) is None
    declarations.declare(hub, REASON, None, now=now())
    with pytest.raises(Refused, match="already"):
        declarations.declare(hub, "Lý do khác", None, now=now())
    with pytest.raises(Refused, match="remedy"):
        declarations.end(hub, "", "all", now=now())
    declarations.end(hub, "Đã có điện", "all", now=now())
    with pytest.raises(Refused, match="No declaration"):
        declarations.end(hub, "Đã có điện", "all", now=now())
