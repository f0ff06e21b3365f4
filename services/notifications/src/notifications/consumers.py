"""What notifications listens to: orders to publish, and what people should know."""

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.delivery import Consumers, Envelope
from contracts.accounts.v1 import AccountIssued, AccountLocked, AgencyOpened, Role
from contracts.connector_gateway.v1 import (
    ConnectionFlagged,
    ConnectionResumed,
    ConnectionSuspended,
)
from contracts.notifications.v1 import PublishNotice
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from notifications import commands, queries
from notifications.domain.papers import message_paper
from notifications.domain.wording import ground_in_words, message, moment

consumers = Consumers(service="notifications")
UNIT = (Role.OFFICER, Role.AGENCY_HEAD)
REVIEWERS = (Role.LEAD_AGENCY_REVIEWER,)
OPERATORS = (Role.CONNECTION_OPERATOR, Role.OPERATOR)
OWNERS = (Role.AGENCY_HEAD, Role.OFFICER, Role.CONNECTION_OPERATOR)


@consumers.on(PublishNotice)
async def publish_notice(session: AsyncSession, order: PublishNotice, _: Envelope) -> None:
    """Make a notice public (Điều 8.2, 8.3)."""
    await commands.publish_notice(session, order, now=now())


@consumers.on(AccountIssued)
async def account_issued(session: AsyncSession, event: AccountIssued, _: Envelope) -> None:
    """Keep a person who can be told."""
    await commands.learn_account(session, event)


@consumers.on(AccountLocked)
async def account_locked(session: AsyncSession, event: AccountLocked, _: Envelope) -> None:
    """Tell a locked account nothing any more."""
    await commands.forget_account(session, event)


@consumers.on(AgencyOpened)
async def agency_opened(session: AsyncSession, event: AgencyOpened, _: Envelope) -> None:
    """Keep the name of an agency."""
    await commands.learn_agency(session, event)


@consumers.on_batch(ReportAssigned)
async def reports_assigned(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell officers and heads of the units what was assigned to them (Điều 7.2)."""
    events = [ReportAssigned.from_bytes(one.body) for one in envelopes]
    await commands.tell(
        session,
        [
            message(
                "report-assigned",
                {
                    **event.model_dump(),
                    "cut_off": moment(event.cut_off_at),
                    "due": moment(event.due_at),
                },
                agency=event.unit,
                roles=UNIT,
            )
            for event in events
        ],
    )


@consumers.on_batch(ReportSubmitted)
async def reports_submitted(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell the lead agency's reviewers what waits for them (Điều 7.3)."""
    events = [ReportSubmitted.from_bytes(one.body) for one in envelopes]
    names = await queries.agency_names(session, [event.unit for event in events])
    await commands.tell(
        session,
        [
            message(
                "report-submitted",
                {**event.model_dump(), "unit_name": names.get(event.unit, event.unit)},
                agency=event.lead_agency,
                roles=REVIEWERS,
            )
            for event in events
        ],
    )


@consumers.on_batch(ReportAccepted)
async def reports_accepted(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Tell units that their data was found sound (Điều 7.4)."""
    events = [ReportAccepted.from_bytes(one.body) for one in envelopes]
    await commands.tell(
        session,
        [
            message("report-accepted", event.model_dump(), agency=event.unit, roles=UNIT)
            for event in events
        ],
    )


@consumers.on(ReportReturned)
async def report_returned(session: AsyncSession, event: ReportReturned, _: Envelope) -> None:
    """Tell a unit that its report came back and why (Điều 7.4)."""
    facts = {**event.model_dump(), "due": moment(event.due_at)}
    told = message("report-returned", facts, agency=event.unit, roles=UNIT)
    await commands.tell(session, [told])


@consumers.on(ConsolidationForwarded)
async def consolidation_forwarded(
    session: AsyncSession, event: ConsolidationForwarded, _: Envelope
) -> None:
    """Tell the lead agency that its report has gone to the authority (Điều 7.4)."""
    told = message(
        "consolidation-forwarded", event.model_dump(), agency=event.lead_agency, roles=REVIEWERS
    )
    await commands.tell(session, [told])


@consumers.on(ConnectionFlagged)
async def connection_flagged(session: AsyncSession, event: ConnectionFlagged, _: Envelope) -> None:
    """Tell those who may suspend that somebody fears for a connection (Điều 8.1c)."""
    told = message("connection-flagged", event.model_dump(), agency=None, roles=OPERATORS)
    await commands.tell(session, [told])


@consumers.on(ConnectionSuspended)
async def connection_suspended(
    session: AsyncSession, event: ConnectionSuspended, _: Envelope
) -> None:
    """Tell the owner of the connected system, by mail and in the inbox (Điều 8.4)."""
    facts = {
        **event.model_dump(),
        "ground": ground_in_words(event.ground),
        "effective": moment(event.effective_at),
    }
    told = message("connection-suspended", facts, agency=event.owner_agency, roles=OWNERS)
    await commands.tell(session, [told])
    commands.queue_mail(session, event.owner_email, message_paper(told), now=now())


@consumers.on(ConnectionResumed)
async def connection_resumed(session: AsyncSession, event: ConnectionResumed, _: Envelope) -> None:
    """Tell the owner of the connected system that it may go on."""
    told = message(
        "connection-resumed", event.model_dump(), agency=event.owner_agency, roles=OWNERS
    )
    await commands.tell(session, [told])
    commands.queue_mail(session, event.owner_email, message_paper(told), now=now())
