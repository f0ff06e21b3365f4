"""What counts as down: failures that may pass by themselves, so that trying again may help."""

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as driver
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.errors import StorageFull, Unavailable

MAY_BE_OUTAGES = (
    DBAPIError,
    PoolTimeout,
    OSError,
    asyncpg.PostgresError,  # the driver was asked directly, past the engine
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What has to be asked whether it is an outage or a bug."""


def outage_of(why: BaseException) -> Unavailable | None:
    """Return how to tell a request that ``why`` keeps it from being served, None for a bug."""
    if not is_unavailable(why):
        return None
    return StorageFull() if _is_full(why) else Unavailable()


def _is_full(why: BaseException | None) -> bool:
    """Say whether the server had no room; the engine wraps what the driver said twice."""
    while why is not None and not isinstance(why, asyncpg.DiskFullError):
        why = why.__cause__
    return why is not None


def is_unavailable(why: BaseException) -> bool:
    """Say whether ``why`` means that something needed is down, so that trying again may help."""
    if isinstance(why, DBAPIError):
        inner = why.orig.__cause__ if why.orig else None
        return (
            why.connection_invalidated
            or isinstance(why, OperationalError | InterfaceError)
            or (isinstance(inner, BaseException) and is_unavailable(inner))
        )
    if isinstance(why, driver.Error):  # the driver was asked directly, past the engine
        return isinstance(why, driver.InterfaceError | driver.OperationalError) or (
            why.__cause__ is not None and is_unavailable(why.__cause__)
        )
    return isinstance(
        why,
        Unavailable
        | OSError
        | PoolTimeout
        | asyncpg.PostgresConnectionError
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError  # the driver lost its thread: last words before the end
        | asyncpg.DeadlockDetectedError
        | asyncpg.SerializationError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError,
    )
