"""Reads of subscriptions: what a connection takes now, and since when."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.domain.connections import Connection
from connector_gateway.domain.subscriptions import Subscription
from connector_gateway.queries import LocalMoment, View


class SubscriptionView(View):
    """What a connection takes and where; a filter of null lets everything through."""

    connection: str
    version: int
    url: str
    events: list[str]
    regimes: list[str] | None
    agencies: list[str] | None
    subscribed_by: str | None
    subscribed_at: LocalMoment


async def subscription(session: AsyncSession, code: str) -> SubscriptionView | None:
    """Return the newest subscription of a connection; None where it sends nothing."""
    found = await session.exec(
        select(Subscription)
        .join(Connection)
        .where(Connection.code == code, Subscription.version == Connection.subscription_version)
    )
    row = found.first()
    if row is None:
        return None
    return SubscriptionView(
        connection=code,
        version=row.version,
        url=row.url,
        events=row.events,
        regimes=row.regimes,
        agencies=row.agencies,
        subscribed_by=row.subscribed_by_name,
        subscribed_at=row.subscribed_at,
    )
