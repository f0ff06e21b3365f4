"""Outbound work for tests: a connection that takes reports, reports forwarded, all of it sent."""

from typing import Any
from uuid import UUID

from chassis.clock import now
from chassis.identifiers import new_id
from connector_gateway.commands import dispatches
from connector_gateway.jobs.dispatcher import Dispatcher
from contracts.submissions.v1 import ConsolidationForwarded
from tests.support.gateway import Gateway
from tests.support.partner import Partner, Receiver


async def open_outbound(gateway: Gateway, receiver: Receiver, **terms: Any) -> Partner:
    """Open the connection of the provincial authority, outbound unless told otherwise."""
    webhook = {"url": receiver.url, "events": [ConsolidationForwarded.type]}
    terms = {"directions": ["outbound"], **terms}
    return await gateway.open("ubnd-tinh", webhook=webhook, **terms)


async def forward(
    gateway: Gateway, *, key: UUID | None = None, regime: str = "CDS-XA", sha256: str = "ab" * 32
) -> UUID:
    """Forward a consolidation, as submissions says it; return its id."""
    event = ConsolidationForwarded(
        consolidation_id=key or new_id(),
        regime=regime,
        period="2026-Q4",
        lead_agency="H05",
        recipient="UBND tỉnh",
        totals={"1:c2": "1200"},
        missing=["07201"],
        sha256=sha256,
        forwarded_at=now(),
    )
    async with gateway.database.transaction() as session:
        await dispatches.enqueue(
            session, event, event_id=str(new_id()), traceparent=None, now=now()
        )
    return event.consolidation_id


async def send_all(dispatcher: Dispatcher) -> None:
    """Dispatch until nothing is due."""
    while await dispatcher.round():
        await dispatcher.settled()
