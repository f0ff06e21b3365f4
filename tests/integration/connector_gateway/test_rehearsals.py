"""A process that orders go to rehearses one at its start, and nobody ever hears of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from connector_gateway.commands.rehearsals import rehearse_order
from connector_gateway.settings import Settings
from tests.support.gateway import Gateway
from tests.support.services import running

TABLES = ("systems", "connections", "suspensions", "stops", "ledger_entries", "outbox")


async def test_a_rehearsal_writes_nothing_and_says_nothing(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"rehearses_orders": True})
    before = rows_of(gateway)
    assert await statements_of(gateway, settings) > 5
    assert rows_of(gateway) == before


async def test_other_processes_rehearse_nothing(gateway: Gateway) -> None:
    assert await statements_of(gateway, gateway.settings) == 0


async def test_a_process_whose_rehearsal_fails_starts_and_counts_it(
    gateway: Gateway, tmp_path: Path
) -> None:
    before = rows_of(gateway)
    asks = {"ROLE": "api", "REHEARSES_ORDERS": "true"}
    with nothing_stops(gateway):
        async with (
            running("connector-gateway", gateway.url, "127.0.0.1:9", tmp_path, **asks) as live,
            httpx.AsyncClient() as client,
        ):
            metrics = (await client.get(f"{live.url}/metrics")).text
    assert 'hub_job_failures_total{job="rehearse_order"} 1.0' in metrics
    assert "order not rehearsed" in (tmp_path / "connector-gateway.log").read_text()
    types = gateway.rows("SELECT DISTINCT type FROM outbox")
    assert types == [("connector-gateway.keys.rotated.v1",)]
    assert rows_of(gateway) | {"outbox": 0} == before | {"outbox": 0}


async def statements_of(gateway: Gateway, settings: Settings) -> int:
    """Rehearse; return how many statements were prepared or made use of."""
    asked: list[object] = []
    async with gateway.database.transaction() as session:
        connection = await session.connection()
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        driver.add_query_logger(asked.append)
        try:
            await rehearse_order(session, settings)
        finally:
            driver.remove_query_logger(asked.append)
    return len(asked)


@contextmanager
def nothing_stops(gateway: Gateway) -> Iterator[None]:
    """Let the database refuse every stop: an order fails when its notice has been published."""
    gateway.execute("ALTER TABLE stops ADD CONSTRAINT never CHECK (false) NOT VALID")
    try:
        yield
    finally:
        gateway.execute("ALTER TABLE stops DROP CONSTRAINT never")


def rows_of(gateway: Gateway) -> dict[str, int]:
    """Count what stands in the tables that an order writes."""
    return {table: gateway.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608 names of our own
