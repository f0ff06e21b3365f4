"""Reads of systems and connections: rows to change, and what they belong to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import AdminState, Connection, System
from connector_gateway.domain.credentials import Credential
from connector_gateway.domain.known import KnownAgency
from connector_gateway.domain.suspensions import ScopeKind

RESUMING = """
SELECT code, 'inbound' AS direction FROM connections WHERE inbound_state = 'RESUMING'
UNION ALL SELECT code, 'outbound' FROM connections WHERE outbound_state = 'RESUMING'
"""


async def system_of_code(session: AsyncSession, code: str) -> System | None:
    """Return the system of this code."""
    found = await session.exec(select(System).where(System.code == code))
    return found.first()


async def systems(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, System]:
    """Return systems by id."""
    found = await session.exec(select(System).where(col(System.id).in_(ids)))
    return {system.id: system for system in found}


async def connection_of_code(session: AsyncSession, code: str) -> Connection | None:
    """Return the connection of this code."""
    found = await session.exec(select(Connection).where(Connection.code == code))
    return found.first()


async def connection_for_update(session: AsyncSession, code: str) -> Connection | None:
    """Return the connection of this code, its row locked."""
    return next(iter(await _for_update(session, col(Connection.code) == code)), None)


async def connections_for_update(
    session: AsyncSession, kind: ScopeKind, code: str
) -> list[Connection]:
    """Return the connections in a scope, locked in one order so that two orders cannot block."""
    which: ColumnElement[bool] = true()
    if kind is ScopeKind.CONNECTION:
        which = col(Connection.code) == code
    elif kind is ScopeKind.AGENCY:
        which = col(Connection.system_id).in_(select(System.id).where(System.owner_agency == code))
    return await _for_update(session, which)


async def connections_of_ids_for_update(
    session: AsyncSession, ids: Sequence[UUID]
) -> list[Connection]:
    """Return connections by id, locked in the same order."""
    return await _for_update(session, col(Connection.id).in_(ids))


async def draining_for_update(session: AsyncSession) -> list[Connection]:
    """Return the connections whose outbound direction drains, locked in the same order."""
    return await _for_update(session, col(Connection.outbound_state) == AdminState.DRAINING)


async def _for_update(session: AsyncSession, which: ColumnElement[bool]) -> list[Connection]:
    """Wait for the turn at connections, behind those who pass them, and lock their rows.

    The turn keeps back whoever comes later; the lock of the row is the fence (decisions/0026).
    """
    turns = select(func.take_turns(func.array_agg(Connection.code))).where(which)
    await session.exec(turns)
    found = await session.exec(
        select(Connection)
        .where(which)
        .order_by(Connection.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def client(
    session: AsyncSession, client_id: str
) -> tuple[Connection, Sequence[Credential]] | None:
    """Return the connection that signs in as ``client_id``, with its credentials."""
    found = await session.exec(select(Connection).where(Connection.client_id == client_id))
    connection = found.first()
    if connection is None:
        return None
    return connection, await credentials(session, connection.id)


async def credentials(session: AsyncSession, connection: UUID) -> Sequence[Credential]:
    """Return the keys and secrets of a connection, the newest first, also those that ended."""
    found = await session.exec(
        select(Credential)
        .where(Credential.connection_id == connection)
        .order_by(col(Credential.valid_from).desc(), col(Credential.id).desc())
    )
    return found.all()


async def resuming(session: AsyncSession) -> list[tuple[str, str]]:
    """Return the directions that resume."""
    raw = await raw_connection(session)
    return [(row["code"], row["direction"]) for row in await raw.fetch(RESUMING)]


async def known_agency(session: AsyncSession, code: str) -> KnownAgency | None:
    """Return an agency that accounts has told of."""
    return await session.get(KnownAgency, code)
