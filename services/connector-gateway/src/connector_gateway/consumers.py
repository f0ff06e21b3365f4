"""What connector-gateway hears on Kafka, and which command each message leads to."""

from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.delivery import Consumers, Envelope
from connector_gateway.commands import announcements, deliveries, dispatches, known, requests
from connector_gateway.domain.receipts import Completion, ReceiptState
from connector_gateway.domain.subscriptions import MENU
from contracts.accounts.v1 import AccountIssued, AgencyOpened
from contracts.catalog.v1 import CalendarChanged
from contracts.event import Event
from contracts.notifications.v1 import NoticePublished
from contracts.submissions.v1 import DeliveryProcessed

consumers = Consumers("connector-gateway")


class Head(msgspec.Struct):
    """As much of ``DeliveryProcessed`` as completing a receipt needs; the rest stays bytes."""

    receipt_id: UUID
    outcome: ReceiptState


HEAD = msgspec.json.Decoder(Head)


@consumers.on(AccountIssued)
async def account_issued(session: AsyncSession, event: AccountIssued, _: Envelope) -> None:
    await known.learn_account(session, event)


@consumers.on(AgencyOpened)
async def agency_opened(session: AsyncSession, event: AgencyOpened, _: Envelope) -> None:
    await known.learn_agencies(session, [event])


@consumers.on(CalendarChanged)
async def calendar_changed(session: AsyncSession, event: CalendarChanged, _: Envelope) -> None:
    await known.learn_calendar(session, event)
    await requests.set_clocks_anew(session, now=now())


async def offer(session: AsyncSession, event: Event, envelope: Envelope) -> None:
    """Offer a fact of the menu to the connections that subscribe to it."""
    await dispatches.enqueue(
        session, event, event_id=envelope.id, traceparent=envelope.traceparent, now=now()
    )


for _event in MENU.values():
    consumers.on(_event)(offer)


@consumers.on(NoticePublished)
async def notice_published(
    session: AsyncSession, event: NoticePublished, envelope: Envelope
) -> None:
    await announcements.remember_notice(session, event)
    await offer(session, event, envelope)
    await announcements.record_notice(session, event, now=now())


@consumers.on_batch(DeliveryProcessed)
async def deliveries_processed(session: AsyncSession, envelopes: list[Envelope]) -> None:
    heads = [HEAD.decode(envelope.body) for envelope in envelopes]
    completions = [
        Completion(head.receipt_id, head.outcome, envelope.body)
        for head, envelope in zip(heads, envelopes, strict=True)
    ]
    await deliveries.complete(session, completions, now=now())
