"""Every service takes a topic again from its beginning without changing anything.

In a file of its own: a service that runs for another test would share the consumer group.
"""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.local.layout import SERVICES
from tests.support.examples import every_example_of
from tests.support.kafka import send
from tests.support.offsets import forget_offsets, is_drained
from tests.support.postgres import fresh_database
from tests.support.services import announce_key, running
from tests.support.waiting import until

ON_THEIR_WAY = {"mails"}
"""Tables whose rows note tries that go on by themselves."""
CLOCKS = {"tallied_until"}
"""Tables that only say until when something was looked at."""


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
            if table not in CLOCKS
        }
