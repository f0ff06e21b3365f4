"""What notifications listens to: orders to publish, and what people should know."""

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.delivery import Consumers, Envelope
from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened
from contracts.catalog.v1 import CalendarChanged, RegimePutInForce
from contracts.connector_gateway.v1 import (
    ConnectionFlagged,
    ConnectionResumed,
    ConnectionSuspended,
    LedgerRootSigned,
    SuspensionAcknowledged,
)
from contracts.notifications.v1 import PublishNotice
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from notifications.commands import inboxes, known, notices, reminders, roots, stops
from notifications.domain import messages
from notifications.domain.messages import Names
from notifications.queries import known as known_queries

consumers = Consumers(service="notifications")


@consumers.on(PublishNotice)
async def publish_notice(session: AsyncSession, order: PublishNotice, _: Envelope) -> None:
    """Make a notice public (Điều 8.2, 8.3)."""
    await notices.publish_notice(session, order, now=now())


@consumers.on(LedgerRootSigned)
async def ledger_root_signed(session: AsyncSession, event: LedgerRootSigned, _: Envelope) -> None:
    """Keep the root of a day of the exchange ledger for the feed (Điều 8.3)."""
    await roots.keep_root(session, event)


@consumers.on(AccountIssued)
async def account_issued(session: AsyncSession, event: AccountIssued, _: Envelope) -> None:
    """Keep whom mail may reach, and since when a person has an account."""
    await known.learn_account(session, event)


@consumers.on(AccountLocked)
async def account_locked(session: AsyncSession, event: AccountLocked, _: Envelope) -> None:
    """Forget what a locked account has read and wanted."""
    await known.forget_account(session, event)


@consumers.on(AgencyOpened)
async def agency_opened(session: AsyncSession, event: AgencyOpened, _: Envelope) -> None:
    """Keep the name of an agency."""
    await known.learn_agency(session, event)


@consumers.on(RegimePutInForce)
async def regime_put_in_force(session: AsyncSession, event: RegimePutInForce, _: Envelope) -> None:
    """Keep the name of a regime."""
    await known.learn_regime(session, event)


@consumers.on(CalendarChanged)
async def calendar_changed(session: AsyncSession, event: CalendarChanged, _: Envelope) -> None:
    """Keep the working days of a year: reminders are counted by them (Điều 9.6d)."""
    await known.learn_calendar(session, event)


@consumers.on_batch(ReportAssigned)
async def reports_assigned(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell units what was assigned to them (Điều 7.2)."""
    events = [ReportAssigned.from_bytes(one.body) for one in envelopes]
    await reminders.owe(session, events, Names(), now=now())
    await inboxes.tell(session, [messages.assigned(event) for event in events], now=now())


@consumers.on_batch(ReportSubmitted)
async def reports_submitted(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell the lead agency what waits for review (Điều 7.3)."""
    events = [ReportSubmitted.from_bytes(one.body) for one in envelopes]
    names = await known_queries.names(
        session,
        agencies=[event.unit for event in events],
        regimes=[event.regime for event in events],
    )
    await reminders.settle(session, [event.report_id for event in events])
    told = [messages.submitted(event, names) for event in events]
    await inboxes.tell(session, told, now=now())


@consumers.on_batch(ReportReturned)
async def reports_returned(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell units that their reports came back and why (Điều 7.4)."""
    events = [ReportReturned.from_bytes(one.body) for one in envelopes]
    names = await known_queries.names(session, regimes=[event.regime for event in events])
    await reminders.owe(session, events, names, now=now())
    told = [messages.returned(event, names) for event in events]
    await inboxes.tell(session, told, now=now())


@consumers.on_batch(ReportAccepted)
async def reports_accepted(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell units that their data was found sound (Điều 7.4)."""
    events = [ReportAccepted.from_bytes(one.body) for one in envelopes]
    names = await known_queries.names(session, regimes=[event.regime for event in events])
    await reminders.settle(session, [event.report_id for event in events])
    told = [messages.accepted(event, names) for event in events]
    await inboxes.tell(session, told, now=now())


@consumers.on(ConsolidationForwarded)
async def consolidation_forwarded(
    session: AsyncSession, event: ConsolidationForwarded, _: Envelope
) -> None:
    """Tell the lead agency that its report has gone to the authority (Điều 7.4)."""
    names = await known_queries.names(session, regimes=[event.regime])
    await inboxes.tell(session, [messages.forwarded(event, names)], now=now())


@consumers.on(ConnectionFlagged)
async def connection_flagged(session: AsyncSession, event: ConnectionFlagged, _: Envelope) -> None:
    """Tell those who may suspend that somebody fears for a connection (Điều 8.1c)."""
    await inboxes.tell(session, [messages.flagged(event)], now=now())


@consumers.on(ConnectionSuspended)
async def connection_suspended(
    session: AsyncSession, event: ConnectionSuspended, _: Envelope
) -> None:
    """Tell the owner of the connected system, by mail and in the inbox (Điều 8.4)."""
    await stops.learn_stop(session, event)
    await inboxes.tell_owner(session, messages.suspended(event), event.owner_email, now=now())


@consumers.on(SuspensionAcknowledged)
async def suspension_acknowledged(
    session: AsyncSession, event: SuspensionAcknowledged, _: Envelope
) -> None:
    """Remind the owner of a stopped system no more (Điều 8.4)."""
    await stops.hear_owner(session, event)


@consumers.on(ConnectionResumed)
async def connection_resumed(session: AsyncSession, event: ConnectionResumed, _: Envelope) -> None:
    """Tell the owner of the connected system that it may go on."""
    await stops.end_stop(session, event)
    await inboxes.tell_owner(session, messages.resumed(event), event.owner_email, now=now())
