"""A process that orders go to rehearses one at its start, and nobody ever hears of it."""

from connector_gateway.commands.rehearsals import rehearse_order
from connector_gateway.settings import Settings
from tests.support.gateway import Gateway

TABLES = ("systems", "connections", "suspensions", "stops", "ledger_entries", "outbox")


async def test_a_rehearsal_writes_nothing_and_says_nothing(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"rehearses_orders": True})
    before = rows_of(gateway)
    assert await statements_of(gateway, settings) > 5
    assert rows_of(gateway) == before


async def test_other_processes_rehearse_nothing(gateway: Gateway) -> None:
    assert await statements_of(gateway, gateway.settings) == 0


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


def rows_of(gateway: Gateway) -> dict[str, int]:
    """Count what stands in the tables that an order writes."""
    return {table: gateway.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608 names of our own
