"""Reads of extensions: which end counts, and what the public was told of it."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.domain.extensions import Extension
from connector_gateway.queries import LocalMoment, View


class ExtensionView(View):
    """A later end of an order, as announced."""

    begins_at: LocalMoment
    expected_end: LocalMoment
    public_reason: str
    requested_by: str
    requested_at: LocalMoment
    notice: str
    notice_visible_at: LocalMoment | None
    failure: str | None


async def latest_of(session: AsyncSession, suspension_id: UUID) -> Extension | None:
    """Return the extension of an order that counts: the latest that has not failed."""
    found = await session.exec(
        select(Extension)
        .where(Extension.suspension_id == suspension_id, col(Extension.failure).is_(None))
        .order_by(col(Extension.expected_end).desc())
        .limit(1)
    )
    return found.first()


async def extension_of_notice(session: AsyncSession, notice_id: UUID) -> Extension | None:
    """Return the extension that a notice announced, its row locked."""
    found = await session.exec(
        select(Extension).where(Extension.notice_id == notice_id).with_for_update()
    )
    return found.first()


async def extensions_of(
    session: AsyncSession, suspensions: Sequence[UUID]
) -> dict[UUID, list[ExtensionView]]:
    """Return every extension of some orders, in the order they were announced."""
    rows = await session.exec(
        select(Extension)
        .where(col(Extension.suspension_id).in_(suspensions))
        .order_by(col(Extension.requested_at))
    )
    found: dict[UUID, list[ExtensionView]] = {}
    for one in rows:
        found.setdefault(one.suspension_id, []).append(
            ExtensionView(
                begins_at=one.begins_at,
                expected_end=one.expected_end,
                public_reason=one.public_reason,
                requested_by=one.requested_by_name,
                requested_at=one.requested_at,
                notice=f"/notices/{one.notice_id}",
                notice_visible_at=one.notice_visible_at,
                failure=one.failure,
            )
        )
    return found
