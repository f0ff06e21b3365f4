"""Reads of flags: those to decide, and what was decided about the others."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.domain.connections import Connection
from connector_gateway.domain.detectors import Detector
from connector_gateway.domain.flags import Flag, FlagState
from connector_gateway.queries import LocalMoment, View


class FlagDecisionView(View):
    """What was decided about a flag, by whom and why."""

    by: str
    at: LocalMoment
    reason: str
    suspension: UUID | None


class FlagView(View):
    """A flag: who said what on which evidence, and what people made of it."""

    id: UUID
    connection: str
    connection_name: str
    state: FlagState
    reason: str
    evidence: str | None
    detector: Detector | None
    """None where a person said it."""
    flagged_by: str
    flagged_at: LocalMoment
    decision: FlagDecisionView | None


async def flag_of(session: AsyncSession, connection_id: UUID, flag_id: UUID) -> Flag | None:
    """Return a flag of a connection, its row locked."""
    found = await session.exec(
        select(Flag)
        .where(Flag.id == flag_id, Flag.connection_id == connection_id)
        .with_for_update()
    )
    return found.first()


async def open_flags(session: AsyncSession, connection_id: UUID) -> Sequence[Flag]:
    """Return the flags of a connection that wait for a decision."""
    found = await session.exec(
        select(Flag)
        .where(Flag.connection_id == connection_id, Flag.state == FlagState.OPEN)
        .order_by(col(Flag.id))
    )
    return found.all()


async def latest_of(session: AsyncSession, connection_id: UUID, detector: Detector) -> Flag | None:
    """Return what a detector said last of a connection."""
    found = await session.exec(
        select(Flag)
        .where(Flag.connection_id == connection_id, Flag.detector == detector)
        .order_by(col(Flag.flagged_at).desc())
        .limit(1)
    )
    return found.first()


async def views(
    session: AsyncSession,
    code: str,
    *,
    state: FlagState | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[FlagView]:
    """Return flags of a connection, the latest first."""
    found = (
        select(Flag, Connection)
        .join(Connection)
        .where(Connection.code == code)
        .order_by(col(Flag.id).desc())
        .limit(limit)
    )
    if state:
        found = found.where(Flag.state == state)
    if after:
        found = found.where(Flag.id < after)
    return [view(flag, connection) for flag, connection in await session.exec(found)]


def view(flag: Flag, connection: Connection) -> FlagView:
    """Return a flag as people see it."""
    decision = None
    if flag.decided_by_name and flag.decided_at and flag.decision_reason:
        decision = FlagDecisionView(
            by=flag.decided_by_name,
            at=flag.decided_at,
            reason=flag.decision_reason,
            suspension=flag.suspension_id,
        )
    return FlagView(
        id=flag.id,
        connection=connection.code,
        connection_name=connection.name,
        state=flag.state,
        reason=flag.reason,
        evidence=flag.evidence,
        detector=flag.detector,
        flagged_by=flag.flagged_by_name,
        flagged_at=flag.flagged_at,
        decision=decision,
    )
