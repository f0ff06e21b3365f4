"""Reads of public notices and of who gets them by mail."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import exists, func, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from chassis.paging import Page, encode
from contracts.calendar import ZONE
from notifications.domain.notices import Notice, Sighting, Subscriber
from notifications.domain.wording import ground_in_words, kind_in_words
from notifications.queries import keys_of
from notifications.queries.mails import Backlog


class NoticeView(BaseModel):
    """A public notice as everyone sees it."""

    id: UUID
    title: str
    kind: str
    ground: str
    ground_text: str
    scope: str
    public_reason: str
    effective_at: datetime
    expected_end: datetime | None
    visible_at: datetime
    seen_at: datetime | None
    """When it was first read through the gateway, as the public reads it: ground a (Điều 8.2)
    counts from then. None for the moment before that."""
    subject: str
    """Id of the suspension order that it is about."""


async def notices(session: AsyncSession, *, limit: int, after: str | None) -> Page[NoticeView]:
    """Return public notices, the latest first."""
    order = (col(Notice.visible_at), col(Notice.id))
    statement = _seen().order_by(*(key.desc() for key in order)).limit(limit + 1)
    if after:
        visible_at, notice_id = keys_of(after, datetime.fromisoformat, UUID)
        statement = statement.where(tuple_(*order) < tuple_(visible_at, notice_id))
    rows = list(await session.exec(statement))
    last = rows[limit - 1][0] if len(rows) > limit else None
    more = encode(last.visible_at.isoformat(), str(last.id)) if last else None
    return Page(items=[notice_view(*row) for row in rows[:limit]], next=more)


async def notice(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return a public notice."""
    return await session.get(Notice, notice_id)


async def notices_about(session: AsyncSession, subject: str) -> list[NoticeView]:
    """Return every notice about a suspension order, the earliest first."""
    statement = _seen().where(col(Notice.subject) == subject).order_by(col(Notice.visible_at))
    return [notice_view(*row) for row in await session.exec(statement)]


async def sighting(session: AsyncSession, notice_id: UUID) -> Sighting | None:
    """Return when a notice was first read as the public reads it."""
    return await session.get(Sighting, notice_id)


async def unseen_notices(session: AsyncSession, *, most: int) -> list[Notice]:
    """Return notices that nobody has yet read as the public reads them, the earliest first."""
    statement = (
        select(Notice)
        .where(~exists().where(col(Sighting.notice_id) == col(Notice.id)))
        .order_by(col(Notice.visible_at))
        .limit(most)
    )
    return list(await session.exec(statement))


async def unseen(session: AsyncSession) -> Backlog:
    """Count the notices that nobody has yet read as the public reads them."""
    statement = select(func.count(), func.min(col(Notice.visible_at))).where(
        ~exists().where(col(Sighting.notice_id) == col(Notice.id))
    )
    count, oldest = (await session.exec(statement)).one()
    return Backlog(count, oldest)


def _seen() -> Select[Notice, Sighting]:
    return select(Notice, Sighting).outerjoin(Sighting, col(Sighting.notice_id) == col(Notice.id))


def notice_view(row: Notice, sighting: Sighting | None = None) -> NoticeView:
    """Shape a notice for everyone."""
    return NoticeView(
        id=row.id,
        title=f"{kind_in_words(row.kind)}: {row.scope}",
        kind=row.kind,
        ground=row.ground,
        ground_text=ground_in_words(row.ground),
        scope=row.scope,
        public_reason=row.public_reason,
        effective_at=row.effective_at.astimezone(ZONE),
        expected_end=row.expected_end.astimezone(ZONE) if row.expected_end else None,
        visible_at=row.visible_at.astimezone(ZONE),
        seen_at=sighting.seen_at.astimezone(ZONE) if sighting else None,
        subject=row.subject,
    )


async def subscriber(session: AsyncSession, token: UUID) -> Subscriber | None:
    """Return who holds the token of a subscription."""
    return (await session.exec(select(Subscriber).where(Subscriber.token == token))).first()
