"""What all services promise, whatever they are about: one suite over all names."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from deploy.local.layout import SERVICES
from tests.support.examples import every_example_of
from tests.support.kafka import renew_topics, send
from tests.support.offsets import forget_offsets, is_drained
from tests.support.postgres import fresh_database
from tests.support.services import Live, announce_key, running
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("kafka")
ON_THEIR_WAY = {"mails"}
"""Tables whose rows note tries that go on by themselves."""


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


@pytest.mark.parametrize("name", SERVICES)
async def test_replaying_every_topic_from_its_beginning_changes_nothing(
    name: str, kafka: str, tmp_path: Path
) -> None:
    await announce_key()
    for topic, value, headers in every_example_of(name):
        await send(topic, value, key=b"replay", headers=headers)
    with fresh_database(name) as url:
        async with running(name, url, kafka, tmp_path):
            await until(lambda: is_quiet(name, url))
            before = contents(url)
        await forget_offsets(name)
        async with running(name, url, kafka, tmp_path):
            await until(lambda: is_quiet(name, url))
            assert contents(url) == before


async def is_quiet(name: str, url: str) -> bool:
    """Say whether a service has said everything and taken everything, its own words included."""
    with psycopg.connect(url) as connection:
        waiting = connection.execute("SELECT 1 FROM outbox WHERE sent_at IS NULL").fetchone()
    return waiting is None and await is_drained(name)


def contents(url: str) -> dict[str, list[str]]:
    """Return every row of every table; of those on their way out only that they are there."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT IN ('outbox', 'alembic_version') ORDER BY 1"
        ).fetchall()
        return {
            table: [
                row[0]
                for row in connection.execute(
                    sql.SQL("SELECT {}::text FROM {} AS t ORDER BY 1").format(
                        sql.Identifier(*(("t", "id") if table in ON_THEIR_WAY else ("t",))),
                        sql.Identifier(table),
                    )
                )
            ]
            for (table,) in tables
        }
