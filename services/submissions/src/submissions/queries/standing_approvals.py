"""Reads of standing approvals."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from submissions.domain.approvals import StandingApproval


async def in_force(
    session: AsyncSession, agency: str, regime: str, connection: str
) -> StandingApproval | None:
    """Return the approval of an agency for a regime and connection that is not revoked."""
    statement = select(StandingApproval).where(
        StandingApproval.agency == agency,
        StandingApproval.regime == regime,
        StandingApproval.connection == connection,
        col(StandingApproval.revoked_at).is_(None),
    )
    return (await session.exec(statement)).first()


async def of_agency(
    session: AsyncSession, approval_id: UUID, agency: str
) -> StandingApproval | None:
    """Return a standing approval of an agency."""
    statement = select(StandingApproval).where(
        StandingApproval.id == approval_id, StandingApproval.agency == agency
    )
    return (await session.exec(statement.with_for_update())).first()


async def all_of(session: AsyncSession, agency: str) -> list[StandingApproval]:
    """Return every standing approval of an agency, the latest first."""
    statement = select(StandingApproval).where(StandingApproval.agency == agency)
    return list(await session.exec(statement.order_by(col(StandingApproval.given_at).desc())))
