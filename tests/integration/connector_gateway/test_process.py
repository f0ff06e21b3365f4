"""The whole service as a process on a real broker: pushes out, outcomes in, kill -9 in between."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from chassis.clock import now
from chassis.identifiers import new_id
from connector_gateway.domain.sources import PullKind
from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import DeliveryReceived
from contracts.event import Event
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    Counts,
    DeliveryOutcome,
    DeliveryProcessed,
)
from tests.support.gateway import an_order
from tests.support.kafka import records, send
from tests.support.partner import API, Partner, Receiver, a_delivery
from tests.support.postgres import fresh_database
from tests.support.pulled import Pages, digest, serving, some
from tests.support.services import Live, a_token, announce_key, headers_of, running
from tests.support.waiting import until

OPERATOR = {"Authorization": f"Bearer {a_token(Role.OPERATOR)}"}
OFFER = """
INSERT INTO dispatches (id, connection_id, event_id, event_type, key, payload, state, created_at,
                        next_attempt_at, attempts, epoch, subscription_version)
SELECT gen_random_uuid(), c.id, gen_random_uuid()::text, %s, gen_random_uuid()::text, '{}',
       'waiting', now(), now(), 0, 0, 1
FROM connections AS c, generate_series(1, 10) WHERE (
    SELECT count(*) FROM dispatches
    WHERE state = 'waiting' AND created_at > now() - interval '0.2 s') < 100
