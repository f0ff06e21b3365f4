"""Publishing what the codes of another system mean here (Điều 3.3, 3.5)."""

import hashlib
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.domain.code_maps import CodeMap, Codes
from connector_gateway.domain.ledger import Facts, Kind, canonical
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import ConnectionUnknown, DirectionNotOffered
from connector_gateway.queries import code_maps as queries
from connector_gateway.queries import connections
from contracts.connector_gateway.v1 import CodeMapPublished


async def publish_code_map(
    session: AsyncSession, code: str, codes: Codes, by: Person, *, now: datetime
) -> CodeMap:
    """Publish a new version; deliveries from now on are read with it, earlier ones are not.

    The same codes again are no new version.
    """
    connection = await connections.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    if connection.inbound_state is None:
        raise DirectionNotOffered(connection=code)
    newest = await queries.code_map(session, code)
    if newest and newest.codes == codes.to_json():
        return newest
    connection.code_map_version += 1
    made = CodeMap(
        connection_id=connection.id,
        version=connection.code_map_version,
        codes=codes.to_json(),
        published_by=by.subject,
        published_by_name=by.name,
        published_at=now,
    )
    session.add(made)
    facts: Facts = {
        "version": made.version,
        "sha256": hashlib.sha256(canonical(made.codes).encode()).hexdigest(),
        "by": by.subject,
    }
    await ledger.record(session, code, [(Kind.CODE_MAP_PUBLISHED, facts)], at=now)
    publish(
        session,
        CodeMapPublished(
            connection=code, version=made.version, published_at=now, **codes.to_json()
        ),
    )
    return made
