"""Letting a system try a delivery: the gate of a push, and a token to ask submissions with."""

from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jws import JWSRegistry
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE, Principal
from connector_gateway.commands import admissions
from connector_gateway.commands.keys import ISSUER, SigningKey
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.policies import Policy
from connector_gateway.errors.connections import ConnectionUnknown, DirectionNotOffered
from connector_gateway.queries import connections

LIFE = timedelta(seconds=30)
REGISTRY = JWSRegistry(algorithms=[ALGORITHM])


async def permit(
    session: AsyncSession, who: Principal, code: str, key: SigningKey, *, now: datetime
) -> tuple[str, Policy]:
    """Return a token that says for whom submissions is asked, and the connection's policy.

    The token names connection, grant and code map.

    Raises what a push would be refused with at the gate; a suspended connection tries nothing.
    """
    await admissions.admit(session, who, code, now=now)
    connection = await connections.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    if connection.inbound_state is None:
        raise DirectionNotOffered(connection=code)
    return token_for(connection, key, now=now), Policy.from_text(connection.policy)


def token_for(connection: Connection, key: SigningKey, *, now: datetime) -> str:
    """Return a token that says for which connection the gateway asks another service."""
    claims = {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "sub": ISSUER,
        "connection": connection.code,
        "grant": connection.grants,
        "code_map": connection.code_map_version,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key.key, algorithms=[ALGORITHM], registry=REGISTRY)
