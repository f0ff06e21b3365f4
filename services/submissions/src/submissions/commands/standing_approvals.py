"""A head lets a connection send the unit's figures, dated and revocable (Điều 9.2)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Place
from chassis.identifiers import new_id
from submissions.domain.approvals import StandingApproval
from submissions.errors import (
    EndsBeforeItBegins,
    StandingApprovalExists,
    StandingApprovalNotFound,
)
from submissions.queries import known, standing_approvals


@dataclass(frozen=True)
class StandingOrder:
    """Which connection may send which regime, from when to when."""

    connection: str
    regime: str
    valid_from: date
    valid_to: date | None


async def give(
    session: AsyncSession, order: StandingOrder, *, who: Principal, now: datetime
) -> StandingApproval:
    """Record a standing approval of the head's own agency."""
    await known.regime_in_force(session, order.regime)
    if order.valid_to and order.valid_to < order.valid_from:
        raise EndsBeforeItBegins(errors=[Place("/valid_to", "ends-before-it-begins")])
    standing = await standing_approvals.in_force(
        session, who.agency, order.regime, order.connection
    )
    if standing and standing.has_ended_on(now.date()):
        standing.revoked_at = now
        await session.flush()
    approval = StandingApproval(
        id=new_id(),
        agency=who.agency,
        regime=order.regime,
        connection=order.connection,
        valid_from=order.valid_from,
        valid_to=order.valid_to,
        given_by=who.subject,
        giver_name=who.name,
        given_at=now,
    )
    statement = insert(StandingApproval).values(**approval.model_dump()).on_conflict_do_nothing()
    added = await session.exec(statement.returning(col(StandingApproval.id)))
    if added.first() is None:
        raise StandingApprovalExists(connection=order.connection, regime=order.regime)
    return approval


async def revoke(
    session: AsyncSession, approval_id: UUID, *, who: Principal, now: datetime
) -> None:
    """Revoke a standing approval of the head's own agency; what was sent stays sent."""
    approval = await standing_approvals.of_agency(session, approval_id, who.agency)
    if approval is None or approval.revoked_at is not None:
        raise StandingApprovalNotFound
    approval.revoked_at = now
