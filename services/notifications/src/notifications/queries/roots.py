"""Reads of the signed roots of the exchange ledger."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.domain.roots import KnownLedgerRoot


async def latest_roots(session: AsyncSession, *, limit: int) -> Sequence[KnownLedgerRoot]:
    """Return the roots of the last days, the latest first."""
    order = col(KnownLedgerRoot.day).desc()
    found = await session.exec(select(KnownLedgerRoot).order_by(order).limit(limit))
    return found.all()
