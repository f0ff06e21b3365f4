"""Who asks: bearer tokens checked with keys that arrived on Kafka, never by a call."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ConfigDict

from chassis.clock import now
from chassis.database import Database, raw_connection
from chassis.errors import Forbidden, Unauthenticated, Unavailable

AUDIENCE = "hub"
ALGORITHM = "Ed25519"
TOKEN_TYPE = "at+jwt"  # noqa: S105 a media type (RFC 9068), no secret
LEEWAY = 5
KEEP = 4096


class KeysUnknown(Unavailable):
    """No public key has arrived yet: the service has just started."""

    slug = "keys-unknown"


class Principal(BaseModel):
    """Whoever stands behind a request: a person of an agency, or a connected system."""

    model_config = ConfigDict(frozen=True)

    subject: str
    """Account id of a person, connection code of a system."""
    kind: Literal["person", "system"]
    name: str = ""
    agency: str = ""
    roles: frozenset[str] = frozenset()
    session_id: str | None = None
    connection: str | None = None
    epoch: int | None = None

    def has(self, *roles: str) -> bool:
        """Say whether the principal holds one of ``roles``."""
        return not self.roles.isdisjoint(roles)


class Keyring:
    """Public keys by id, and the tokens that passed them, until each token ends.

    Keys come from ``known_keys``, which the chassis' own consumer fills; a key that rotation
    took away is forgotten within ``STALE`` seconds, one that has just arrived is found within
    ``MISSED``.
    """

    STALE = 30.0
    MISSED = 1.0

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, OKPKey] = {}
        self._read_at = 0.0
        self._tokens: dict[str, tuple[Principal, float]] = {}

    async def principal(self, token: str) -> Principal:
        """Return who ``token`` speaks for; raises ``Unauthenticated`` or ``KeysUnknown``."""
        moment = now().timestamp()
        kept = self._tokens.get(token)
        if kept and kept[1] > moment and moment - self._read_at < self.STALE:
            principal, ends = kept
        else:
            principal, ends = await self._check(token, moment)
            if len(self._tokens) >= KEEP:
                self._tokens.clear()
            self._tokens[token] = (principal, ends)
        if principal.session_id:
            await self._refuse_revoked(principal.session_id)
        return principal

    async def _check(self, token: str, moment: float) -> tuple[Principal, float]:
        await self._refresh(moment, _kid_of(token))
        registry = JWSRegistry(algorithms=[ALGORITHM])
        try:
            found = jwt.decode(token, self._key_of, algorithms=[ALGORITHM], registry=registry)
            claims = found.claims
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as why:
            raise Unauthenticated(why=type(why).__name__) from why
        if found.header.get("typ") != TOKEN_TYPE:
            raise Unauthenticated(why="typ")
        principal = Principal(
            subject=claims["sub"],
            kind="system" if claims.get("connection") else "person",
            name=claims.get("name", ""),
            agency=claims.get("agency", ""),
            roles=frozenset(claims.get("roles", ())),
            session_id=claims.get("sid"),
            connection=claims.get("connection"),
            epoch=claims.get("epoch"),
        )
        return principal, float(claims["exp"]) + LEEWAY

    def _key_of(self, found: Any) -> OKPKey:
        return self._keys[found.headers()["kid"]]

    async def _refresh(self, moment: float, kid: str | None) -> None:
        age = self.STALE if kid in self._keys else self.MISSED
        if self._keys and moment - self._read_at < age:
            return
        async with self._database.transaction() as session:
            connection = await raw_connection(session)
            rows = await connection.fetch("SELECT kid, jwk::text FROM known_keys")
        if not rows:
            raise KeysUnknown
        self._keys = {row["kid"]: OKPKey.import_key(orjson.loads(row["jwk"])) for row in rows}
        self._tokens.clear()
        self._read_at = moment

    async def _refuse_revoked(self, session_id: str) -> None:
        revoked = await self._database.read_one(
            "SELECT 1 FROM known_revocations WHERE session_id = $1", session_id
        )
        if revoked:
            raise Unauthenticated(why="revoked")


def _kid_of(token: str) -> str | None:
    try:
        return str(jws.extract_compact(token.encode()).headers().get("kid"))
    except (JoseError, ValueError, TypeError):
        return None


bearer = HTTPBearer(auto_error=False, description="Access token of a session or a connection")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def whoever(request: Request, credentials: Bearer) -> Principal:
    """Return who asks; raises ``Unauthenticated`` where nobody does."""
    if credentials is None:
        raise Unauthenticated(why="no token")
    keyring: Keyring = request.app.state.keyring
    return await keyring.principal(credentials.credentials)


def allow(*roles: str) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """Return a dependency that lets in whoever holds one of ``roles``; without roles, any of them.

    A person without any role, as one whose password is due (Điều 4.4), passes ``whoever`` alone.

    >>> who: Annotated[Principal, Depends(allow(Role.OPERATOR))]
    """

    async def check(who: Annotated[Principal, Depends(whoever)]) -> Principal:
        has_right = who.has(*roles) if roles else who.roles or who.kind == "system"
        if not has_right:
            raise Forbidden(roles=", ".join(sorted(who.roles)))
        return who

    return check
