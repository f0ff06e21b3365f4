"""Access tokens: short, signed with Ed25519, checked by every service with the public key."""

from datetime import datetime
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from accounts.domain.accounts import Account
from accounts.domain.sessions import ACCESS
from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from contracts.accounts.v1 import PublicKey

ISSUER = "accounts"


class Signer:
    """The private key of accounts (PKCS #8, PEM); its id is the RFC 7638 thumbprint."""

    def __init__(self, pem: bytes) -> None:
        self._key = OKPKey.import_key(pem)
        self.kid = self._key.thumbprint()

    @property
    def public(self) -> PublicKey:
        """Return the public half, to be said to the others."""
        return PublicKey(kid=self.kid, x=str(self._key.as_dict(private=False)["x"]))

    def token_for(self, account: Account, session_id: UUID, *, now: datetime) -> str:
        """Return an access token of ``account``, good for five minutes, with its rights."""
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCE],
            "sub": str(account.id),
            "sid": str(session_id),
            "name": account.display_name,
            "agency": account.agency,
            "roles": account.rights(now),
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS).timestamp()),
        }
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
