"""Requests that arrive together: one transaction, each on its own merits, lanes kept apart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database, raw_connection
from chassis.gathering import MOST, MOST_BYTES, Gathering
from chassis.outbox import write_outbox
from tests.support.postgres import fresh_database
from tests.support.waiting import until

TABLES = """
CREATE TABLE lanes (name text PRIMARY KEY);
CREATE TABLE entries (
    lane text, word text UNIQUE, at bigserial, xid xid8 DEFAULT pg_current_xact_id()
);
INSERT INTO lanes VALUES ('a'), ('b');
"""
HELD = "SELECT name FROM lanes WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE"


@dataclass(frozen=True)
class Word:
    """A request: a word to be written down in a lane."""

    lane: str
    word: str
    size: int = 1


async def write(
    session: AsyncSession, asked: Sequence[Word], *, waits: bool, now: datetime
) -> list[str | None]:
    """Write words of the lanes that can be locked; answer each with itself."""
    raw = await raw_connection(session)
    rows = await raw.fetch(
        HELD if waits else f"{HELD} SKIP LOCKED", sorted({one.lane for one in asked})
    )
    free = {row["name"] for row in rows}
    for one in asked:
        if one.lane in free:
            await raw.execute("INSERT INTO entries VALUES ($1, $2)", one.lane, one.word)
    return [one.word if one.lane in free else None for one in asked]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """Give a database with two lanes."""
    with fresh_database("chassis") as url:
        database = Database(url, before_commit=write_outbox)
        async with database.transaction() as session:
            await (await raw_connection(session)).execute(TABLES)
        yield database
        await database.close()


@asynccontextmanager
async def holding_a(database: Database) -> AsyncIterator[None]:
    """Hold what the lane ``a`` locks while the block lasts."""
    async with database.transaction() as session:
        await (await raw_connection(session)).execute(
            "SELECT FROM lanes WHERE name = 'a' FOR UPDATE"
        )
        yield


async def entries(database: Database, column: str = "word") -> list[str]:
    """Return what stands in the table, in order."""
    async with database.transaction() as session:
        raw = await raw_connection(session)
        rows = await raw.fetch(f"SELECT {column}::text AS said FROM entries ORDER BY at")  # noqa: S608 a constant
    return [row["said"] for row in rows]


async def test_who_comes_during_a_breath_shares_the_next_transaction(database: Database) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    await gathering.take(Word("a", "first"))
    await three_come(gathering)
    await came_together(database)


async def test_who_comes_during_the_breath_of_a_lane_that_was_held_shares_the_next_transaction(
    database: Database,
) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    async with holding_a(database):
        held = [asyncio.create_task(gathering.take(Word("a", "held")))]
        await until(lambda: _waits(database))
        held.append(asyncio.create_task(gathering.take(Word("a", "first"))))
        await asyncio.sleep(0)
    await asyncio.gather(*held)
    await three_come(gathering)
    await came_together(database)


async def three_come(gathering: Gathering[Word, str]) -> None:
    """Ask three times, one turn of the loop after the other."""
    coming = []
    for word in ("second", "third", "fourth"):
        coming.append(asyncio.create_task(gathering.take(Word("a", word))))
        await asyncio.sleep(0)
    await asyncio.gather(*coming)


async def came_together(database: Database) -> None:
    """Hold that the last three words were written in one transaction, all before in others."""
    *before, second, third, fourth = await entries(database, "xid")
    assert second == third == fourth
    assert second not in before


async def test_requests_that_come_together_share_transactions_and_keep_their_order(
    database: Database,
) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    words = [f"{n:02}" for n in range(MOST)]
    answers = await asyncio.gather(*(gathering.take(Word("ab"[int(n) % 2], n)) for n in words))
    assert answers == words
    assert await entries(database) == words
    assert len(set(await entries(database, "xid"))) == 1


async def test_a_transaction_carries_no_more_than_it_may_weigh(database: Database) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    heavy = [Word("a", str(n), MOST_BYTES // 2) for n in range(4)]
    await asyncio.gather(*map(gathering.take, heavy))
    assert len(set(await entries(database, "xid"))) == 2


async def test_a_request_that_fails_takes_no_other_with_it(database: Database) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    await gathering.take(Word("a", "twice"))
    answers = await asyncio.gather(
        *(gathering.take(Word("a", word)) for word in ("before", "twice", "after")),
        return_exceptions=True,
    )
    assert [str(answer) for answer in answers[::2]] == ["before", "after"]
    assert isinstance(answers[1], Exception)
    assert await entries(database) == ["twice", "before", "after"]


async def test_a_lane_that_is_held_leaves_the_others_alone_and_goes_on_in_order(
    database: Database,
) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    async with holding_a(database):
        held = [asyncio.create_task(gathering.take(Word("a", word))) for word in ("1", "2")]
        assert await gathering.take(Word("b", "free")) == "free"
        held.append(asyncio.create_task(gathering.take(Word("a", "3"))))
        assert await entries(database) == ["free"]
    await asyncio.gather(*held)
    assert await entries(database) == ["free", "1", "2", "3"]
    assert await gathering.take(Word("a", "again")) == "again"


async def test_whoever_stops_waiting_disturbs_nobody(database: Database) -> None:
    gathering: Gathering[Word, str] = Gathering(database, write)
    async with holding_a(database):
        gone = asyncio.create_task(gathering.take(Word("a", "gone")))
        stays = asyncio.create_task(gathering.take(Word("a", "stays")))
        await until(lambda: _waits(database))
        gone.cancel()
    assert await stays == "stays"
    assert await entries(database) == ["gone", "stays"]


async def _waits(database: Database) -> bool:
    waiting = (
        "SELECT 1 FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return bool(await database.read_one(waiting))


async def test_a_database_that_is_down_is_told_to_everybody_at_once(database: Database) -> None:
    tries = []

    async def down(
        session: AsyncSession, asked: Sequence[Word], *, waits: bool, now: datetime
    ) -> list[str | None]:
        tries.append(len(asked))
        raise OperationalError("", None, ConnectionRefusedError())

    gathering: Gathering[Word, str] = Gathering(database, down)
    asked = (gathering.take(Word("a", word)) for word in "abc")
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {OperationalError}
    assert tries == [3]
