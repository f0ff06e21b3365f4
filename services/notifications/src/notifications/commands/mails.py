"""Carrying mails: queued, taken up, offered, noted (the server's word decides)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from notifications.domain.mails import GIVE_UP_AFTER, Fate, Mail
from notifications.domain.messages import Message
from notifications.errors import MailNotFound
from notifications.queries import mails as queries

POST = """
INSERT INTO mails
    (id, recipient, subject, template, facts, state, attempts, next_attempt_at, queued_at,
     leaves_at, give_up_at)
SELECT uuidv7(), recipient, subject, 'message', facts::jsonb, 'queued', 0, leaves_at, $5,
       leaves_at, leaves_at + $6::interval
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
     AS posted (recipient, subject, facts, leaves_at)
"""


async def post_messages(
    session: AsyncSession, posted: Sequence[tuple[Message, str, datetime]], *, now: datetime
) -> None:
    """Queue messages, each to an address and not before a moment, in one statement."""
    if not posted:
        return
    raw = await raw_connection(session)
    await raw.execute(
        POST,
        [email for _, email, _ in posted],
        [message.subject for message, _, _ in posted],
        [
            orjson.dumps(
                {"subject": message.subject, "body": message.body, "link": message.link}
            ).decode()
            for message, _, _ in posted
        ],
        [leaves_at for _, _, leaves_at in posted],
        now,
        GIVE_UP_AFTER,
    )


async def take_up_mails(session: AsyncSession, *, most: int, now: datetime) -> list[Mail]:
    """Return mails whose turn it is, kept from other processes for a while."""
    mails = await queries.due_mails(session, most=most, now=now)
    for mail in mails:
        mail.take_up(now=now)
    return mails


async def note_fate(
    session: AsyncSession, mail_id: UUID, fate: Fate, why: str | None, *, now: datetime
) -> None:
    """Note what the mail server said to a mail that was taken up."""
    mail = await queries.mail_for_update(session, mail_id)
    if mail:
        mail.note(fate, why, now=now)


async def retry(session: AsyncSession, mail_id: UUID, *, now: datetime) -> None:
    """Send a mail that was given up once more; raises ``MailNotFound``, ``MailHasNotFailed``."""
    mail = await queries.mail_for_update(session, mail_id)
    if mail is None:
        raise MailNotFound(mail=mail_id)
    mail.retry(now=now)