"""
OFFERED_SINCE = "SELECT DISTINCT state FROM dispatches WHERE created_at > to_timestamp(%s)"
pytestmark = pytest.mark.xdist_group("kafka")


async def say(event: Event) -> None:
    """Say a message as its own service would."""
    key = event.ordering_key.encode()
    await send(event.topic.name, event.to_bytes(), key=key, headers=headers_of(event.type))


async def opened(client: httpx.AsyncClient, code: str, **terms: Any) -> Partner:
    """Open a connection on a running service."""
    partner = Partner(client, code)
    system = {"code": code, "name": "Bộ", "owner_agency": "H01", "owner_email": "a@bo.vn"}
    connection = {
        "code": code,
        "name": "Kết nối",
        "system": code,
        "directions": ["inbound"],
        "public_jwk": partner.public_jwk,
    }
    for path, body in (("/systems", system), ("/connections", connection | terms)):
        answer = await client.post(f"{API}{path}", json=body, headers=OPERATOR)
        assert answer.status_code == 201, answer.text
    return partner


def client_of(live: Live) -> httpx.AsyncClient:
    """Return a client of a running service, whose origin the assertions name."""
    return httpx.AsyncClient(base_url=live.url, timeout=15)


async def test_a_push_travels_over_kafka_and_its_receipt_completes(
    kafka: str, tmp_path: Path
) -> None:
    await announce_key()
    with fresh_database("connector-gateway") as url:
        async with (
            running("connector-gateway", url, kafka, tmp_path) as live,
            client_of(live) as client,
        ):
            partner = await opened(client, "qg-tthc")
            assertion = partner.assertion(aud="http://localhost:8080")
            partner.token = (await partner.ask_token(assertion)).json()["access_token"]
            pushed = await partner.push(a_delivery(figures=20))
            receipt = pushed.json()["receipt"]
            await until(lambda: lies_on_kafka(receipt))
            await say(
                DeliveryProcessed(
                    receipt_id=receipt,
                    connection="qg-tthc",
                    outcome=DeliveryOutcome.COMPLETED,
                    counts=Counts(created=20),
                    processed_at=now(),
                )
            )
            view = (await partner.receipt(pushed.headers["location"], wait=10)).json()
            assert (view["state"], view["counts"]["created"]) == ("completed", 20)


async def test_a_dispatcher_killed_in_the_middle_sends_again_with_the_same_id(
    kafka: str, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_GATEWAY_ALLOWED_PRIVATE_TARGETS", receiver.target)
    await announce_key()
    receiver.answers = [None]
    webhook = {"url": receiver.url, "events": [ConsolidationForwarded.type]}
    with fresh_database("connector-gateway") as url:
        async with (
            running("connector-gateway", url, kafka, tmp_path) as live,
            client_of(live) as client,
        ):
            await opened(client, "ubnd-tinh", directions=["outbound"], webhook=webhook)
            await say(a_forwarded_report())
            await until(lambda: has_come(receiver, 1))
            live.process.kill()
            await live.process.wait()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE dispatches SET claimed_until = now()")
        async with running("connector-gateway", url, kafka, tmp_path):
            await until(lambda: has_come(receiver, 2))
            assert len({one.id for one in receiver.received}) == 1
            await until(lambda: is_delivered(url))


async def test_nothing_is_accepted_or_started_after_a_suspension_whichever_worker_it_meets(
    kafka: str, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_GATEWAY_ALLOWED_PRIVATE_TARGETS", receiver.target)
    await announce_key()
    with fresh_database("connector-gateway") as url:
        async with workers(3, url, kafka, tmp_path) as clients:
            webhook = {"url": receiver.url, "events": [ConsolidationForwarded.type]}
            both = ["inbound", "outbound"]
            partner = await opened(clients[0], "bo-y-te", directions=both, webhook=webhook)
            assertion = partner.assertion(aud="http://localhost:8080")
            token = str((await partner.ask_token(assertion)).json()["access_token"])
            partners = [Partner(client, "bo-y-te", token=token) for client in clients]
            load = Load(url, receiver, partners)
            async with load.going_on(at_once=12):
                await until(load.is_under_way)
                order = an_order("bo-y-te")
                path = f"{API}/suspensions"
                answer = await clients[1].post(path, json=order, headers=OPERATOR)
                committed = time.time()
                assert answer.status_code == 201, answer.text
                await until(lambda: load.has_met_the_stop(committed))
            assert {status for began, status in load.pushed if began > committed} == {503}
            assert late_in_ledger(url, "bo-y-te") == []
            with psycopg.connect(url) as database:
                (started,) = database.execute("SELECT max(epoch) FROM attempts").fetchone() or ()
                left = database.execute(OFFERED_SINCE, [committed]).fetchall()
            assert started == 1
            assert left == [("waiting",)]
            assert max(one.at for one in receiver.received) < committed + 1


@dataclass
class Load:
    """Pushes to several workers and dispatches from all of them, at the same time."""

    url: str
    receiver: Receiver
    partners: list[Partner]
    pushed: list[tuple[float, int]] = field(default_factory=list)
    """When each push began, and how it was answered."""

    @asynccontextmanager
    async def going_on(self, *, at_once: int) -> AsyncIterator[None]:
        """Keep so many pushes under way, and some dispatches due, while the block lasts."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._offer(stop))
            for number in range(at_once):
                tasks.create_task(self._push(self.partners[number % len(self.partners)], stop))
            try:
                yield
            finally:
                stop.set()

    async def is_under_way(self) -> bool:
        """Say whether much has passed in both directions."""
        return len(self.pushed) >= 100 and len(self.receiver.received) >= 100

    async def has_met_the_stop(self, committed: float) -> bool:
        """Say whether enough was tried, both ways, after the suspension had committed."""
        with psycopg.connect(self.url) as database:
            is_offered = bool(database.execute(OFFERED_SINCE, [committed]).fetchall())
        return is_offered and sum(began > committed for began, _ in self.pushed) >= 100

    async def _push(self, partner: Partner, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.time()
            answer = await partner.push(a_delivery())
            self.pushed.append((began, answer.status_code))

    async def _offer(self, stop: asyncio.Event) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as database:
            while not stop.is_set():
                await database.execute(OFFER, [ConsolidationForwarded.type])


@asynccontextmanager
async def workers(
    count: int, url: str, kafka: str, folder: Path
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Run so many processes of the service on one database; give a client of each."""
    async with AsyncExitStack() as stack:
        services = [running("connector-gateway", url, kafka, folder) for _ in range(count)]
        lives = await asyncio.gather(*map(stack.enter_async_context, services))
        yield [await stack.enter_async_context(client_of(live)) for live in lives]


def late_in_ledger(url: str, code: str) -> list[str]:
    """Return what was received, by the chain of a connection, after its way in was closed."""
    with psycopg.connect(url) as database:
        rows = database.execute(
            "SELECT entry FROM ledger_entries WHERE chain = %s ORDER BY index", [code]
        ).fetchall()
    entries = [json.loads(entry) for (entry,) in rows]
    stopped = next(n for n, entry in enumerate(entries) if entry.get("to") == "SUSPENDED")
    return [entry for entry in entries[stopped:] if entry["kind"] == "delivery-received"]


async def test_a_puller_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announce_key()
    with fresh_database("connector-gateway") as url:
        async with serving(PullKind.HTTP, tmp_path) as pages:
            assert isinstance(pages, Pages)
            target = f"127.0.0.1:{pages.port}"
            monkeypatch.setenv("CONNECTOR_GATEWAY_ALLOWED_PRIVATE_TARGETS", target)
            for name, body in some(3).items():
                pages.offer(name, body)
            pages.hanging = "bao-cao-2"
            async with (
                running("connector-gateway", url, kafka, tmp_path) as live,
                client_of(live) as client,
            ):
                await opened(client, "qg-tthc")
                wanted = {**pages.configuration(), "credential": pages.credential()}
                path = f"{API}/connections/qg-tthc/pull"
                assert (await client.put(path, json=wanted, headers=OPERATOR)).status_code == 200
                await until(lambda: is_asked(pages, 2))
                live.process.kill()
                await live.process.wait()
            pages.mend()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("UPDATE pulls SET claimed_until = now(), next_at = now()")
            async with running("connector-gateway", url, kafka, tmp_path):
                await until(lambda: has_taken(url, 3))
        assert taken(url) == [digest(body) for body in some(3).values()]


async def is_asked(pages: Pages, count: int) -> bool:
    """Say whether so many pages have been asked for."""
    return pages.asked >= count


async def has_taken(url: str, count: int) -> bool:
    """Say whether so many deliveries have been taken in."""
    return len(taken(url)) >= count


def taken(url: str) -> list[str]:
    """Return the digests of what was taken in, in order."""
    query = "SELECT encode(sha256, 'hex') FROM receipts ORDER BY ledger_index"
    with psycopg.connect(url) as connection:
        return [sha256 for (sha256,) in connection.execute(query)]


def a_forwarded_report() -> ConsolidationForwarded:
    """Return what submissions says of a forwarded report."""
    return ConsolidationForwarded(
        consolidation_id=new_id(),
        regime="CDS-XA",
        period="2026-Q4",
        lead_agency="H05",
        recipient="UBND tỉnh",
        totals={"1:c2": "1200"},
        missing=[],
        sha256="ab" * 32,
        forwarded_at=now(),
    )


async def lies_on_kafka(receipt: str) -> bool:
    """Say whether the delivery lies on its topic, as it came, with its facts beside it."""
    for record in await records(DeliveryReceived.topic.name):
        facts = {name: value.decode() for name, value in record.headers}
        if facts["ce_receiptid"] == receipt:
            assert json.loads(record.value or b"") == a_delivery(figures=20)
            assert record.key == b"qg-tthc"
            assert facts["content-type"] == facts["ce_contenttype"] == "application/json"
            return True
    return False


async def has_come(receiver: Receiver, count: int) -> bool:
    """Say whether so many webhooks have come."""
    return len(receiver.received) >= count


async def is_delivered(url: str) -> bool:
    """Say whether the dispatch is acknowledged."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT state FROM dispatches").fetchone()
    return row == ("delivered",)
