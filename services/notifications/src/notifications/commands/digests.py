"""Digests: lines are kept as people are told, and leave once a day in one mail (Điều 8.3)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.identifiers import new_id
from notifications.domain.digests import Digest, closed_at
from notifications.domain.mails import Content, Mail, Template
from notifications.domain.messages import Message
from notifications.domain.wording import wording
from notifications.queries import digests as queries

KEEP = """
INSERT INTO digest_lines (id, account_id, subject, body, link, told_at)
SELECT uuidv7(), account_id, subject, body, link, $5
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
     AS told (account_id, subject, body, link)
"""
DROP = "DELETE FROM digest_lines WHERE account_id = ANY($1::uuid[]) AND told_at < $2"


async def keep_for_digests(
    session: AsyncSession, told: Sequence[tuple[UUID, Message]], *, now: datetime
) -> None:
    """Keep messages for the next digest of each of these people, in one statement."""
    if not told:
        return
    raw = await raw_connection(session)
    await raw.execute(
        KEEP,
        [account for account, _ in told],
        [message.subject for _, message in told],
        [message.body for _, message in told],
        [message.link for _, message in told],
        now,
    )


async def send_digests(session: AsyncSession, *, now: datetime) -> int:
    """Queue today's digest of everyone who was told something before 07:00; return how many.

    Whoever had the digest of this day waits for the next one with what came too late for it; the
    key of ``digests`` would refuse a second one.
    """
    closed = closed_at(now)
    waiting = await queries.digests_due(session, closed_at=closed)
    if not waiting:
        return 0
    sentence = wording()["digest"]["subject"]
    mails = [
        Mail.queue(
            new_id(),
            Content(
                sentence.format(count=len(one.lines), day=closed.strftime("%d/%m/%Y")),
                Template.DIGEST,
                {"day": closed.strftime("%d/%m/%Y"), "lines": one.lines},
            ),
            to=one.email,
            now=now,
            leaves_at=one.leaves_at(now),
        )
        for one in waiting
    ]
    session.add_all(mails)
    await session.flush()
    session.add_all(
        Digest(account_id=one.account_id, digest_on=closed.date(), mail_id=mail.id)
        for one, mail in zip(waiting, mails, strict=True)
    )
    await session.flush()
    raw = await raw_connection(session)
    await raw.execute(DROP, [one.account_id for one in waiting], closed)
    return len(waiting)
