"""Every change of notifications: one function, one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.database import raw_connection
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened
from contracts.catalog.v1 import RegimePutInForce
from contracts.notifications.v1 import NoticePublished, PublishNotice
from notifications import queries
from notifications.domain.inboxes import Reading
from notifications.domain.known import KnownAccount, KnownAgency, KnownRegime
from notifications.domain.mails import Fate, Mail, Template
from notifications.domain.messages import Message
from notifications.domain.notices import Notice, Subscriber
from notifications.errors import InboxItemNotFound

TELL = """
INSERT INTO inbox_items (id, kind, subject, body, link, agency, roles, created_at)
SELECT uuidv7(), kind, subject, body, link, agency, string_to_array(roles, ','), $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     AS told (kind, subject, body, link, agency, roles)
"""
MAIL_SUBSCRIBERS = """
INSERT INTO mails
    (id, recipient, subject, template, facts, state, attempts, next_attempt_at, queued_at)
SELECT uuidv7(), email, $1, 'notice',
       jsonb_build_object('notice', $2::text::jsonb, 'subscription', token), 'queued', 0, $3, $3
FROM subscribers
"""


async def publish_notice(session: AsyncSession, order: PublishNotice, *, now: datetime) -> None:
    """Make a notice public now, mail it to subscribers, say since when it stands (Điều 8.2, 8.3).

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
    await raw.execute(MAIL_SUBSCRIBERS, view.title, facts, now)
    publish(session, NoticePublished(notice_id=notice.id, subject=notice.subject, visible_at=now))


async def take_up_mails(session: AsyncSession, *, most: int, now: datetime) -> list[Mail]:
    """Return mails whose turn it is, kept from other processes for a while."""
    mails = await queries.due_mails(session, most=most, now=now)
    for mail in mails:
        mail.take_up(now=now)
    return mails


async def note_fates(
    session: AsyncSession, fates: Sequence[tuple[UUID, Fate, str | None]], *, now: datetime
) -> None:
    """Note what the mail server said to each mail that was taken up."""
    mails = await queries.mails_for_update(session, [mail_id for mail_id, _, _ in fates])
    for mail_id, fate, why in fates:
        mails[mail_id].note(fate, why, now=now)


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
    session.add(
        Mail(
            id=new_id(),
            recipient=email,
            subject=message.subject,
            template=Template.MESSAGE,
            facts={"subject": message.subject, "body": message.body, "link": message.link},
            next_attempt_at=now,
            queued_at=now,
        )
    )


async def mark_read(session: AsyncSession, item_id: UUID, who: Principal, *, now: datetime) -> None:
    """Note that a person has read an item of the own inbox; again changes nothing."""
    if not await queries.is_told(session, item_id, who):
        raise InboxItemNotFound(item=item_id)
    reading = {"account_id": UUID(who.subject), "item_id": item_id, "read_at": now}
    await session.exec(insert(Reading).values(reading).on_conflict_do_nothing())


async def subscribe(session: AsyncSession, email: str, *, now: datetime) -> None:
    """Send public notices to an address from now on; again changes nothing."""
    facts = {"email": email, "token": new_id(), "subscribed_at": now}
    await session.exec(insert(Subscriber).values(facts).on_conflict_do_nothing())


async def end_subscription(session: AsyncSession, token: UUID) -> None:
    """Send no more notices to whoever has the token; again changes nothing."""
    subscriber = await queries.subscriber(session, token)
    if subscriber:
        await session.delete(subscriber)


async def learn_account(session: AsyncSession, event: AccountIssued) -> None:
    """Keep since when a person has an account."""
    facts = {"id": event.account_id, "issued_at": event.issued_at}
    await session.exec(insert(KnownAccount).values(facts).on_conflict_do_nothing())


async def forget_account(session: AsyncSession, event: AccountLocked) -> None:
    """Forget what a locked account has read."""
    await session.exec(delete(Reading).where(col(Reading.account_id) == event.account_id))
    await session.exec(delete(KnownAccount).where(col(KnownAccount.id) == event.account_id))


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep the name of an agency."""
    statement = insert(KnownAgency).values(code=event.code, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )


async def learn_regime(session: AsyncSession, event: RegimePutInForce) -> None:
    """Keep the name of a regime."""
    statement = insert(KnownRegime).values(code=event.regime, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )
