"""Reads of what was declared at the machine itself: the order that followed from it."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection

LOCK_DECLARATIONS = "SELECT pg_advisory_xact_lock(8, 1)"
DECLARED = """
SELECT (entry::jsonb ->> 'suspension')::uuid FROM ledger_entries
WHERE chain = 'system' AND entry LIKE '%"kind":"force-majeure-declared"%'
  AND entry::jsonb ->> 'declared_at' = $1 AND entry::jsonb ->> 'by' = $2
"""


async def declared_at(session: AsyncSession, by: str, moment: datetime) -> UUID | None:
    """Return the order that follows from a declaration made at ``moment`` at the machine itself.

    Nobody else can order it until this transaction ends.
    """
    raw = await raw_connection(session)
    await raw.execute(LOCK_DECLARATIONS)
    found: UUID | None = await raw.fetchval(DECLARED, moment.isoformat(), by)
    return found
