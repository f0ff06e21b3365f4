"""Reads of the exchange ledger: heads of chains, entries, signed roots."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.ledger import Head, LedgerEntry, LedgerRoot
from connector_gateway.queries import LocalMoment, View

HEAD = "SELECT index, hash, at FROM ledger_entries WHERE chain = $1 ORDER BY index DESC LIMIT 1"
HEADS = """
SELECT c.chain, l.index, l.hash
FROM (SELECT code AS chain FROM connections UNION ALL SELECT 'system') AS c
JOIN LATERAL (SELECT index, hash FROM ledger_entries
              WHERE chain = c.chain AND at < $1 ORDER BY index DESC LIMIT 1) AS l ON true
ORDER BY c.chain
"""
HASH = "SELECT hash FROM ledger_entries WHERE chain = $1 AND index = $2"
LATEST = """
SELECT greatest($2, max(l.at)) FROM unnest($1::text[]) AS c(chain)
JOIN LATERAL (SELECT at FROM ledger_entries WHERE chain = c.chain
              ORDER BY index DESC LIMIT 1) AS l ON true
"""
LOCK_SYSTEM_CHAIN = "SELECT pg_advisory_xact_lock(8, 0)"


class LedgerView(View):
    """An entry with its hash; ``entry`` is the exact text that is hashed."""

    chain: str
    index: int
    at: LocalMoment
    entry: str
    hash: str


class RootView(View):
    """A day's root: ``root`` is the SHA-256 of ``statement``, ``signature`` (ed25519) is over it.

    The key stands under ``kid`` in the service's ``jwks.json``.
    """

    day: date
    statement: str
    root: str
    kid: str
    signature: str
    signed_at: LocalMoment


async def head_of(session: AsyncSession, chain: str) -> Head:
    """Return the end of a chain; the caller holds the chain's lock."""
    connection = await raw_connection(session)
    row = await connection.fetchrow(HEAD, chain)
    return Head(row["index"], row["hash"], row["at"]) if row else Head()


async def hash_of(session: AsyncSession, chain: str, index: int) -> bytes:
    """Return the hash of one entry."""
    connection = await raw_connection(session)
    found: bytes = await connection.fetchval(HASH, chain, index)
    return found


async def system_head_for_update(session: AsyncSession, chain: str) -> Head:
    """Return the end of the system's chain, which no connection row guards."""
    connection = await raw_connection(session)
    await connection.execute(LOCK_SYSTEM_CHAIN)
    return await head_of(session, chain)


async def latest(session: AsyncSession, chains: Sequence[str], now: datetime) -> datetime:
    """Return ``now``, or the moment of the latest entry of ``chains`` where that lies after it."""
    connection = await raw_connection(session)
    moment: datetime = await connection.fetchval(LATEST, list(chains), now)
    return moment.astimezone(now.tzinfo)


async def heads_before(session: AsyncSession, moment: datetime) -> list[tuple[str, Head]]:
    """Return where every chain stood at ``moment``."""
    connection = await raw_connection(session)
    rows = await connection.fetch(HEADS, moment)
    return [(row["chain"], Head(row["index"], row["hash"])) for row in rows]


async def entries(
    session: AsyncSession,
    chain: str | None,
    span: tuple[datetime | None, datetime | None],
    *,
    after: tuple[str, int],
    limit: int,
) -> list[LedgerView]:
    """Return entries by chain and index."""
    begins, ends = span
    found = select(LedgerEntry).order_by(LedgerEntry.chain, col(LedgerEntry.index)).limit(limit)
    if chain:
        found = found.where(LedgerEntry.chain == chain)
    if begins:
        found = found.where(LedgerEntry.at >= begins)
    if ends:
        found = found.where(LedgerEntry.at <= ends)
    last, index = after
    found = found.where(
        (LedgerEntry.chain > last) | ((LedgerEntry.chain == last) & (LedgerEntry.index > index))
    )
    return [
        LedgerView(
            chain=row.chain, index=row.index, at=row.at, entry=row.entry, hash=row.hash.hex()
        )
        for row in await session.exec(found)
    ]


async def last_root_day(session: AsyncSession) -> date | None:
    """Return the last day whose root is signed."""
    found = await session.exec(select(func.max(LedgerRoot.day)))
    return found.first()


async def roots(session: AsyncSession, *, limit: int) -> Sequence[LedgerRoot]:
    """Return the latest signed roots."""
    found = await session.exec(select(LedgerRoot).order_by(col(LedgerRoot.day).desc()).limit(limit))
    return found.all()
