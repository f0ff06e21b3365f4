"""Signing in systems: client credentials in, an access token out (RFC 6749 §4.4, RFC 7523)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from joserfc.jws import JWSRegistry
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from chassis.database import raw_connection
from chassis.identifiers import new_id
from connector_gateway.commands import admissions, tallies
from connector_gateway.commands.keys import ISSUER, SigningKey
from connector_gateway.commands.tallies import Seen
from connector_gateway.domain.connections import CODE, Connection
from connector_gateway.domain.credentials import Assertion, Credential
from connector_gateway.domain.detectors import Tally
from connector_gateway.domain.policies import Policy
from connector_gateway.errors.policies import IpNotAllowed
from connector_gateway.errors.tokens import ClientRefused
from connector_gateway.queries import connections as queries

ASSERTION_ALGORITHMS = ["Ed25519", "EdDSA", "ES256", "PS256", "RS256"]
OWN = JWSRegistry(algorithms=[ALGORITHM])
REGISTRY = JWSRegistry(algorithms=ASSERTION_ALGORITHMS)
USE_ONCE = """
INSERT INTO used_assertions (client_id, jti, expires_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING jti
"""
FORGET = "DELETE FROM used_assertions WHERE expires_at < $1"


@dataclass(frozen=True)
class Proof:
    """How a system proves who it is: a signed assertion, or its id and secret."""

    assertion: str | None = None
    client_id: str | None = None
    secret: str | None = None
    source: str = ""
    """The address that it comes from."""


async def issue_token(
    session: AsyncSession,
    proof: Proof,
    key: SigningKey,
    *,
    audiences: frozenset[str],
    life: timedelta,
    now: datetime,
) -> str | ClientRefused:
    """Return an access token, or why the system is not believed: what was counted of that stays.

    Raises ``ConnectionRevoked``, ``IpNotAllowed`` or ``Suspended``.
    """
    try:
        connection = await _authenticate(session, proof, audiences=audiences, now=now)
    except ClientRefused as why:
        return why
    gate = connection.gate
    gate.refuse_revoked()
    Policy.from_text(connection.policy).refuse_source(proof.source)
    if gate.is_stopped:
        raise await admissions.suspended(
            session,
            connection.id,
            connection.code,
            connection.directions[:1],
            epoch=connection.epoch,
            now=now,
        )
    claims = {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "sub": connection.code,
        "client_id": connection.client_id,
        "name": connection.name,
        "connection": connection.code,
        "epoch": connection.epoch,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "jti": str(new_id()),
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key.key, algorithms=[ALGORITHM], registry=OWN)


async def _authenticate(
    session: AsyncSession, proof: Proof, *, audiences: frozenset[str], now: datetime
) -> Connection:
    if proof.assertion is not None:
        return await _by_assertion(session, proof, audiences=audiences, now=now)
    found = await _client(session, proof.client_id)
    if found is None or proof.secret is None:
        raise ClientRefused(why="client_id")
    connection, credentials = found
    matching = [
        credential.is_valid(now) and credential.matches(proof.secret) for credential in credentials
    ]
    if not any(matching):
        await _count(session, Tally.BAD_SIGNATURE, connection, proof, now=now)
        raise ClientRefused(why="secret")
    return connection


async def _client(
    session: AsyncSession, client_id: str | None
) -> tuple[Connection, Sequence[Credential]] | None:
    if not client_id or not re.match(CODE, client_id):
        return None
    return await queries.client(session, client_id)


async def _by_assertion(
    session: AsyncSession, proof: Proof, *, audiences: frozenset[str], now: datetime
) -> Connection:
    token = proof.assertion or ""
    claimed = _issuer_of(token)
    found = await _client(session, claimed)
    if found is None or (proof.client_id and proof.client_id != claimed):
        raise ClientRefused(why="client_id")
    connection, credentials = found
    try:
        claims = _verified(token, [one for one in credentials if one.is_valid(now)])
    except ClientRefused:
        await _count(session, Tally.BAD_SIGNATURE, connection, proof, now=now)
        raise
    assertion = Assertion.of(claims, audiences=audiences, now=now)
    raw = await raw_connection(session)
    expires_at = now + timedelta(seconds=assertion.expires_at - now.timestamp() + 60)
    if not await raw.fetchval(USE_ONCE, connection.client_id, assertion.jti, expires_at):
        await _count(session, Tally.REPLAYED_NONCE, connection, proof, now=now, jti=assertion.jti)
        raise ClientRefused(claims="jti used")
    return connection


async def _count(
    session: AsyncSession,
    kind: Tally,
    connection: Connection,
    proof: Proof,
    *,
    now: datetime,
    jti: str | None = None,
) -> None:
    """Count a proof that does not hold, from where the connection may be used at all."""
    try:
        Policy.from_text(connection.policy).refuse_source(proof.source)
    except IpNotAllowed:
        return
    await tallies.add(session, Seen(kind, {connection.id: 1}, jti or proof.source), now=now)


def _issuer_of(token: str) -> str:
    """Return who an assertion says it is from, before anything is believed."""
    try:
        claims = jwt_payload(token)
    except (JoseError, ValueError, TypeError, KeyError) as why:
        raise ClientRefused(why="assertion") from why
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise ClientRefused(why="iss")
    return issuer


def jwt_payload(token: str) -> dict[str, object]:
    """Return the claims of a token without checking it."""
    found = jws.extract_compact(token.encode())
    payload = found.payload
    claims = orjson.loads(payload)
    if not isinstance(claims, dict):
        raise ValueError("claims")
    return claims


def _kid_of(token: str) -> str | None:
    """Return the key that a token says it is signed with, before anything is believed."""
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return None if kid is None else str(kid)


def _verified(token: str, credentials: Sequence[Credential]) -> dict[str, object]:
    kid = _kid_of(token)
    for credential in credentials:
        if credential.jwk is None or (kid is not None and not credential.is_called(kid)):
            continue
        try:
            key = JWKRegistry.import_key(dict(credential.jwk))
            found = jwt.decode(token, key, algorithms=ASSERTION_ALGORITHMS, registry=REGISTRY)
        except (JoseError, ValueError, TypeError):
            continue
        return dict(found.claims)
    raise ClientRefused(why="signature")


async def forget_used_assertions(session: AsyncSession, *, now: datetime) -> None:
    """Forget assertions that have expired and so cannot come again."""
    raw = await raw_connection(session)
    await raw.execute(FORGET, now)
