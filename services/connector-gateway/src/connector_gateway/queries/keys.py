"""Which public keys this service knows: its own, and those of people."""

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database, raw_connection

KNOWN = "SELECT EXISTS (SELECT FROM known_keys WHERE issuer = $1 AND kid = $2)"
FOREIGN = "SELECT EXISTS (SELECT FROM known_keys WHERE issuer <> 'connector-gateway')"


async def knows_key(session: AsyncSession, issuer: str, kid: str) -> bool:
    """Say whether the key ``kid`` of ``issuer`` is known."""
    raw = await raw_connection(session)
    return bool(await raw.fetchval(KNOWN, issuer, kid))


async def keys_of_people_arrived(state: Any) -> str | None:
    """Check that tokens of people can be checked; this service knows its own key anyway."""
    database: Database = state.database
    try:
        async with database.transaction() as session:
            raw = await raw_connection(session)
            has_arrived = await raw.fetchval(FOREIGN)
    except (DBAPIError, OSError) as why:
        return type(why).__name__
    return None if has_arrived else "no public key of accounts yet"
