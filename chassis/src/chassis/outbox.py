"""Facts leave with the transaction that made them true: one outbox row each."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.database import raw_connection
from chassis.identifiers import new_id
from chassis.telemetry import current_traceparent
from contracts.event import Event

INSERT = """
INSERT INTO outbox (id, topic, key, type, headers, value, traceparent, created_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[],
                     $7::text[], $8::timestamptz[])
"""


@dataclass(frozen=True)
class Letter:
    """A message that waits in the outbox."""

    id: UUID
    topic: str
    key: str
    type: str
    headers: bytes
    """JSON object of the CloudEvents extensions that ride beside the standard ones."""
    value: bytes
    traceparent: str | None
    created_at: datetime


def publish(session: AsyncSession, event: Event, *, traceparent: str | None = None) -> UUID:
    """Say ``event`` when, and only when, the transaction of ``session`` commits; return its id.

    ``traceparent`` is that of the current span unless told otherwise.
    """
    return publish_bytes(
        session, type(event), event.to_bytes(), key=event.ordering_key, traceparent=traceparent
    )


def publish_bytes(
    session: AsyncSession,
    event: type[Event],
    value: bytes,
    *,
    key: str,
    headers: Mapping[str, str] | None = None,
    traceparent: str | None = None,
) -> UUID:
    """Say a message whose value travels as its own bytes and whose facts ride in ``headers``."""
    letter = Letter(
        id=new_id(),
        topic=event.topic.name,
        key=key,
        type=event.type,
        headers=orjson.dumps(dict(headers or {})),
        value=value,
        traceparent=traceparent or current_traceparent(),
        created_at=now(),
    )
    session.info.setdefault("outbox", []).append(letter)
    return letter.id


@asynccontextmanager
async def rehearsal(session: AsyncSession) -> AsyncIterator[None]:
    """Take back what the block does in this transaction, and say nothing of what it publishes."""
    said = list(session.info.get("outbox", ()))
    async with session.begin_nested() as acts:
        yield
        await acts.rollback()
    session.info["outbox"] = said


async def write_outbox(session: AsyncSession) -> None:
    """Write what was published in this transaction, in one statement, just before it commits."""
    letters: list[Letter] = session.info.pop("outbox", [])
    if not letters:
        return
    await session.flush()
    connection = await raw_connection(session)
    await connection.execute(
        INSERT,
        [letter.id for letter in letters],
        [letter.topic for letter in letters],
        [letter.key for letter in letters],
        [letter.type for letter in letters],
        [letter.headers for letter in letters],
        [letter.value for letter in letters],
        [letter.traceparent for letter in letters],
        [letter.created_at for letter in letters],
    )
    session.info["has_outbox"] = True
