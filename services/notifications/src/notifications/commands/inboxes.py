"""Telling people: written once for everyone whom a message concerns, read by each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from chassis.identifiers import new_id
from notifications.domain.inboxes import Reading
from notifications.domain.mails import Mail, Template
from notifications.domain.messages import Message
from notifications.errors import InboxItemNotFound
from notifications.queries import inboxes as queries

TELL = """
INSERT INTO inbox_items (id, kind, subject, body, link, agency, roles, created_at)
SELECT uuidv7(), kind, subject, body, link, agency, string_to_array(roles, ','), $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     AS told (kind, subject, body, link, agency, roles)
"""


async def tell(session: AsyncSession, messages: Sequence[Message], *, now: datetime) -> None:
    """Lay messages where everyone whom they concern finds them, in one statement."""
    raw = await raw_connection(session)
    await raw.execute(
        TELL,
        [one.kind for one in messages],
        [one.subject for one in messages],
        [one.body for one in messages],
        [one.link for one in messages],
        [one.agency for one in messages],
        [",".join(one.roles) for one in messages],
        now,
    )


async def tell_owner(session: AsyncSession, message: Message, email: str, *, now: datetime) -> None:
    """Tell the owner of a connected system in the inbox of its agency and by mail (Điều 8.4)."""
    await tell(session, [message], now=now)
    facts = {"subject": message.subject, "body": message.body, "link": message.link}
    mail = Mail.queue(new_id(), Template.MESSAGE, facts, to=email, subject=message.subject, now=now)
    session.add(mail)


async def mark_read(session: AsyncSession, item_id: UUID, who: Principal, *, now: datetime) -> None:
    """Note that a person has read an item of the own inbox; again changes nothing."""
    if not await queries.is_told(session, item_id, who):
        raise InboxItemNotFound(item=item_id)
    reading = {"account_id": UUID(who.subject), "item_id": item_id, "read_at": now}
    await session.exec(insert(Reading).values(reading).on_conflict_do_nothing())
