"""Extending a suspension: a later end with a new public notice, in one transaction (Điều 8.2)."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from connector_gateway.commands import ledger
from connector_gateway.commands.announcements import Announcement, announce
from connector_gateway.domain.extensions import Extension, LaterEnd
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import Ids, Suspension
from connector_gateway.errors.suspensions import SuspensionUnknown
from connector_gateway.queries import extensions as queries
from connector_gateway.queries import suspensions as suspension_queries


async def extend(
    session: AsyncSession, suspension_id: UUID, later: LaterEnd, *, now: datetime
) -> Suspension:
    """Announce a later end; for maintenance it counts once its own notice was out in time."""
    suspension = await suspension_queries.suspension_for_update(session, suspension_id)
    if suspension is None:
        raise SuspensionUnknown(suspension=suspension_id)
    before = await queries.latest_of(session, suspension_id)
    extension = Extension.of(
        suspension,
        before.expected_end if before else suspension.expected_end,
        later,
        await suspension_queries.working_calendar(session),
        ids=Ids(new_id(), new_id()),
        now=now,
    )
    session.add(extension)
    await session.flush()
    facts: Facts = {
        "suspension": str(suspension.id),
        "by": later.by.subject,
        "begins_at": extension.begins_at.isoformat(),
        "expected_end": extension.expected_end.isoformat(),
        "public_reason": extension.public_reason,
        "notice": str(extension.notice_id),
    }
    await ledger.record_for_system(session, [(Kind.SUSPENSION_EXTENDED, facts)], at=now)
    await announce(
        session,
        suspension,
        Announcement(
            "extension",
            extension.public_reason,
            notice_id=extension.notice_id,
            begins_at=extension.begins_at,
            ends_at=extension.expected_end,
        ),
        now=now,
    )
    return suspension
