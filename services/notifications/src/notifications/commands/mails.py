"""Carrying mails: taken up, offered, noted (the server's word decides)."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.domain.mails import Fate, Mail
from notifications.errors import MailNotFound
from notifications.queries import mails as queries


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
