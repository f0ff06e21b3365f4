"""Trying a delivery: submissions, really running, is asked, and the gateway keeps nothing."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from chassis.clock import now
from chassis.database import Database
from chassis.outbox import write_outbox
from contracts.accounts.v1 import PublicKey
from contracts.connector_gateway.v1 import ConnectionKeysRotated
from tests.support.builders_figures import UNITS, a_matrix, a_push, assigned_reports
from tests.support.gateway import Gateway, a_gateway
from tests.support.kafka import send
from tests.support.partner import Partner
from tests.support.postgres import empty, fresh_database
from tests.support.services import announce_key, headers_of, running
from tests.support.waiting import until

BODY = a_push(a_matrix(UNITS[0], [["120", "12,5"]]))
STILL_OPEN = """UPDATE reports SET cut_off_at = now() + interval '1 day',
                                   due_at = now() + interval '3 days'"""
NOTHING_LISTENS = "http://127.0.0.1:9"


async def tried(partner: Partner, body: bytes = BODY, **more: str) -> httpx.Response:
    """Try a delivery, without an ``Idempotency-Key``."""
    headers = {**await partner.headers(), "Content-Type": "application/json", **more}
    return await partner.client.post(
        f"{partner.deliveries}?dry_run=true", content=body, headers=headers, timeout=40
    )


def kept(gateway: Gateway) -> list[tuple[Any, ...]]:
    """Return everything that a push would have left in the gateway."""
    tables = ("receipts", "outbox", "ledger_entries", "held_deliveries", "outcomes")
    return [gateway.rows(f"SELECT count(*) FROM {table}")[0] for table in tables]  # noqa: S608 ours


def figures_in(url: str) -> int:
    """Count the versions and messages that submissions has made."""
    query = "SELECT (SELECT count(*) FROM report_versions) + (SELECT count(*) FROM outbox)"
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


async def is_known(gateway: Gateway, partner: Partner) -> bool:
    """Say whether submissions knows the gateway's key by now."""
    return (await tried(partner)).status_code == 200


async def say_keys(keys: list[dict[str, str]]) -> None:
    """Say the gateway's keys as it does itself at its start."""
    said = ConnectionKeysRotated(
        issuer="connector-gateway",
        keys=[PublicKey.model_validate(key) for key in keys],
        rotated_at=now(),
    )
    headers = headers_of(said.type)
    await send(said.topic.name, said.to_bytes(), key=b"connector-gateway", headers=headers)


@asynccontextmanager
async def a_hub_of_two(
    own: str, kafka: str, folder: Path
) -> AsyncIterator[tuple[Gateway, Partner, str]]:
    """Run both services, with reports assigned; give the gateway, a system, the other database."""
    empty(own)
    await announce_key()
    with fresh_database("submissions") as url:
        database = Database(url, pool=1, before_commit=write_outbox)
        async with database.transaction() as session:
            await assigned_reports(session)
        await database.close()
        with psycopg.connect(url) as connection:
            connection.execute(STILL_OPEN)
        other = folder / "submissions"
        other.mkdir()
        async with (
            running("submissions", url, kafka, other) as live,
            a_gateway(own, folder, submissions_url=live.url) as gateway,
        ):
            await say_keys(gateway.keys)
            partner = await gateway.open("qg-tthc")
            await until(lambda: is_known(gateway, partner))
            yield gateway, partner, url


@pytest.mark.xdist_group("kafka")
async def test_a_system_tries_a_delivery_and_nothing_is_kept(
    own_database: str, kafka: str, tmp_path: Path
) -> None:
    async with a_hub_of_two(own_database, kafka, tmp_path) as (gateway, partner, url):
        before = kept(gateway), figures_in(url)
        answer = await tried(partner)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["state"] == "completed"
        assert said["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
        assert said["rejections"][0]["type"] == "/problems/not-a-decimal"
        assert [report["agency"] for report in said["reports"]] == [UNITS[0]]
        packed = await tried(partner, gzip.compress(BODY), **{"Content-Encoding": "gzip"})
        assert packed.json()["counts"] == said["counts"]
        assert (kept(gateway), figures_in(url)) == before


@pytest.mark.xdist_group("kafka")
async def test_a_dry_run_carries_the_grant_and_is_no_way_past_the_gate(
    own_database: str, kafka: str, tmp_path: Path
) -> None:
    async with a_hub_of_two(own_database, kafka, tmp_path) as (gateway, _, _url):
        narrow = await gateway.open("hep", agencies=[UNITS[1]])
        refused = (await tried(narrow)).json()
        assert refused["rejections"][0]["type"] == "/problems/agency-not-allowed"
        async with httpx.AsyncClient() as client:
            past = await client.post(
                f"{gateway.settings.submissions_url}/api/submissions/v1/dry-runs",
                content=BODY,
                headers=await narrow.headers(),
            )
        assert (past.status_code, past.json()["type"]) == (403, "/problems/gateway-only")


@pytest.fixture
async def alone(own_database: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Give a gateway whose submissions is down."""
    empty(own_database)
    async with a_gateway(own_database, tmp_path, submissions_url=NOTHING_LISTENS) as gateway:
        yield gateway


async def test_when_submissions_is_down_a_dry_run_waits_and_a_push_does_not(
    alone: Gateway,
) -> None:
    partner = await alone.open("qg-tthc")
    answer = await tried(partner)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/dry-run-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await partner.push(BODY)).status_code == 202


async def test_a_suspended_connection_tries_nothing(alone: Gateway) -> None:
    partner = await alone.open("qg-tthc")
    await partner.sign_in()
    await alone.suspend("qg-tthc")
    answer = await tried(partner)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/connection-suspended")


async def test_what_the_door_refuses_it_refuses_of_a_dry_run_too(alone: Gateway) -> None:
    partner = await alone.open("qg-tthc")
    answer = await tried(partner, b'{"regime":')
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-json")


async def test_a_connection_that_takes_only_reports_tries_nothing(alone: Gateway) -> None:
    partner = await alone.open(
        "chi-nhan",
        directions=["outbound"],
        webhook={
            "url": "https://bo.example.vn/hook",
            "events": ["submissions.consolidation.forwarded.v1"],
        },
    )
    answer = await tried(partner)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/direction-not-offered")
