"""Reads of pulls: what is due, how far a source has been taken, how the asking goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import OPEN, Connection
from connector_gateway.domain.pulls import Pull, PullMark
from connector_gateway.domain.sources import PullKind
from connector_gateway.queries import LocalMoment, View

AGES = """
SELECT c.code, p.kind, p.every_seconds,
       extract(epoch FROM $1 - coalesce(p.last_success_at, p.configured_at))::float8 AS age
FROM pulls AS p JOIN connections AS c ON c.id = p.connection_id
WHERE c.inbound_state = ANY($2::text[])
"""
PROBLEMS = "SELECT count(*) FROM pull_marks WHERE connection_id = $1 AND problem IS NOT NULL"
SHOWN = 100
"""Marks and problems that are shown of a pull, the latest first."""


class SaidView(View):
    """A refusal in words: what happened and what to do."""

    type: str
    title: str
    detail: str
    advice: str
    at: LocalMoment


class MarkView(View):
    """How far a page or file has been taken, in the words of its connector."""

    name: str
    value: str
    moved_at: LocalMoment


class PullProblemView(View):
    """A page or file that could not be taken, and why."""

    name: str
    said: SaidView


class PullView(View):
    """What a connection asks its system for, when, and how the asking goes.

    The credential is never shown.
    """

    connection: str
    kind: PullKind
    source: dict[str, Any]
    every_seconds: int
    has_credential: bool
    configured_by: str
    configured_at: LocalMoment
    next_at: LocalMoment
    is_running: bool
    last_started_at: LocalMoment | None
    last_success_at: LocalMoment | None
    failures: int
    last_error: SaidView | None
    problem_count: int
    problems: list[PullProblemView]
    checkpoint: list[MarkView]


async def pull_of(session: AsyncSession, connection_id: UUID) -> Pull | None:
    """Return what a connection asks for."""
    return await session.get(Pull, connection_id)


async def pull_for_update(session: AsyncSession, connection_id: UUID) -> Pull | None:
    """Return what a connection asks for, its row locked."""
    return await session.get(Pull, connection_id, with_for_update=True, populate_existing=True)


async def due_for_update(session: AsyncSession, now: datetime) -> tuple[Pull, Connection] | None:
    """Return the pull that has been due the longest, locked, with its connection.

    What is suspended is not due; what a live runner has is not, either.
    """
    found = await session.exec(
        select(Pull, Connection)
        .join(Connection, col(Connection.id) == Pull.connection_id)
        .where(
            Pull.next_at <= now,
            or_(col(Pull.claimed_until).is_(None), col(Pull.claimed_until) < now),
            col(Connection.inbound_state).in_(OPEN),
        )
        .order_by(col(Pull.next_at))
        .limit(1)
        .with_for_update(of=Pull, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.first()


async def checkpoint(session: AsyncSession, connection_id: UUID) -> dict[str, str]:
    """Return how far a source has been taken."""
    found = await session.exec(
        select(PullMark.name, PullMark.value).where(PullMark.connection_id == connection_id)
    )
    return dict(found.all())


async def marks(
    session: AsyncSession, connection_id: UUID, names: Sequence[str]
) -> Mapping[str, PullMark]:
    """Return marks of a checkpoint by name."""
    found = await session.exec(
        select(PullMark).where(
            PullMark.connection_id == connection_id, col(PullMark.name).in_(names)
        )
    )
    return {mark.name: mark for mark in found}


async def latest_marks(session: AsyncSession, connection_id: UUID) -> list[PullMark]:
    """Return the marks that moved last."""
    found = await session.exec(
        select(PullMark)
        .where(PullMark.connection_id == connection_id)
        .order_by(col(PullMark.moved_at).desc(), PullMark.name)
        .limit(SHOWN)
    )
    return list(found)


async def problems(session: AsyncSession, connection_id: UUID) -> tuple[int, list[PullMark]]:
    """Return how many pages and files could not be taken, and the latest of them."""
    raw = await raw_connection(session)
    found = await session.exec(
        select(PullMark)
        .where(PullMark.connection_id == connection_id, col(PullMark.problem).is_not(None))
        .order_by(col(PullMark.problem_at).desc(), PullMark.name)
        .limit(SHOWN)
    )
    return int(await raw.fetchval(PROBLEMS, connection_id)), list(found)


async def ages(session: AsyncSession, now: datetime) -> Sequence[tuple[str, str, int, float]]:
    """Return connection, kind, interval and seconds since the last success of what is asked."""
    raw = await raw_connection(session)
    return [tuple(row) for row in await raw.fetch(AGES, now, sorted(OPEN))]
