"""The gateway on its own: limits, words of its own, and patience with a part that restarts."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.layout import PORTS
from tests.support.door import Door, in_pieces, open_door
from tests.support.keeper import free_ports

DELIVERIES = "/api/connector-gateway/v1/connections/qg-tthc/deliveries"
MEBIBYTE = 1 << 20


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


async def test_a_delivery_that_says_it_is_too_large_is_refused_before_it_is_read(
    door: Door,
) -> None:
    await door.upstream()
    answer = await door.begin_to_post(DELIVERIES, length=12 * MEBIBYTE, sent=MEBIBYTE)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "/problems/payload-too-large"
    assert door.bytes_seen == 0


async def test_a_delivery_that_does_not_say_its_length_is_cut_off_at_the_limit(
    door: Door, client: httpx.AsyncClient
) -> None:
    await door.upstream()
    with contextlib.suppress(httpx.ReadError):  # the door may be shut while pieces still come
        answer = await client.post(DELIVERIES, content=in_pieces(12))
        assert answer.status_code == 413
    assert door.bytes_seen <= 6_300_000


async def test_a_refusal_of_the_service_reaches_a_client_that_sends_everything_first(
    door: Door, client: httpx.AsyncClient
) -> None:
    await door.upstream(refuses_with=413)
    answer = await client.post(DELIVERIES, content=b"x" * (6 * MEBIBYTE))
    assert answer.status_code == 413
    assert answer.json() == {"refused": True}


async def test_what_is_allowed_goes_through_with_the_client_s_address_and_host(
    door: Door, client: httpx.AsyncClient
) -> None:
    await door.upstream()
    forged = {"X-Forwarded-For": "1.2.3.4"}
    answer = await client.post(DELIVERIES, content=b"x" * (5 * MEBIBYTE), headers=forged)
    told = answer.json()
    assert told["bytes"] == 5 * MEBIBYTE
    assert told["headers"]["x-forwarded-for"] in ("127.0.0.1", "::1")
    assert told["headers"]["x-forwarded-proto"] == "http"
    assert f"http://{told['headers']['x-forwarded-host']}" == door.url


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_answers_travel_compressed(
    door: Door, client: httpx.AsyncClient, coding: str
) -> None:
    await door.upstream()
    async with client.stream("GET", "/notices", headers={"Accept-Encoding": coding}) as answer:
        assert answer.headers["content-encoding"] == coding


async def test_a_part_that_restarts_is_waited_for_and_gets_the_request_once(
    door: Door, client: httpx.AsyncClient
) -> None:
    waiting = asyncio.create_task(client.post(DELIVERIES, content=b"figures"))
    await asyncio.wait([waiting], timeout=0.5)
    assert not waiting.done()
    await door.upstream()
    assert (await waiting).json()["bytes"] == len(b"figures")


async def test_while_a_part_is_down_people_get_a_page_and_programs_a_problem(
    client: httpx.AsyncClient,
) -> None:
    page, problem = await asyncio.gather(client.get("/"), client.get("/api/catalog/v1/regimes"))
    assert page.status_code == problem.status_code == 503
    assert page.headers["retry-after"] == problem.headers["retry-after"] == "10"
    assert "Hệ thống đang bảo trì" in page.text
    assert problem.json()["type"] == "/problems/unavailable"


async def test_what_processes_tell_their_operators_is_not_for_the_outside(
    door: Door, client: httpx.AsyncClient
) -> None:
    await door.upstream()
    for path in ("/metrics", "/livez", "/readyz", "/api/khong-co/v1/x"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
