"""The key with which the hub signs tokens, webhooks and ledger roots, and telling it to others."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OKPKey
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.keys import learn_keys
from chassis.outbox import publish
from connector_gateway.queries import keys as queries
from connector_gateway.settings import Settings
from contracts.accounts.v1 import PublicKey
from contracts.connector_gateway.v1 import ConnectionKeysRotated

ISSUER = "connector-gateway"


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key and the id under which its public half is known (RFC 7638 thumbprint)."""

    key: OKPKey
    kid: str

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an ed25519 signature."""
        signature: bytes = self.key.private_key.sign(message)  # type: ignore[union-attr]  # Ed25519
        return signature

    def derived(self, purpose: bytes) -> bytes:
        """Return 32 bytes of a key of its own for ``purpose`` (HKDF, RFC 5869)."""
        secret = self.key.private_key.private_bytes_raw()  # type: ignore[union-attr]  # Ed25519
        return HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret)

    @property
    def public(self) -> PublicKey:
        """Return what others check signatures with."""
        x = self.key.as_dict(private=False)["x"]
        return PublicKey(kid=self.kid, x=str(x))


@cache
def signing_key(path: Path) -> SigningKey:
    """Read the key (PKCS #8, PEM) once."""
    key = OKPKey.import_key(path.read_bytes())
    return SigningKey(key, key.thumbprint())


async def announce_keys(session: AsyncSession, settings: Settings) -> None:
    """Tell every service which key signs here, once for each key.

    This service itself need not wait for the topic to bring its own key back.
    """
    key = signing_key(settings.signing_key_file)
    if await queries.knows_key(session, ISSUER, key.kid):
        return
    await learn_keys(session, ISSUER, [key.public])
    publish(session, ConnectionKeysRotated(issuer=ISSUER, keys=[key.public], rotated_at=now()))
