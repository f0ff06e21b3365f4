"""Announcing orders to the public, and remembering since when it can read them (Điều 8.2, 8.3)."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from chassis.outbox import publish
from connector_gateway.commands import ledger
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import ScopeKind, Suspension
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import extensions as extension_queries
from connector_gateway.queries import suspensions as queries
from contracts.notifications.v1 import NoticePublished, PublishNotice


@dataclass(frozen=True)
class Announcement:
    """What a public notice of an order says: from when to when, and why."""

    kind: str
    reason: str
    notice_id: UUID | None = None
    begins_at: datetime | None = None
    """The moment of the act where nothing else is said."""
    ends_at: datetime | None = None


async def announce(
    session: AsyncSession,
    suspension: Suspension,
    announcement: Announcement,
    reached: Sequence[Connection] = (),
    *,
    now: datetime,
) -> None:
    """Have a public notice published with this transaction's commit (Điều 8.2).

    ``reached`` are connections that the caller has read already.
    """
    publish(
        session,
        PublishNotice(
            notice_id=announcement.notice_id or new_id(),
            subject=str(suspension.id),
            kind=announcement.kind,
            ground=suspension.ground.value,
            scope=await scope_in_words(session, suspension, reached),
            public_reason=announcement.reason,
            effective_at=announcement.begins_at or now,
            expected_end=announcement.ends_at,
            requested_at=now,
        ),
    )


async def scope_in_words(
    session: AsyncSession, suspension: Suspension, reached: Sequence[Connection] = ()
) -> str:
    """Return what an order stops, as the public reads it; ``reached`` is known of it already."""
    name = suspension.scope_code
    if suspension.scope_kind is ScopeKind.CONNECTION:
        connection = next((one for one in reached if one.code == name), None)
        connection = connection or await connection_queries.connection_of_code(session, name)
        name = f"{connection.name} ({name})" if connection else name
    elif suspension.scope_kind is ScopeKind.AGENCY:
        agency = await connection_queries.known_agency(session, name)
        name = agency.name if agency else name
    return words()[suspension.scope_kind.value].format(name=name)


@cache
def words() -> dict[str, str]:
    """Return what notices say in words of the hub's own."""
    source = resources.files("connector_gateway").joinpath("notices.toml")
    found: dict[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))
    return found


async def remember_notice(session: AsyncSession, event: NoticePublished) -> None:
    """Remember since when the public can read a notice: maintenance counts from then."""
    suspension = await queries.suspension_of_notice(session, event.notice_id)
    if suspension:
        suspension.notice_became_visible(event.visible_at)
    else:
        await _remember_extension(session, event)


async def record_notice(session: AsyncSession, event: NoticePublished, *, now: datetime) -> None:
    """Say in the ledger since when the public can read a notice; the last lock of all (0005)."""
    facts: Facts = {
        "notice": str(event.notice_id),
        "subject": event.subject,
        "visible_at": event.visible_at.isoformat(),
    }
    await ledger.record_for_system(session, [(Kind.NOTICE_PUBLISHED, facts)], at=now)


async def _remember_extension(session: AsyncSession, event: NoticePublished) -> None:
    extension = await extension_queries.extension_of_notice(session, event.notice_id)
    if extension is None:
        return
    suspension = await queries.suspension_for_update(session, extension.suspension_id)
    if suspension:
        calendar = await queries.working_calendar(session)
        extension.notice_became_visible(suspension.ground, calendar, at=event.visible_at)
