"""The servers that tests stand on: real, shared by the workers of a run, clean for each test."""

import psycopg
from sqlalchemy import text

from contracts.topics import ACCOUNTS, REGIMES, TOPICS
from tests.support.kafka import records, renew_topics, send
from tests.support.postgres import fresh_database, postgres_url, rolled_back_session

INSERT = "INSERT INTO known_revocations VALUES (gen_random_uuid(), now())"
COUNT = "SELECT count(*) FROM known_revocations"


async def test_a_rolled_back_session_leaves_nothing_even_after_a_commit() -> None:
    async with rolled_back_session("chassis") as session:
        connection = await session.connection()
        before = (await connection.execute(text(COUNT))).scalar_one()
        await connection.execute(text(INSERT))
        await session.commit()
        connection = await session.connection()
        assert (await connection.execute(text(COUNT))).scalar_one() == before + 1
    async with rolled_back_session("chassis") as session:
        connection = await session.connection()
        assert (await connection.execute(text(COUNT))).scalar_one() == before


def test_a_fresh_database_is_migrated_and_apart_from_the_worker_s_own() -> None:
    with fresh_database("chassis") as url, psycopg.connect(url) as connection:
        assert url != postgres_url("chassis")
        assert connection.execute(COUNT).fetchone() == (0,)


async def test_the_broker_has_every_topic_of_the_registry_and_gives_back_what_was_sent(
    kafka: str,
) -> None:
    await send(REGIMES.name, b"{}", key=b"k", headers={"ce_type": b"x"})
    [record] = await records(REGIMES.name)
    assert (record.value, record.key, record.headers) == (b"{}", b"k", (("ce_type", b"x"),))
    for topic in TOPICS:
        await records(topic.name)


async def test_topics_made_anew_are_empty(kafka: str) -> None:
    await send(ACCOUNTS.name, b"1")
    await renew_topics()
    assert await records(ACCOUNTS.name) == []
    await send(ACCOUNTS.name, b"2")
    assert [record.value for record in await records(ACCOUNTS.name)] == [b"2"]
