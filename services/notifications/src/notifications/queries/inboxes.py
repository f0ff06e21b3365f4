"""Reads of inboxes: each person finds what concerns the own agency and roles."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Text, and_, cast, func, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.paging import Page, encode
from notifications.domain.inboxes import InboxItem, Reading
from notifications.domain.known import KnownAccount
from notifications.queries import keys_of


class InboxView(BaseModel):
    """One thing that whoever is signed in was told."""

    id: UUID
    kind: str
    subject: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None


async def inbox(
    session: AsyncSession, who: Principal, *, limit: int, after: str | None
) -> Page[InboxView]:
    """Return the inbox of a person, the latest first."""
    statement = (
        select(InboxItem, Reading)
        .outerjoin(Reading, _reading_of(who))
        .where(*_told(who))
        .order_by(col(InboxItem.id).desc())
        .limit(limit + 1)
    )
    if after:
        statement = statement.where(col(InboxItem.id) < keys_of(after, UUID)[0])
    rows = list(await session.exec(statement))
    more = encode(str(rows[limit - 1][0].id)) if len(rows) > limit else None
    items = [
        InboxView(**item.model_dump(), read_at=reading.read_at if reading else None)
        for item, reading in rows[:limit]
    ]
    return Page(items=items, next=more)


async def unread(session: AsyncSession, who: Principal) -> int:
    """Count what a person has not read."""
    statement = (
        select(func.count())
        .select_from(InboxItem)
        .outerjoin(Reading, _reading_of(who))
        .where(*_told(who), col(Reading.item_id).is_(None))
    )
    return (await session.exec(statement)).one()


async def is_told(session: AsyncSession, item_id: UUID, who: Principal) -> bool:
    """Say whether an item is in a person's inbox."""
    statement = select(InboxItem.id).where(InboxItem.id == item_id, *_told(who))
    return (await session.exec(statement)).first() is not None


def _told(who: Principal) -> tuple[ColumnElement[bool], ...]:
    """Return what makes an item one of a person's inbox: agency, roles, told since the account."""
    me = UUID(who.subject)
    issued_at = select(KnownAccount.issued_at).where(KnownAccount.id == me)
    item = InboxItem
    mine_by_role = and_(
        or_(col(item.agency).is_(None), col(item.agency) == who.agency),
        col(item.roles).op("&&")(cast(sorted(who.roles), ARRAY(Text))),
    )
    return (
        or_(col(item.account_id) == me, mine_by_role),
        col(item.created_at) >= func.coalesce(issued_at.scalar_subquery(), col(item.created_at)),
    )


def _reading_of(who: Principal) -> ColumnElement[bool]:
    return and_(
        col(Reading.item_id) == col(InboxItem.id), col(Reading.account_id) == UUID(who.subject)
    )
