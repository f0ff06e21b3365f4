"""Telling people: written once for everyone whom a message concerns, read by each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from notifications.commands.digests import keep_for_digests
from notifications.commands.mails import post_messages
from notifications.domain.inboxes import Reading
from notifications.domain.messages import Message
from notifications.domain.preferences import Way
from notifications.errors import InboxItemNotFound
from notifications.queries import inboxes as queries
from notifications.queries import preferences as preference_queries

TELL = """
INSERT INTO inbox_items
    (id, kind, subject, body, link, agency, roles, account_id, created_at)
SELECT uuidv7(), kind, subject, body, link, agency,
       coalesce(string_to_array(nullif(roles, ''), ','), '{}'), account_id, $8
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[])
     AS told (kind, subject, body, link, agency, roles, account_id)
"""


async def tell(session: AsyncSession, messages: Sequence[Message], *, now: datetime) -> None:
    """Lay messages where everyone whom they concern finds them, and mail those who want that.

    A few statements, however many messages and people there are.
    """
    if not messages:
        return
    raw = await raw_connection(session)
    await raw.execute(
        TELL,
        [one.kind for one in messages],
        [one.subject for one in messages],
        [one.body for one in messages],
        [one.link for one in messages],
        [one.to.agency for one in messages],
        [",".join(one.to.roles) for one in messages],
        [one.to.account_id for one in messages],
        now,
    )
    people = await preference_queries.whom_to_mail(session, messages)
    at_once = [one for one in people if one.way is Way.MAIL]
    await post_messages(
        session,
        [
            (messages[one.at], one.email, now if messages[one.at].is_urgent else one.leaves_at(now))
            for one in at_once
        ],
        now=now,
    )
    later = [(one.account_id, messages[one.at]) for one in people if one.way is Way.DIGEST]
    await keep_for_digests(session, later, now=now)


async def tell_owner(session: AsyncSession, message: Message, email: str, *, now: datetime) -> None:
    """Tell the owner of a connected system in the inbox of its agency and by mail (Điều 8.4)."""
    await tell(session, [message], now=now)
    await post_messages(session, [(message, email, now)], now=now)


async def mark_read(session: AsyncSession, item_id: UUID, who: Principal, *, now: datetime) -> None:
    """Note that a person has read an item of the own inbox; again changes nothing."""
    if not await queries.is_told(session, item_id, who):
        raise InboxItemNotFound(item=item_id)
    reading = {"account_id": UUID(who.subject), "item_id": item_id, "read_at": now}
    await session.exec(insert(Reading).values(reading).on_conflict_do_nothing())
