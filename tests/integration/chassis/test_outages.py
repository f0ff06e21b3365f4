"""What a lost connection does to whoever works on it: it is an outage, and nothing stays half."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database, raw_connection
from chassis.outages import is_unavailable
from chassis.outbox import write_outbox
from tests.support.postgres import fresh_database, superuser_url
from tests.support.waiting import until

CUTS = 20


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """Give a database of the test's own over a single connection."""
    with fresh_database("chassis") as url:
        database = Database(url, pool=1, before_commit=write_outbox)
        yield database
        await database.close()


@pytest.mark.parametrize("turns", range(4))
async def test_whatever_a_transaction_meets_on_a_session_cut_just_now_is_an_outage(
    database: Database, turns: int
) -> None:
    met: list[Exception] = []
    for _ in range(CUTS):
        await cut_its_session(database)
        for _ in range(turns):  # of the loop, which learns of the end in several
            await asyncio.sleep(0)
        try:
            async with database.transaction() as session:
                await (await raw_connection(session)).fetchval("SELECT 1")
        except Exception as why:
            met.append(why)
    assert [why for why in met if not is_unavailable(why)] == []


async def test_a_session_whose_end_is_known_is_replaced_before_anybody_meets_it(
    database: Database,
) -> None:
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
    await cut_its_session(database)

    async def is_known() -> bool:
        return bool(driver.is_closed())

    await until(is_known)
    assert await database.read_one("SELECT 1") == 1


async def cut_its_session(database: Database) -> None:
    """End the session of the pool, and let the news of it wait at the socket."""
    async with database.transaction() as session:
        pid = await (await raw_connection(session)).fetchval("SELECT pg_backend_pid()")
    server = await asyncpg.connect(superuser_url())
    try:
        await server.execute("SELECT pg_terminate_backend($1)", pid)
        time.sleep(0.01)  # noqa: ASYNC251 the loop must not run while the server says goodbye
    finally:
        server.terminate()


@pytest.mark.parametrize("turns", range(8))
async def test_a_transaction_given_up_while_it_begins_does_not_swallow_the_next_one(
    database: Database, turns: int
) -> None:
    async with database.transaction() as session:
        await (await raw_connection(session)).execute("CREATE TABLE words (word text)")
    given_up = asyncio.create_task(begin_and_wait(database))
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])

    async with database.transaction() as session:
        await (await raw_connection(session)).execute("INSERT INTO words VALUES ('said')")
    await database.close()

    assert await database.read_one("SELECT word FROM words") == "said"


async def test_an_error_of_the_database_does_not_tell_what_was_written(database: Database) -> None:
    statement = text("SELECT CAST(:secret AS integer) FROM nowhere")
    with pytest.raises(DBAPIError) as error:
        async with database.transaction() as session:
            await (await session.connection()).execute(statement, {"secret": 19_801_124})
    assert "19801124" not in str(error.value)


async def begin_and_wait(database: Database) -> None:
    """Begin a transaction and never end it."""
    async with database.transaction() as session:
        await raw_connection(session)
        await asyncio.Event().wait()
