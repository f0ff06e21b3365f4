"""Opening and ending connections of other systems (Điều 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from connector_gateway.commands import credentials, gates, ledger
from connector_gateway.commands.subscriptions import keep_version
from connector_gateway.domain.breakers import Breaker
from connector_gateway.domain.connections import (
    AdminState,
    Connection,
    Grants,
    System,
    WhileSuspended,
)
from connector_gateway.domain.credentials import new_secret
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import IN_FORCE, Person
from connector_gateway.errors.connections import (
    CodeTaken,
    ConnectionUnknown,
    SystemUnknown,
    WebhookRequired,
)
from connector_gateway.queries import connections as queries
from connector_gateway.queries import suspensions
from contracts.connector_gateway.v1 import Direction


@dataclass(frozen=True)
class NewSystem:
    """A system to be known, with its owner (cơ quan chủ quản)."""

    code: str
    name: str
    owner_agency: str
    owner_email: str


@dataclass(frozen=True)
class NewConnection:
    """A connection to be opened."""

    code: str
    name: str
    system: str
    directions: Sequence[Direction]
    grants: Grants
    while_suspended: WhileSuspended = WhileSuspended.REJECT
    is_essential: bool = False
    client_secret: str | None = None
    public_jwk: dict[str, str] | None = None
    webhook_url: str | None = None
    webhook_events: Sequence[str] = field(default_factory=list)


async def register_system(session: AsyncSession, new: NewSystem, *, now: datetime) -> System:
    """Make a system known; raises ``CodeTaken``."""
    if await queries.system_of_code(session, new.code):
        raise CodeTaken(code=new.code)
    system = System(
        id=new_id(),
        code=new.code,
        name=new.name,
        owner_agency=new.owner_agency,
        owner_email=new.owner_email,
        created_at=now,
    )
    session.add(system)
    return system


async def open_connection(
    session: AsyncSession, new: NewConnection, *, now: datetime
) -> tuple[Connection, str | None]:
    """Open a connection; return it and its secret, which is never shown again.

    Where an order over the system or the owner is in force, the connection begins stopped.
    """
    system = await queries.system_of_code(session, new.system)
    if system is None:
        raise SystemUnknown(system=new.system)
    if await queries.connection_of_code(session, new.code):
        raise CodeTaken(code=new.code)
    if Direction.OUTBOUND in new.directions and not new.webhook_url:
        raise WebhookRequired
    connection = Connection(
        id=new_id(),
        code=new.code,
        name=new.name,
        system_id=system.id,
        client_id=new.code,
        grants=new.grants.to_text(),
        while_suspended=new.while_suspended,
        is_essential=new.is_essential,
        inbound_state=AdminState.ACTIVE if Direction.INBOUND in new.directions else None,
        outbound_state=AdminState.ACTIVE if Direction.OUTBOUND in new.directions else None,
        outbound_since=now,
        webhook_url=new.webhook_url,
        webhook_events=list(new.webhook_events),
        created_at=now,
    )
    session.add(connection)
    await session.flush()
    if new.webhook_url:
        keep_version(session, connection, new.webhook_url, by=None, now=now)
    session.add_all(
        Breaker(connection_id=connection.id, direction=direction)
        for direction in connection.directions
    )
    secret = _give_credential(session, connection, new, now=now)
    facts: Facts = {
        "system": system.code,
        "client_id": connection.client_id,
        "epoch": connection.epoch,
    }
    await ledger.record(session, connection.code, [(Kind.CONNECTION_OPENED, facts)], at=now)
    for order in await suspensions.reaching(session, system, connection.code, list(IN_FORCE)):
        await gates.stop(session, connection, order, now=now)
    return connection, secret


def _give_credential(
    session: AsyncSession, connection: Connection, new: NewConnection, *, now: datetime
) -> str | None:
    secret = None
    if new.public_jwk is not None:
        session.add(credentials.of_key(connection, new.public_jwk, now=now))
    if new.client_secret or new.public_jwk is None:
        secret = new.client_secret or new_secret()
        session.add(credentials.of_secret(connection, secret, now=now))
    return secret


async def revoke(
    session: AsyncSession, code: str, reason: str, by: Person, *, now: datetime
) -> Connection:
    """End a connection for good: nothing comes in, nothing goes out, no token counts."""
    connection = await queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    facts = {"reason": reason, "by": by.subject}
    everything = dict.fromkeys(connection.directions, AdminState.REVOKED)
    await gates.move(session, connection, everything, facts, now=now)
    connection.end_tokens()
    return connection
