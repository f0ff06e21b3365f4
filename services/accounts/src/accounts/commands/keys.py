"""Saying the public key with which accounts signs."""

from functools import cache
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts.domain.tokens import ISSUER, Signer
from accounts.settings import Settings
from chassis.clock import now
from chassis.database import raw_connection
from chassis.outbox import publish
from contracts.accounts.v1 import AccountKeysRotated

KEEP = """
INSERT INTO announced_keys (issuer, kid, announced_at) VALUES ($1, $2, $3)
ON CONFLICT (issuer) DO UPDATE SET kid = excluded.kid, announced_at = excluded.announced_at
WHERE announced_keys.kid <> excluded.kid RETURNING kid
"""


@cache
def signer_of(path: Path) -> Signer:
    """Read the private key once."""
    return Signer(path.read_bytes())


async def announce_keys(session: AsyncSession, settings: Settings) -> None:
    """Say the public key when it is another than the one said last; repeating says nothing."""
    signer = signer_of(settings.signing_key_file)
    moment = now()
    connection = await raw_connection(session)
    if await connection.fetchval(KEEP, ISSUER, signer.kid, moment):
        publish(session, AccountKeysRotated(issuer=ISSUER, keys=[signer.public], rotated_at=moment))
