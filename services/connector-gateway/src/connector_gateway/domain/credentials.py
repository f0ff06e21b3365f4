"""How a system proves who it is: a public key (RFC 7523) or a secret of 256 bits, kept hashed."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import JWKRegistry
from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Column, Field

from connector_gateway.domain import Moment, Table
from connector_gateway.errors.tokens import ClientRefused

ASSERTION_LIFE = 60
"""Seconds that a client assertion may live; longer ones are refused."""
SKEW = 5
"""Seconds by which the clocks of the two sides may differ."""


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> bytes:
    """Return what is kept of a secret; its 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


class CredentialKind(StrEnum):
    """How a credential proves who somebody is."""

    KEY = "key"
    SECRET = "secret"  # noqa: S105 a kind


class Credential(Table, table=True):
    """One way of one connection to sign in, valid for a time; several overlap on rotation."""

    __tablename__ = "credentials"

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connections.id", index=True)
    secret_sha256: bytes | None = None
    jwk: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    valid_from: datetime = Field(sa_type=Moment)
    valid_to: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def kind(self) -> CredentialKind:
        """Return what it is."""
        return CredentialKind.SECRET if self.jwk is None else CredentialKind.KEY

    @property
    def kid(self) -> str | None:
        """Return the id of the key; None for a secret."""
        return self.jwk["kid"] if self.jwk else None

    @property
    def thumbprint(self) -> str | None:
        """Return what tells this key from every other (RFC 7638); None for a secret."""
        return JWKRegistry.import_key(dict(self.jwk)).thumbprint() if self.jwk else None

    @property
    def signer(self) -> Ed25519PublicKey | None:
        """Return the key that may sign pushes; None for a secret or a key of another kind."""
        if self.jwk is None or self.jwk["kty"] != "OKP":
            return None
        x = self.jwk["x"]
        return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(x + "=" * (-len(x) % 4)))

    def is_called(self, kid: str) -> bool:
        """Say whether ``kid`` names this key: by its id or its thumbprint."""
        return kid in (self.kid, self.thumbprint)

    def end(self, at: datetime) -> None:
        """Let it count until ``at``, unless it ends sooner already."""
        self.valid_to = min(self.valid_to or at, at)

    def is_valid(self, now: datetime) -> bool:
        """Say whether the credential counts at ``now``."""
        return self.valid_from <= now and (self.valid_to is None or now < self.valid_to)

    def matches(self, secret: str) -> bool:
        """Say, in constant time, whether ``secret`` is the one kept."""
        return self.secret_sha256 is not None and hmac.compare_digest(
            self.secret_sha256, fingerprint(secret)
        )


class UsedAssertion(Table, table=True):
    """A ``jti`` that has signed in once and may not again."""

    __tablename__ = "used_assertions"

    client_id: str = Field(sa_type=Text, primary_key=True)
    jti: str = Field(sa_type=Text, primary_key=True)
    expires_at: datetime = Field(sa_type=Moment, index=True)


@dataclass(frozen=True)
class Assertion:
    """The claims of a client assertion whose signature held (RFC 7523 §3)."""

    client_id: str
    jti: str
    expires_at: float

    @classmethod
    def of(
        cls, claims: Mapping[str, object], *, audiences: frozenset[str], now: datetime
    ) -> "Assertion":
        """Check the claims; raises ``ClientRefused`` with the reason."""
        moment = now.timestamp()
        issuer, subject, jti = (claims.get(name) for name in ("iss", "sub", "jti"))
        expires, issued = claims.get("exp"), claims.get("iat", moment)
        if not isinstance(issuer, str) or issuer != subject:
            raise ClientRefused(claims="iss, sub")
        if not isinstance(jti, str) or not 8 <= len(jti) <= 255 or not jti.isprintable():
            raise ClientRefused(claims="jti")
        if not isinstance(expires, int | float) or not isinstance(issued, int | float):
            raise ClientRefused(claims="exp, iat")
        said = claims.get("aud")
        if audiences.isdisjoint(said if isinstance(said, list) else [said]):
            raise ClientRefused(claims="aud")
        if issued > moment + SKEW or expires <= moment - SKEW:
            raise ClientRefused(claims="exp, iat")
        if expires > moment + ASSERTION_LIFE + SKEW or expires - issued > ASSERTION_LIFE:
            raise ClientRefused(claims="exp > 60 s")
        return cls(issuer, jti, float(expires))
