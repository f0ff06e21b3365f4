"""Reads of what other services own: the names of people."""

from collections.abc import Collection

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection

NAMES = "SELECT id, name FROM known_accounts WHERE id = ANY($1)"


async def names_of_people(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return names by account id; detectors, machines and whoever is unknown are left out."""
    if not ids:
        return {}
    raw = await raw_connection(session)
    return {row["id"]: row["name"] for row in await raw.fetch(NAMES, list(ids))}
