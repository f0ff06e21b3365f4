"""What a delivery would do, with nothing written: for a system that tries its figures first."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.submissions.v1 import DeliveryProcessed
from submissions.commands.deliveries import batch_for, known_to, made_ready
from submissions.commands.outcomes import event_of
from submissions.domain.deliveries.intake import Arrival

READ_ONLY = "SET TRANSACTION READ ONLY"
"""The database has the last word on writing nothing."""


async def try_out(session: AsyncSession, arrival: Arrival, *, now: datetime) -> DeliveryProcessed:
    """Apply a delivery to the reports as they stand now, in memory only (decisions/0011).

    No report is locked, no version made, nothing sent and nobody told. Raises
    ``CodeMapNotArrived``.
    """
    connection = await raw_connection(session)
    await connection.execute(READ_ONLY)
    arrivals = await made_ready(session, [arrival])
    known = await known_to(session, arrivals)
    batch = await batch_for(session, arrivals, known, is_locked=False)
    return event_of(batch.take(arrivals[0]), now=now)
