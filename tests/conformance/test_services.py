"""What all services promise, whatever they are about: one suite over all names."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contracts.accounts.v1 import Role
from deploy.local.layout import SERVICES
from tests.support.kafka import renew_topics
from tests.support.postgres import fresh_database
from tests.support.services import Live, a_token, announce_key, running

TRUE_TO_OPENAPI = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


@pytest.fixture(scope="module", params=SERVICES)
async def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Live]:
    """Give each service in turn, running; it must end in order on SIGTERM."""
    name: str = request.param
    bootstrap = await renew_topics()
    await announce_key()
    with fresh_database(name) as url:
        async with running(name, url, bootstrap, tmp_path_factory.mktemp(name)) as live:
            yield live
            live.process.terminate()
            # The server ends itself with the signal it was sent, once everything is closed.
            assert await asyncio.wait_for(live.process.wait(), 10) == -signal.SIGTERM


async def test_a_service_says_that_it_is_alive_and_ready_and_how_it_fares(live: Live) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{live.url}/livez")).json() == {"status": "alive"}
        assert (await client.get(f"{live.url}/readyz")).json() == {"ready": True, "waits": {}}
        metrics = (await client.get(f"{live.url}/metrics")).text
    assert "hub_outbox_waiting" in metrics


async def test_what_is_not_there_is_a_problem_in_vietnamese(live: Live) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{live.api}/khong-co")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/not-found"
    assert answer.json()["title"] == "Không tìm thấy"


async def test_every_operation_that_openapi_guards_refuses_whoever_brings_no_token(
    live: Live,
) -> None:
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{live.api}/openapi.json")).json()
        guarded = [
            (method, path)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if operation.get("security")
        ]
        for method, path in guarded:
            filled = path.replace("{", "").replace("}", "")
            answer = await client.request(method, f"{live.url}{filled}")
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.json()["type"] == "/problems/unauthenticated"
        assert guarded


async def test_every_problem_of_a_service_is_explained(live: Live) -> None:
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"{live.api}/problems/unauthenticated")).json()
    assert page["advice"]


async def test_what_openapi_says_is_what_is_answered_whatever_is_asked(
    live: Live, tmp_path: Path
) -> None:
    """Whoever holds every role asks everything, rightly and wrongly; nothing breaks."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{live.api}/openapi.json"),
        *("--url", live.url, "--header", f"Authorization: Bearer {a_token(*Role)}"),
        *("--phases", "coverage,fuzzing", "--max-examples", "4", "--checks", TRUE_TO_OPENAPI),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
