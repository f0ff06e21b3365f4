"""Writing the exchange ledger: entries at the end of a chain, and the signed root of a day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE
from chassis.database import raw_connection
from chassis.outbox import publish
from connector_gateway.commands.keys import SigningKey
from connector_gateway.domain.ledger import (
    SYSTEM,
    Facts,
    Head,
    Kind,
    LedgerRoot,
    Link,
    extend,
    root_of,
)
from connector_gateway.domain.roots import midnight_after
from connector_gateway.queries import ledger as queries
from contracts.connector_gateway.v1 import LedgerRootSigned

INSERT = """
INSERT INTO ledger_entries (chain, index, at, entry, hash)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::bytea[])
"""
Entry = tuple[Kind, Facts]


async def record(
    session: AsyncSession, chain: str, entries: Sequence[Entry], *, at: datetime
) -> None:
    """Add entries to the chain of a connection, whose row the caller has locked."""
    await session.flush()
    head = await queries.head_of(session, chain)
    await record_behind(session, {chain: head}, {chain: entries}, at=at)


async def record_for_system(
    session: AsyncSession, entries: Sequence[Entry], *, at: datetime
) -> None:
    """Add entries to the chain of the hub as a whole; locks it until the transaction ends."""
    await session.flush()
    head = await queries.system_head_for_update(session, SYSTEM)
    await record_behind(session, {SYSTEM: head}, {SYSTEM: entries}, at=at)


async def record_behind(
    session: AsyncSession,
    heads: Mapping[str, Head],
    entries: Mapping[str, Sequence[Entry]],
    *,
    at: datetime,
) -> None:
    """Add entries to chains behind ``heads``, which were read under the locks of the chains."""
    links: list[Link] = []
    for chain, of_one in entries.items():
        head = heads[chain]
        for kind, facts in of_one:
            links.append(extend(head, chain, kind, facts, at=at))
            head = links[-1].head
    raw = await raw_connection(session)
    await raw.execute(
        INSERT,
        [link.chain for link in links],
        [link.index for link in links],
        [link.at for link in links],
        [link.entry for link in links],
        [link.hash for link in links],
    )


async def sign_roots(session: AsyncSession, key: SigningKey, *, now: datetime) -> None:
    """Sign the root of yesterday over the heads of all chains, once, and make it public."""
    yesterday = now.astimezone(ZONE).date() - timedelta(days=1)
    if await queries.last_root_day(session) == yesterday:
        return
    heads = await queries.heads_before(session, midnight_after(yesterday))
    if not heads:
        return
    if key.kid not in await queries.keys_published(session):
        facts: Facts = {"kid": key.kid, "x": key.public.x}
        await record_for_system(session, [(Kind.KEY_PUBLISHED, facts)], at=now)
    statement, root = root_of(yesterday, heads)
    signature = key.sign(root)
    session.add(
        LedgerRoot(
            day=yesterday,
            statement=statement,
            root=root,
            kid=key.kid,
            signature=signature,
            signed_at=now,
        )
    )
    publish(
        session,
        LedgerRootSigned(
            day=yesterday,
            root=root.hex(),
            kid=key.kid,
            signature=signature.hex(),
            signed_at=now,
        ),
    )
