"""Saying what a connection takes and where, in versions that never change (Điều 3.5, 7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.errors import PreconditionFailed
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import AdminState, Connection
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.subscriptions import Interest, Subscription
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import (
    ConnectionRevoked,
    ConnectionUnknown,
    DirectionNotOffered,
)
from connector_gateway.queries import connections


@dataclass(frozen=True)
class NewSubscription:
    """What a connection is to take and where; ``revision`` is the version it was decided on."""

    url: str
    interest: Interest
    revision: int


async def subscribe(
    session: AsyncSession, code: str, new: NewSubscription, by: Person, *, now: datetime
) -> Connection:
    """Replace what a connection takes; events from now on are chosen by it.

    What is on its way already goes to the new address, so that a wrong one can be mended. Raises
    ``PreconditionFailed`` where another version stands by now.
    """
    connection = await outbound_for_update(session, code)
    if connection.subscription_version != new.revision:
        raise PreconditionFailed
    interest = new.interest
    connection.webhook_url = new.url
    connection.webhook_events = list(interest.events)
    connection.webhook_regimes = _list_of(interest.regimes)
    connection.webhook_agencies = _list_of(interest.agencies)
    connection.subscription_version += 1
    keep_version(session, connection, new.url, by=by, now=now)
    facts: Facts = {
        "version": connection.subscription_version,
        "url": new.url,
        "events": ",".join(interest.events),
        "regimes": ",".join(interest.regimes or ["*"]),
        "agencies": ",".join(interest.agencies or ["*"]),
        "by": by.subject,
    }
    await ledger.record(session, code, [(Kind.SUBSCRIPTION_CHANGED, facts)], at=now)
    return connection


def keep_version(
    session: AsyncSession, connection: Connection, url: str, *, by: Person | None, now: datetime
) -> None:
    """Keep what the connection's row says of its subscription as the version that it names."""
    session.add(
        Subscription(
            connection_id=connection.id,
            version=connection.subscription_version,
            url=url,
            events=connection.webhook_events,
            regimes=connection.webhook_regimes,
            agencies=connection.webhook_agencies,
            subscribed_by=by.subject if by else None,
            subscribed_by_name=by.name if by else None,
            subscribed_at=now,
        )
    )


async def outbound_for_update(session: AsyncSession, code: str) -> Connection:
    """Return a connection that sends, its row locked; raises where it does not or is revoked."""
    connection = await connections.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    if connection.outbound_state is None:
        raise DirectionNotOffered(connection=code)
    if connection.outbound_state is AdminState.REVOKED:
        raise ConnectionRevoked(connection=code)
    return connection


def _list_of(filtered: Sequence[str] | None) -> list[str] | None:
    return None if filtered is None else list(filtered)
