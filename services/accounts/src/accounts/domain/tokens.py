"""Access tokens: short, signed with Ed25519, checked by every service with the public key."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from accounts.domain.accounts import Account
from accounts.domain.sessions import ACCESS
from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from contracts.accounts.v1 import PublicKey

ISSUER = "accounts"


class Signer:
    """The private key of accounts; its id is the RFC 7638 thumbprint of the public half."""

    def __init__(self, pem: bytes) -> None:
        self._key = OKPKey.import_key(pem)
        self.kid = self._key.thumbprint()

    @classmethod
    def from_file(cls, path: Path) -> "Signer":
        """Read the key from a PEM file."""
        return cls(path.read_bytes())

    @property
    def public(self) -> PublicKey:
        """Return the public half, to be said to the others."""
        return PublicKey(kid=self.kid, x=str(self._key.as_dict(private=False)["x"]))

    def token_for(self, account: Account, session_id: UUID, *, now: datetime) -> str:
        """Return an access token of ``account``, good for five minutes."""
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCE],
            "sub": str(account.id),
            "sid": str(session_id),
            "name": account.display_name,
            "agency": account.agency,
            "roles": account.roles,
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS).timestamp()),
        }
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
