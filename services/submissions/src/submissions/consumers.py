"""What submissions listens to: agencies, regimes, the calendar, deliveries of connections."""

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.delivery import Consumers, Envelope
from contracts.accounts.v1 import AgencyOpened
from contracts.catalog.v1 import CalendarChanged, LeadAgencyDesignated, RegimePutInForce
from contracts.connector_gateway.v1 import (
    CodeMapPublished,
    DeliveryAcknowledged,
    DeliveryReceived,
)
from submissions.commands import consolidations, deliveries, known

MOST_DELIVERIES = 20
"""Deliveries taken in by one transaction."""

consumers = Consumers(service="submissions")


@consumers.on(AgencyOpened)
async def agency_opened(session: AsyncSession, event: AgencyOpened, _: Envelope) -> None:
    """Keep a unit that can be assigned a report."""
    await known.learn_agency(session, event)


@consumers.on(RegimePutInForce)
async def regime_in_force(session: AsyncSession, event: RegimePutInForce, _: Envelope) -> None:
    """Keep a regime with its form (Điều 5.1)."""
    await known.learn_regime(session, event)


@consumers.on(LeadAgencyDesignated)
async def lead_agency_designated(
    session: AsyncSession, event: LeadAgencyDesignated, _: Envelope
) -> None:
    """Keep who leads a regime (Điều 7.1)."""
    await known.learn_lead_agency(session, event)


@consumers.on(CalendarChanged)
async def calendar_changed(session: AsyncSession, event: CalendarChanged, _: Envelope) -> None:
    """Keep the working days that deadlines run on."""
    await known.learn_calendar(session, event)


@consumers.on(CodeMapPublished)
async def code_map_published(session: AsyncSession, event: CodeMapPublished, _: Envelope) -> None:
    """Keep what the codes of another system mean here."""
    await known.learn_code_map(session, event)


@consumers.on_batch(DeliveryReceived, most=MOST_DELIVERIES)
async def deliveries_received(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Take in what systems pushed, and say what became of every figure (Điều 3.5)."""
    await deliveries.take_in(session, envelopes, now=now())


@consumers.on(DeliveryAcknowledged)
async def delivery_acknowledged(
    session: AsyncSession, event: DeliveryAcknowledged, _: Envelope
) -> None:
    """Keep that the authority's system has the forwarded report."""
    await consolidations.acknowledge(session, event)
