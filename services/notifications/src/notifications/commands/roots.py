"""Keeping the signed roots of the exchange ledger for the feed."""

from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.connector_gateway.v1 import LedgerRootSigned
from notifications.domain.roots import KnownLedgerRoot


async def keep_root(session: AsyncSession, event: LedgerRootSigned) -> None:
    """Keep the root of a day; the same again changes nothing, another one is refused."""
    public = await session.get(KnownLedgerRoot, event.day)
    if public:
        public.refuse_another(event)
        return
    session.add(KnownLedgerRoot(**event.model_dump()))
