"""Making notices public, and who gets them by mail (Điều 8.2, 8.3)."""

from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.notifications.v1 import NoticePublished, PublishNotice
from notifications.domain.mails import GIVE_UP_AFTER
from notifications.domain.notices import Notice, Sighting, Subscriber
from notifications.queries import notices as queries

MAIL_SUBSCRIBERS = """
INSERT INTO mails
    (id, recipient, subject, template, facts, state, attempts, next_attempt_at, queued_at,
     leaves_at, give_up_at)
SELECT uuidv7(), email, $1, 'notice',
       jsonb_build_object('notice', $2::text::jsonb, 'subscription', token), 'queued', 0,
       $3, $3, $3, $4
FROM subscribers
"""


async def publish_notice(session: AsyncSession, order: PublishNotice, *, now: datetime) -> None:
    """Make a notice public now and mail it to subscribers (Điều 8.2, 8.3).

    Since when it is public is said once it was read as the public reads it (``note_sighting``).
    The same order again changes nothing; other words under the same id are refused.
    """
    public = await queries.notice(session, order.notice_id)
    if public:
        public.refuse_other_words(order)
        return
    notice = Notice.publish(order, now=now)
    session.add(notice)
    await session.flush()
    view = queries.notice_view(notice)
    raw = await raw_connection(session)
    facts = orjson.dumps(view.model_dump(mode="json")).decode()
    await raw.execute(MAIL_SUBSCRIBERS, view.title, facts, now, now + GIVE_UP_AFTER)


async def note_sighting(
    session: AsyncSession, notice: Notice, *, url: str, page: bytes, now: datetime
) -> None:
    """Note what was read of a notice at ``url`` and say since when it is public (Điều 8.2).

    Ground a counts its three full working days from here: from a reading that succeeded, not
    from a row that somebody might have been able to read (decisions/0012). The first reader is
    the one that counts.
    """
    seen = {"notice_id": notice.id, "seen_at": now, "url": url, "page": page}
    statement = insert(Sighting).values(seen).on_conflict_do_nothing()
    if (await session.exec(statement.returning(col(Sighting.notice_id)))).first():
        said = NoticePublished(notice_id=notice.id, subject=notice.subject, visible_at=now)
        publish(session, said)


async def subscribe(session: AsyncSession, email: str, *, now: datetime) -> None:
    """Send public notices to an address from now on; again changes nothing."""
    facts = {"email": email, "token": new_id(), "subscribed_at": now}
    await session.exec(insert(Subscriber).values(facts).on_conflict_do_nothing())


async def end_subscription(session: AsyncSession, token: UUID) -> None:
    """Send no more notices to whoever has the token; again changes nothing."""
    subscriber = await queries.subscriber(session, token)
    if subscriber:
        await session.delete(subscriber)
