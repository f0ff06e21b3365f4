"""Reads of mails on their way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.paging import Page, encode
from notifications.domain.mails import Mail, MailState
from notifications.queries import keys_of


class MailView(BaseModel):
    """A mail and where it is."""

    id: UUID
    recipient: str
    subject: str
    state: MailState
    attempts: int
    last_error: str | None
    queued_at: datetime
    leaves_at: datetime
    sent_at: datetime | None


async def mails(
    session: AsyncSession, *, state: MailState | None, limit: int, after: str | None
) -> Page[MailView]:
    """Return mails, the latest first."""
    statement = select(Mail).order_by(col(Mail.id).desc()).limit(limit + 1)
    if state:
        statement = statement.where(Mail.state == state)
    if after:
        statement = statement.where(col(Mail.id) < keys_of(after, UUID)[0])
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


async def mail_for_update(session: AsyncSession, mail_id: UUID) -> Mail | None:
    """Return a mail, locked."""
    return await session.get(Mail, mail_id, with_for_update=True)


@dataclass(frozen=True)
class Backlog:
    """How many mails are in a state, and since when the oldest of them should have left."""

    count: int
    oldest_at: datetime | None


async def backlogs(session: AsyncSession) -> dict[MailState, Backlog]:
    """Count the mails that wait and those that did not get out."""
    statement = (
        select(Mail.state, func.count(), func.min(Mail.leaves_at))
        .where(col(Mail.state).in_((MailState.QUEUED, MailState.FAILED)))
        .group_by(col(Mail.state))
    )
    found = {
        state: Backlog(count, oldest) for state, count, oldest in await session.exec(statement)
    }
    return {
        state: found.get(state, Backlog(0, None)) for state in (MailState.QUEUED, MailState.FAILED)
    }
