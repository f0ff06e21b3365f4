"""Reads of the exchange ledger: heads of chains, entries, signed roots."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE
from chassis.database import Database, raw_connection
from connector_gateway.domain.ledger import Head, Heads, LedgerEntry, LedgerRoot, Link
from connector_gateway.domain.roots import DayRoot, Seal, midnight_after
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
CHAINS = """
WITH RECURSIVE c AS (
    SELECT min(chain) AS chain FROM ledger_entries
    UNION ALL
    SELECT (SELECT min(chain) FROM ledger_entries WHERE chain > c.chain) FROM c
    WHERE c.chain IS NOT NULL)
SELECT chain FROM c WHERE chain IS NOT NULL
"""
"""Every chain by one look at the index each, however long they are."""
LAST = """
SELECT index FROM ledger_entries
WHERE chain = $1 AND ($2::timestamptz IS NULL OR at <= $2) ORDER BY index DESC LIMIT 1
"""
LINKS = """
SELECT chain, index, at, entry, hash FROM ledger_entries
WHERE chain = $1 AND index > $2 AND index <= $3 ORDER BY index LIMIT $4
"""
KEYS = """
SELECT entry FROM ledger_entries
WHERE chain = 'system' AND entry LIKE '%"kind":"key-published"%' ORDER BY index
"""
READ_AT_ONCE = 1000
SETTLED = timedelta(minutes=1)
"""No transaction of the hub lives longer: what is older than this has been written by now."""
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


class PublicRootView(View):
    """A day's root without its statement, which names connections and how much they exchanged."""

    day: date
    root: str
    kid: str
    signature: str


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


async def roots_since(session: AsyncSession, day: date) -> list[PublicRootView]:
    """Return the signed roots from ``day`` on as everyone may see them, the latest first."""
    found = await session.exec(
        select(LedgerRoot).where(col(LedgerRoot.day) >= day).order_by(col(LedgerRoot.day).desc())
    )
    return [
        PublicRootView(day=row.day, root=row.root.hex(), kid=row.kid, signature=row.signature.hex())
        for row in found
    ]


async def roots(session: AsyncSession, *, limit: int) -> Sequence[LedgerRoot]:
    """Return the latest signed roots."""
    found = await session.exec(select(LedgerRoot).order_by(col(LedgerRoot.day).desc()).limit(limit))
    return found.all()


@dataclass(frozen=True)
class Stretch:
    """A part of the ledger that signed roots enclose: what proves a period.

    It begins where the last root before the period left each chain, and ends with the first root
    after it; with no such root, at the beginning of the chains and at the end of the period.
    """

    opening: DayRoot | None
    roots: Sequence[DayRoot]
    last: dict[str, int]
    """Up to which entry each chain is read."""
    until: datetime
    """Every entry up to this moment is in it."""

    @property
    def start(self) -> Heads:
        """Return where each chain stands before its first entry."""
        return self.opening.heads if self.opening else {}


async def stretch(
    session: AsyncSession, span: tuple[datetime | None, datetime | None], *, now: datetime
) -> Stretch:
    """Return what proves the period ``span``."""
    begins, ends = span
    opening = await _root(session, before=begins.astimezone(ZONE).date()) if begins else None
    closing = await _root(session, since=ends.astimezone(ZONE).date()) if ends else None
    found = await session.exec(
        select(LedgerRoot)
        .where(col(LedgerRoot.day) > (opening.day if opening else date.min))
        .where(col(LedgerRoot.day) <= (closing.day if closing else date.max))
        .order_by(col(LedgerRoot.day))
    )
    raw = await raw_connection(session)
    last = {row["chain"]: 0 for row in await raw.fetch(CHAINS)}
    for chain in last:
        if closing:
            last[chain] = closing.heads.get(chain, Head()).index
        else:
            last[chain] = await raw.fetchval(LAST, chain, ends) or 0
    settled = min(ends or now, now - SETTLED)
    return Stretch(
        opening=opening,
        roots=[day_root(row) for row in found],
        last=last,
        until=midnight_after(closing.day) if closing else settled,
    )


async def _root(
    session: AsyncSession, *, before: date = date.max, since: date = date.min
) -> DayRoot | None:
    """Return the last root of a day before ``before``, or the first one ``since`` a day."""
    day = col(LedgerRoot.day)
    order = day.asc() if since > date.min else day.desc()
    found = await session.exec(
        select(LedgerRoot).where(day < before, day >= since).order_by(order).limit(1)
    )
    root = found.first()
    return day_root(root) if root else None


def day_root(row: LedgerRoot) -> DayRoot:
    """Return a root as it is checked."""
    return DayRoot(row.day, Seal(row.root, row.kid, row.signature, row.statement))


async def walk(database: Database, part: Stretch) -> AsyncIterator[list[Link]]:
    """Yield the entries of a stretch, chain after chain, some at a time.

    Each read is a transaction of its own: a slow reader holds nothing open.
    """
    for chain, last in part.last.items():
        after = part.start.get(chain, Head()).index
        while after < last:
            async with database.transaction() as session:
                raw = await raw_connection(session)
                rows = await raw.fetch(LINKS, chain, after, last, READ_AT_ONCE)
            if not rows:
                break
            yield [Link(**row) for row in rows]
            after = rows[-1]["index"]


async def keys_published(session: AsyncSession) -> dict[str, str]:
    """Return every key that has signed roots, by id, as the ledger itself keeps them."""
    raw = await raw_connection(session)
    said = [json.loads(row["entry"]) for row in await raw.fetch(KEYS)]
    return {one["kid"]: one["x"] for one in said}
