"""How public keys and ended sessions reach every service: by topic, into tables of its own."""

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.delivery import Consumers, Envelope
from contracts.accounts.v1 import AccountKeysRotated, PublicKey, SessionRevoked
from contracts.connector_gateway.v1 import ConnectionKeysRotated
from contracts.topics import Service


async def learn_keys(session: AsyncSession, issuer: str, keys: list[PublicKey]) -> None:
    """Replace what was known of the keys of ``issuer``."""
    connection = await raw_connection(session)
    await connection.execute("DELETE FROM known_keys WHERE issuer = $1", issuer)
    await connection.executemany(
        "INSERT INTO known_keys (kid, issuer, jwk) VALUES ($1, $2, $3::text::jsonb)",
        [(key.kid, issuer, orjson.dumps(key.model_dump()).decode()) for key in keys],
    )


async def learn_revocation(session: AsyncSession, event: SessionRevoked) -> None:
    """Remember that a session has ended; its tokens are refused from now on."""
    connection = await raw_connection(session)
    await connection.execute(
        "INSERT INTO known_revocations (session_id, revoked_at) VALUES ($1, $2) "
        "ON CONFLICT DO NOTHING",
        event.session_id,
        event.revoked_at,
    )


def key_consumers(service: Service) -> Consumers:
    """Return the handlers by which ``service`` learns keys and revocations."""
    consumers = Consumers(service)

    @consumers.on(AccountKeysRotated)
    async def keys_of_accounts(
        session: AsyncSession, event: AccountKeysRotated, _: Envelope
    ) -> None:
        await learn_keys(session, event.issuer, event.keys)

    @consumers.on(ConnectionKeysRotated)
    async def keys_of_connections(
        session: AsyncSession, event: ConnectionKeysRotated, _: Envelope
    ) -> None:
        await learn_keys(session, event.issuer, event.keys)

    @consumers.on(SessionRevoked)
    async def session_revoked(session: AsyncSession, event: SessionRevoked, _: Envelope) -> None:
        await learn_revocation(session, event)

    return consumers
