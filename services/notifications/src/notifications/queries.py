"""Every read of notifications."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.paging import InvalidCursor, Page, decode, encode
from contracts.calendar import ZONE
from notifications.domain.inboxes import InboxItem, Reading
from notifications.domain.known import KnownAccount, KnownAgency, KnownRegime
from notifications.domain.mails import Mail, MailState
from notifications.domain.messages import Names
from notifications.domain.notices import Notice, Subscriber
from notifications.domain.wording import ground_in_words, kind_in_words


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
    subject: str
    """Id of the suspension order that it is about."""


class InboxView(BaseModel):
    """One thing that whoever is signed in was told."""

    id: UUID
    kind: str
    subject: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None


class MailView(BaseModel):
    """A mail and where it is."""

    id: UUID
    recipient: str
    subject: str
    state: MailState
    attempts: int
    last_error: str | None
    queued_at: datetime
    sent_at: datetime | None


async def notices(session: AsyncSession, *, limit: int, after: str | None) -> Page[NoticeView]:
    """Return public notices, the latest first."""
    order = (col(Notice.visible_at), col(Notice.id))
    statement = select(Notice).order_by(*(key.desc() for key in order)).limit(limit + 1)
    if after:
        visible_at, notice_id = _keys(after, datetime.fromisoformat, UUID)
        statement = statement.where(tuple_(*order) < tuple_(visible_at, notice_id))
    rows = list(await session.exec(statement))
    last = rows[limit - 1] if len(rows) > limit else None
    more = encode(last.visible_at.isoformat(), str(last.id)) if last else None
    return Page(items=[notice_view(row) for row in rows[:limit]], next=more)


async def notice(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return a public notice."""
    return await session.get(Notice, notice_id)


async def notices_about(session: AsyncSession, subject: str) -> list[NoticeView]:
    """Return every notice about a suspension order, the earliest first."""
    statement = select(Notice).where(Notice.subject == subject).order_by(col(Notice.visible_at))
    return [notice_view(row) for row in await session.exec(statement)]


def notice_view(row: Notice) -> NoticeView:
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
        subject=row.subject,
    )


async def subscriber(session: AsyncSession, token: UUID) -> Subscriber | None:
    """Return who holds the token of a subscription."""
    return (await session.exec(select(Subscriber).where(Subscriber.token == token))).first()


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
        statement = statement.where(col(InboxItem.id) < _keys(after, UUID)[0])
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
    issued_at = select(KnownAccount.issued_at).where(KnownAccount.id == UUID(who.subject))
    item = InboxItem
    return (
        or_(col(item.agency).is_(None), col(item.agency) == who.agency),
        col(item.roles).op("&&")(cast(sorted(who.roles), ARRAY(Text))),
        col(item.created_at) >= func.coalesce(issued_at.scalar_subquery(), col(item.created_at)),
    )


def _reading_of(who: Principal) -> ColumnElement[bool]:
    return and_(
        col(Reading.item_id) == col(InboxItem.id), col(Reading.account_id) == UUID(who.subject)
    )


async def mails(
    session: AsyncSession, *, state: MailState | None, limit: int, after: str | None
) -> Page[MailView]:
    """Return mails, the latest first."""
    statement = select(Mail).order_by(col(Mail.id).desc()).limit(limit + 1)
    if state:
        statement = statement.where(Mail.state == state)
    if after:
        statement = statement.where(col(Mail.id) < _keys(after, UUID)[0])
    rows = list(await session.exec(statement))
    more = encode(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [MailView.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return Page(items=items, next=more)


async def due_mails(session: AsyncSession, *, most: int, now: datetime) -> list[Mail]:
    """Return mails whose turn it is, kept from other processes until the transaction ends."""
    statement = (
        select(Mail)
        .where(Mail.state == MailState.QUEUED, col(Mail.next_attempt_at) <= now)
        .order_by(col(Mail.next_attempt_at))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(await session.exec(statement))


async def mails_for_update(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Mail]:
    """Return mails by id, locked."""
    statement = select(Mail).where(col(Mail.id).in_(ids)).order_by(col(Mail.id)).with_for_update()
    return {mail.id: mail for mail in await session.exec(statement)}


async def names(
    session: AsyncSession, *, agencies: Collection[str] = (), regimes: Collection[str]
) -> Names:
    """Return the names of agencies and regimes, as far as they are known."""
    of_agencies = select(KnownAgency).where(col(KnownAgency.code).in_(set(agencies)))
    of_regimes = select(KnownRegime).where(col(KnownRegime.code).in_(set(regimes)))
    return Names(
        {row.code: row.name for row in await session.exec(of_agencies)} if agencies else {},
        {row.code: row.name for row in await session.exec(of_regimes)},
    )


def _keys(after: str, *kinds: Callable[[str], Any]) -> list[Any]:
    """Read a cursor of this service; raises ``InvalidCursor`` where it is none."""
    try:
        return [kind(str(key)) for kind, key in zip(kinds, decode(after), strict=True)]
    except ValueError as why:
        raise InvalidCursor from why
