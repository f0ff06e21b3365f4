"""Keys and secrets of connections: given, rotated with an overlap, ended at once."""

from datetime import datetime, timedelta
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.credentials import Credential, fingerprint, new_secret
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.errors.credentials import (
    CredentialEnded,
    CredentialKnown,
    CredentialUnfit,
    CredentialUnknown,
)
from connector_gateway.queries import connections as queries

SHORTEST_SECRET = 32
LONGEST_KID = 200
PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
ASSERTION_KEYS = {"OKP": ("Ed25519",), "EC": ("P-256",), "RSA": ()}
"""Kinds of public keys that may sign client assertions, with their curves."""


def of_key(connection: Connection, jwk: dict[str, str], *, now: datetime) -> Credential:
    """Return the credential that is a public key; raises ``CredentialUnfit``."""
    public = _checked(jwk)
    return Credential(id=new_id(), connection_id=connection.id, jwk=public, valid_from=now)


def of_secret(connection: Connection, secret: str, *, now: datetime) -> Credential:
    """Return the credential that is a secret, kept hashed; raises ``CredentialUnfit``."""
    if len(secret) < SHORTEST_SECRET:
        raise CredentialUnfit
    return Credential(
        id=new_id(),
        connection_id=connection.id,
        secret_sha256=fingerprint(secret),
        valid_from=now,
    )


def _checked(jwk: dict[str, str]) -> dict[str, str]:
    """Return the public half of a key that can check assertions, under its own ``kid`` if any."""
    kind = jwk.get("kty", "")
    curves = ASSERTION_KEYS.get(kind)
    if curves is None or (curves and jwk.get("crv") not in curves) or "d" in jwk:
        raise CredentialUnfit
    try:
        key = JWKRegistry.import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as why:
        raise CredentialUnfit from why
    if kind == "RSA" and len(jwk.get("n", "")) * 6 < 2040:
        raise CredentialUnfit
    kid = jwk.get("kid") or key.thumbprint()
    if len(kid) > LONGEST_KID or not kid.isascii() or not kid.isprintable():
        raise CredentialUnfit
    members = key.as_dict(private=False)
    public = {name: str(members[name]) for name in PUBLIC_MEMBERS if name in members}
    return {**public, "kid": kid}


async def rotate(
    session: AsyncSession,
    code: str,
    jwk: dict[str, str] | None,
    overlap: timedelta,
    by: Person,
    *,
    now: datetime,
) -> tuple[Credential, str | None]:
    """Give a new key, or a new secret that is shown once; those of its kind end after ``overlap``.

    What ends sooner already still does. Raises ``CredentialKnown`` for a key that the connection
    has or had: a key that was taken away does not come back.
    """
    connection = await _connection(session, code)
    connection.gate.refuse_revoked()
    secret = new_secret() if jwk is None else None
    made = (
        of_key(connection, jwk, now=now)
        if jwk is not None
        else of_secret(connection, secret or "", now=now)
    )
    earlier = await queries.credentials(session, connection.id)
    if made.thumbprint and made.thumbprint in {one.thumbprint for one in earlier}:
        raise CredentialKnown(kid=made.kid)
    replaced = [one for one in earlier if one.kind is made.kind and one.is_valid(now)]
    for one in replaced:
        one.end(now + overlap)
    session.add(made)
    facts: Facts = {
        **_named(made, by),
        "replaces": ", ".join(str(one.id) for one in replaced),
        "until": (now + overlap).isoformat() if replaced else None,
    }
    await ledger.record(session, code, [(Kind.CREDENTIAL_ADDED, facts)], at=now)
    return made, secret


async def end_credential(
    session: AsyncSession, code: str, id: UUID, reason: str, by: Person, *, now: datetime
) -> Credential:
    """End a credential at once, and every access token of the connection with it.

    Which token came from which credential is not known, so those that signed in with another one
    sign in again. Raises ``CredentialUnknown`` or ``CredentialEnded``.
    """
    connection = await _connection(session, code)
    found = {one.id: one for one in await queries.credentials(session, connection.id)}.get(id)
    if found is None:
        raise CredentialUnknown(connection=code, credential=id)
    if not found.is_valid(now):
        raise CredentialEnded(credential=id)
    found.end(now)
    connection.begin_epoch()
    connection.end_tokens()
    facts: Facts = {**_named(found, by), "reason": reason, "epoch": connection.epoch}
    await ledger.record(session, code, [(Kind.CREDENTIAL_ENDED, facts)], at=now)
    return found


async def _connection(session: AsyncSession, code: str) -> Connection:
    connection = await queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    return connection


def _named(credential: Credential, by: Person) -> Facts:
    return {
        "credential": str(credential.id),
        "of": credential.kind.value,
        "kid": credential.kid,
        "by": by.subject,
    }
