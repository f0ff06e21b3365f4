"""One database a service, one transaction a request, message batch or job."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations and refusals can speak of them."""

SERVER_SETTINGS = {
    "timezone": "Asia/Ho_Chi_Minh",
    "jit": "off",
    # A process that is stopped in the middle of a transaction must not keep its locks for ever.
    "idle_in_transaction_session_timeout": "30s",
}

BeforeCommit = Callable[[AsyncSession], Awaitable[None]]


class Database:
    """A pool of connections and the only place that opens and commits a transaction.

    >>> async with database.transaction() as session:
    ...     await commands.remind(session, now=now)
    """

    def __init__(self, url: str, *, pool: int = 10, before_commit: BeforeCommit) -> None:
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,  # the connection that has just been used has its statements ready
            hide_parameters=True,  # an error is logged; what it was about may be a password
            connect_args={"server_settings": SERVER_SETTINGS},
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._sessions = async_sessionmaker(
            self.engine, class_=AsyncSession, expire_on_commit=False
        )
        self._before_commit = before_commit
        self.has_committed = asyncio.Event()
        """Set after a commit that left something in the outbox; the relay clears it."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; commit when the block ends, roll back when it raises."""
        async with self._sessions() as session:
            try:
                yield session
                await self._before_commit(session)
                await session.commit()
            except BaseException:
                await session.rollback()
                raise
            if session.info.pop("has_outbox", False):
                self.has_committed.set()

    async def read_one(self, statement: str, *arguments: object) -> Any:
        """Return the first column of the first row, or None: one round trip, no transaction."""
        async with self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            return await driver.fetchval(statement, *arguments)

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that the server has closed.

    The engine notices that only when it is asked through it; ``raw_connection`` goes past it.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """Give an endpoint its transaction."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
"""The transaction of a request, committed before the answer leaves (``stack.md``: without the
scope FastAPI answers first and a failing COMMIT still says 200)."""


async def raw_connection(session: AsyncSession) -> Any:
    """Return the asyncpg connection inside ``session``'s transaction, for bulk statements."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    adapted: Any = raw.dbapi_connection
    if adapted._transaction is None:  # SQLAlchemy begins only at its own first statement, so
        try:  # raw ones before it would each commit on their own
            await adapted._start_transaction()
        except BaseException:
            # Given up half-way, it may have begun on the server where nobody would end it: the
            # next transaction of this connection would be a savepoint in it, and never commit.
            await connection.invalidate()
            raise
    return adapted.driver_connection
