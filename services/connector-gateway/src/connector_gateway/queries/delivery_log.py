"""The delivery log: what went or waits to go out of a connection, and how every try ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.dispatches import TEST, Attempt, Dispatch, DispatchState
from connector_gateway.queries import LocalMoment, View

MOST_ATTEMPTS = 100
"""Of the latest tries that one dispatch shows."""
IN_RANGE = """
SELECT count(*) FROM dispatches
WHERE connection_id = $1 AND created_at >= $2 AND created_at < $3
  AND state IN ('delivered', 'failed')
  AND CASE WHEN $4::text IS NULL THEN event_type <> $5 ELSE event_type = $4 END
"""


@dataclass(frozen=True)
class Wanted:
    """Which dispatches of a connection: by state, type and the moment they were made."""

    event_type: str | None = None
    state: DispatchState | None = None
    begins: datetime | None = None
    ends: datetime | None = None


class DispatchView(View):
    """One event on its way to a connection."""

    id: UUID
    webhook_id: str
    event_type: str
    key: str
    state: DispatchState
    created_at: LocalMoment
    attempts: int
    next_attempt_at: LocalMoment
    held_at: LocalMoment | None
    finished_at: LocalMoment | None
    reason: str | None


class AnswerView(View):
    """How a receiver answered; `body` is the first 2 KiB of what it said."""

    status: int | None
    headers: dict[str, str]
    body: str


class AttemptView(View):
    """One try: what was sent, by which key it was signed, and what came back.

    `request_headers` have no signature; headers and bodies are kept for 90 days.
    """

    number: int
    epoch: int
    began_at: LocalMoment
    ended_at: LocalMoment | None
    duration_ms: int | None
    url: str | None
    subscription_version: int | None
    kid: str | None
    request_headers: dict[str, str]
    answer: AnswerView | None
    problem: str | None


class DispatchDetail(DispatchView):
    """A dispatch with the digest of its body, the same on every try, and its latest tries."""

    subscription_version: int
    sha256: str
    size: int
    tries: list[AttemptView]


async def views(
    session: AsyncSession,
    connection_id: UUID,
    wanted: Wanted,
    *,
    after: UUID | None,
    limit: int,
) -> list[DispatchView]:
    """Return dispatches of a connection, the latest first."""
    found = (
        select(Dispatch)
        .where(Dispatch.connection_id == connection_id)
        .order_by(col(Dispatch.id).desc())
        .limit(limit)
    )
    if wanted.state:
        found = found.where(Dispatch.state == wanted.state)
    if wanted.event_type:
        found = found.where(Dispatch.event_type == wanted.event_type)
    if wanted.begins:
        found = found.where(col(Dispatch.created_at) >= wanted.begins)
    if wanted.ends:
        found = found.where(col(Dispatch.created_at) < wanted.ends)
    if after:
        found = found.where(col(Dispatch.id) < after)
    return [view(row) for row in await session.exec(found)]


def view(row: Dispatch) -> DispatchView:
    """Return a dispatch as it is listed."""
    return DispatchView(**_facts(row))


async def dispatch_of(
    session: AsyncSession, connection: str, dispatch_id: UUID, *, for_update: bool = False
) -> Dispatch | None:
    """Return a dispatch of a connection."""
    found = (
        select(Dispatch)
        .join(Connection)
        .where(Dispatch.id == dispatch_id, Connection.code == connection)
    )
    if for_update:
        found = found.with_for_update(of=Dispatch).execution_options(populate_existing=True)
    return (await session.exec(found)).first()


async def detail(session: AsyncSession, row: Dispatch) -> DispatchDetail:
    """Return a dispatch with its latest tries, oldest first."""
    tries = await session.exec(
        select(Attempt)
        .where(Attempt.dispatch_id == row.id)
        .order_by(col(Attempt.number).desc())
        .limit(MOST_ATTEMPTS)
    )
    return DispatchDetail(
        **_facts(row),
        subscription_version=row.subscription_version,
        sha256=hashlib.sha256(row.payload).hexdigest(),
        size=len(row.payload),
        tries=[_try(one) for one in reversed(tries.all())],
    )


async def count_in_range(session: AsyncSession, connection_id: UUID, wanted: Wanted) -> int:
    """Count what a range would send anew; test events only where their type is asked for."""
    raw = await raw_connection(session)
    begins, ends, kind = wanted.begins, wanted.ends, wanted.event_type
    return int(await raw.fetchval(IN_RANGE, connection_id, begins, ends, kind, TEST))


def _facts(row: Dispatch) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DispatchView.model_fields}


def _try(one: Attempt) -> AttemptView:
    said = (one.answer_body or b"").decode("utf-8", "replace")
    answer = AnswerView(status=one.status, headers=one.answer_headers or {}, body=said)
    return AttemptView(
        number=one.number,
        epoch=one.epoch,
        began_at=one.began_at,
        ended_at=one.ended_at,
        duration_ms=one.duration_ms,
        url=one.url,
        subscription_version=one.subscription_version,
        kid=one.kid,
        request_headers=one.request_headers or {},
        answer=answer if one.status is not None else None,
        problem=one.problem,
    )
