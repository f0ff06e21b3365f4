"""A message takes effect once: its id is kept in the transaction of the effect."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection

INSERT = """
INSERT INTO inbox (reader, event_id) SELECT $1, id FROM unnest($2::text[]) AS ids(id)
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def first_seen(session: AsyncSession, reader: str, ids: Sequence[str]) -> set[str]:
    """Return those of ``ids`` that ``reader`` has not taken yet, and keep them as taken.

    Two members that run one message at the same time (a rebalance) meet on the primary key:
    the later one waits for the earlier transaction and then finds the id taken.
    """
    connection = await raw_connection(session)
    rows = await connection.fetch(INSERT, reader, sorted(ids))
    return {row["event_id"] for row in rows}
