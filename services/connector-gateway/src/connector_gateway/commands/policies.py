"""Changing how a connection may be used: its policy, its grants, what happens while suspended."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.errors import PreconditionFailed
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.policies import Signing, Terms
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.errors.policies import SigningKeyMissing
from connector_gateway.queries import connections as queries
from connector_gateway.queries.deliveries import signers_of


async def change_policy(
    session: AsyncSession, code: str, terms: Terms, *, revision: int, by: Person, now: datetime
) -> Connection:
    """Set the terms of a connection; they hold for every push after the commit (Điều 3.5).

    The same terms again are no new revision. Raises ``PreconditionFailed`` where somebody changed
    them since ``revision`` was read, and ``SigningKeyMissing`` where pushes must be signed and
    cannot be.
    """
    connection = await queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    if connection.policy_revision != revision:
        raise PreconditionFailed
    if terms.policy.signed is Signing.REQUIRED and not await signers_of(session, connection.id):
        raise SigningKeyMissing(connection=code)
    told = terms.to_text()
    if told == Terms.of(connection).to_text():
        return connection
    connection.policy = terms.policy.to_text()
    connection.grants = terms.grants.to_text()
    connection.while_suspended = terms.while_suspended
    connection.suspends_automatically = list(terms.suspends_automatically)
    connection.policy_revision += 1
    facts: Facts = {"revision": connection.policy_revision, "policy": told, "by": by.subject}
    await ledger.record(session, code, [(Kind.POLICY_CHANGED, facts)], at=now)
    return connection
