"""Every change of notifications: one function, one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now as this_moment
from chassis.database import raw_connection
from chassis.identifiers import new_id
from chassis.outbox import publish
from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened
from contracts.notifications.v1 import NoticePublished, PublishNotice
from notifications import queries
from notifications.domain.inboxes import KnownAccount, KnownAgency, Message
from notifications.domain.mails import Mail
from notifications.domain.notices import Notice, Subscriber
from notifications.domain.papers import Paper, notice_paper
from notifications.errors import InboxItemNotFound

TELL = """
INSERT INTO inbox_items (id, account_id, kind, subject, body, link, created_at)
SELECT uuidv7(), account.id, told.kind, told.subject, told.body, told.link, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     AS told (kind, subject, body, link, agency, roles)
JOIN known_accounts AS account
  ON (told.agency IS NULL OR account.agency = told.agency)
 AND account.roles ?| string_to_array(told.roles, ',')
WHERE NOT account.is_locked
"""


async def publish_notice(session: AsyncSession, order: PublishNotice, *, now: datetime) -> None:
    """Make a notice visible to everyone now, mail it to subscribers, say since when it stands."""
    notice = Notice(**order.model_dump(exclude={"notice_id"}), id=order.notice_id, visible_at=now)
    session.add(notice)
    paper = notice_paper(queries.notice_view(notice))
    for address in await queries.subscribers(session):
        queue_mail(session, address, paper, now=now)
    publish(
        session,
        NoticePublished(notice_id=notice.id, subject=notice.subject, visible_at=now),
    )


def queue_mail(session: AsyncSession, recipient: str, paper: Paper, *, now: datetime) -> None:
    """Put a mail on its way; it leaves after this transaction has committed."""
    session.add(
        Mail(
            id=new_id(),
            recipient=recipient,
            subject=paper.subject,
            text=paper.text,
            html=paper.html,
            next_attempt_at=now,
            queued_at=now,
        )
    )


async def tell(session: AsyncSession, messages: Sequence[Message]) -> None:
    """Lay messages into the inboxes of everyone whom they concern, in one statement."""
    if not messages:
        return
    connection = await raw_connection(session)
    await connection.execute(
        TELL,
        [one.kind for one in messages],
        [one.subject for one in messages],
        [one.body for one in messages],
        [one.link for one in messages],
        [one.agency for one in messages],
        [",".join(one.roles) for one in messages],
        this_moment(),
    )


async def mark_read(
    session: AsyncSession, item_id: UUID, account_id: UUID, *, now: datetime
) -> None:
    """Note that a person has read an item of the own inbox; again changes nothing."""
    item = await queries.inbox_item(session, item_id, account_id)
    if item is None:
        raise InboxItemNotFound
    item.read_at = item.read_at or now


async def subscribe(session: AsyncSession, email: str, *, now: datetime) -> None:
    """Send public notices to an address from now on; again changes nothing."""
    statement = insert(Subscriber).values(email=email.lower(), subscribed_at=now)
    await session.exec(statement.on_conflict_do_nothing())


async def learn_account(session: AsyncSession, event: AccountIssued) -> None:
    """Keep a person who can be told."""
    facts = {
        "id": event.account_id,
        "display_name": event.display_name,
        "email": event.email,
        "agency": event.agency,
        "roles": [role.value for role in event.roles],
    }
    statement = insert(KnownAccount).values(**facts, is_locked=False)
    await session.exec(statement.on_conflict_do_update(index_elements=["id"], set_=facts))


async def forget_account(session: AsyncSession, event: AccountLocked) -> None:
    """Tell a locked account nothing any more."""
    account = await session.get(KnownAccount, event.account_id)
    if account:
        account.is_locked = True


async def learn_agency(session: AsyncSession, event: AgencyOpened) -> None:
    """Keep the name of an agency."""
    statement = insert(KnownAgency).values(code=event.code, name=event.name)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["code"], set_={"name": event.name})
    )
