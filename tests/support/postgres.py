"""Real PostgreSQL 18 for tests: one server a test run, one migrated database a worker and service.

- ``postgres_url("catalog")``: this worker's database of the service, made by its real migrations
  (``"chassis"`` gives one with the chassis' tables only). Tests share it: leave nothing behind.
- ``async with rolled_back_session("catalog") as session``: an ``AsyncSession`` whose work is undone
  at the end, commits included. The fixture ``session`` gives it for the service whose folder the
  test stands in (``tests/integration/catalog/…``).
- ``with fresh_database("catalog") as url``: a database of the test's own, dropped afterwards; for
  tests that commit, start an app or kill processes.
- ``superuser_url()``: the server itself, for a test that ends connections or looks at statistics.
"""

import functools
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database
from chassis.migrations import CHASSIS_TABLES
from deploy.local.databases import make_database, make_role, migrate
from deploy.local.layout import package_of
from deploy.local.postgres import SUPERUSER
from tests.support.keeper import PASSWORD, one_at_a_time, port_of

NUMBERS = itertools.count(1)


def superuser_url(database: str = "postgres") -> str:
    """Return the address of the run's server for its superuser."""
    return _url(SUPERUSER, database)


FOR_EACH_TABLE = """
SET session_replication_role = replica;
DO $$
DECLARE place name; one name; holds boolean;
BEGIN
  FOR place, one IN SELECT schemaname, tablename FROM pg_tables
                    WHERE schemaname IN (SCHEMAS) AND tablename !~ '^(alembic_|BUT)' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I)', place, one) INTO holds;
    IF holds THEN EXECUTE format('ACT', place, one); END IF;
  END LOOP;
END $$
"""
OWN = "'public', 'presence'"


def _in_each_table(url: str, act: str, *, schemas: str = OWN, but: str = "alembic_") -> None:
    """Do something in each table that holds a row, past triggers and foreign keys."""
    words = {"SCHEMAS": schemas, "BUT": but, "ACT": act}
    text = FOR_EACH_TABLE
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    with psycopg.connect(url, user=SUPERUSER, autocommit=True) as connection:
        connection.execute(text.encode())


def empty(url: str, *, but: str = "alembic_") -> None:
    """Empty a database but for tables whose name begins so.

    A tenth of the time that TRUNCATE takes, which makes a file for each table and index; a new
    database takes fifty times as long.
    """
    _in_each_table(url, "DELETE FROM %I.%I", but=but)


def keep(url: str) -> None:
    """Remember what a database holds, for ``restore``."""
    with psycopg.connect(url, user=SUPERUSER, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA kept")
    _in_each_table(url, "CREATE TABLE kept.%2$I AS TABLE %1$I.%2$I", schemas="'public'")


def restore(url: str) -> None:
    """Let a database hold again what it held when it was told to ``keep``, and nothing else."""
    empty(url)
    _in_each_table(
        url,
        "INSERT INTO public.%2$I OVERRIDING SYSTEM VALUE SELECT * FROM %1$I.%2$I",
        schemas="'kept'",
    )


@functools.cache
def postgres_url(service: str) -> str:
    """Return this worker's database of ``service`` (``"connector-gateway"``), migrated once."""
    return _copy_of_template(service, f"{package_of(service)}_{_worker()}")


@contextmanager
def fresh_database(service: str) -> Iterator[str]:
    """Give a migrated database of ``service`` to one test and drop it afterwards."""
    name = f"{package_of(service)}_{_worker()}_{next(NUMBERS)}_{uuid4().hex[:6]}"
    try:
        yield _copy_of_template(service, name)
    finally:
        with _server() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def rolled_back_session(service: str) -> AsyncIterator[AsyncSession]:
    """Give a session on this worker's database; whatever it does is undone at the end."""
    database = Database(postgres_url(service), pool=1, before_commit=_nothing)
    async with database.engine.connect() as connection:
        outermost = await connection.begin()
        session = AsyncSession(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        try:
            yield session
        finally:
            await session.close()
            await outermost.rollback()
    await database.close()


async def _nothing(_session: AsyncSession) -> None:
    """Leave the outbox to the test."""


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _url(user: str, database: str) -> str:
    return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port_of('postgres')}/{database}"


def _server() -> psycopg.Connection:
    return psycopg.connect(superuser_url(), autocommit=True)


def _copy_of_template(service: str, name: str) -> str:
    role = package_of(service)
    with _server() as server:
        _make_template(server, service)
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        names = (name, f"{role}_template", role)
        server.execute(make.format(*map(sql.Identifier, names)))
    return _url(role, name)


def _make_template(server: psycopg.Connection, service: str) -> None:
    role = package_of(service)
    template = f"{role}_template"
    with one_at_a_time(template):
        ready = "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate"
        if server.execute(ready, [template]).fetchone():
            return
        make_role(server, role, PASSWORD)
        make_database(server, template, owner=role)
        if service == "chassis":
            with psycopg.connect(_url(role, template)) as connection:
                for statement in CHASSIS_TABLES:
                    connection.execute(statement)
        else:
            migrate(service, _url(role, template))
        server.execute(
            sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(template))
        )
