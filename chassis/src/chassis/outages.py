"""What counts as down: failures that may pass by themselves, so that trying again may help."""

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as driver
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.errors import Unavailable


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
