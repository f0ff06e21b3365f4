"""Step 4, second half: the lead agency consolidates and forwards (Điều 7.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from chassis.errors import Place
from chassis.identifiers import new_id
from chassis.outbox import publish
from chassis.telemetry import current_traceparent, span_from
from contracts.connector_gateway.v1 import DeliveryAcknowledged
from contracts.submissions.v1 import ConsolidationCompleted, ConsolidationForwarded
from submissions.documents.pdf import pdf_of
from submissions.documents.wording import letter_of
from submissions.domain.consolidations import Acknowledgement, Consolidation, ConsolidationState
from submissions.domain.totals import totals_of
from submissions.errors import ConsolidationNotFound, NothingAccepted, NotLeadAgency, UnitUnknown
from submissions.queries import consolidations as queries
from submissions.queries import known, papers
from submissions.queries.consolidations import UnitReport

MOST_LINKS = 200


@dataclass(frozen=True)
class ConsolidationOrder:
    """What is to be consolidated, and which units are left out for which reason."""

    regime: str
    period: str
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Unit → reason."""


class Sequel(NamedTuple):
    """The place of a consolidation in its series, and the number of its document."""

    revision: int
    number: int


@dataclass(frozen=True)
class Addition:
    """The reports that count: all that were assigned, without those left out."""

    order: ConsolidationOrder
    counted: Sequence[UnitReport]

    @property
    def taken(self) -> list[UnitReport]:
        """Return the reports whose figures are added up."""
        return [one for one in self.counted if one.figures.cells is not None]

    @property
    def missing(self) -> list[str]:
        """Return the units whose report was not accepted."""
        return [one.unit for one in self.counted if one.figures.cells is None]

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the consolidation keeps of what was added up."""
        return {
            "regime": self.order.regime,
            "period": self.order.period,
            "state": ConsolidationState.COMPLETED,
            "expected": len(self.counted),
            "accepted": len(self.taken),
            "missing": self.missing,
            "excluded": [
                {"agency": unit, "reason": reason} for unit, reason in self.order.excluded.items()
            ],
            "taken": [[one.unit, str(one.id), one.version] for one in self.taken],
            "cut_off_at": max(one.cut_off_at for one in self.counted),
        }

    @property
    def traces(self) -> list[str]:
        """Return the traces of the versions taken, each once, so many as a span may link."""
        found = (one.traceparent for one in self.taken if one.traceparent)
        return list(dict.fromkeys(found))[:MOST_LINKS]


async def consolidate(
    session: AsyncSession, order: ConsolidationOrder, *, who: Principal, now: datetime
) -> Consolidation:
    """Add up the accepted reports of a period; an earlier consolidation gives way to this one."""
    regime = await known.regime_in_force(session, order.regime)
    lead_agency = regime.lead_agency
    if lead_agency is None or who.agency != lead_agency:
        raise NotLeadAgency(regime=order.regime)
    await queries.one_at_a_time(session, lead_agency)
    sequel = await _sequel(session, order, lead_agency, year=now.year)
    addition = await _addition(session, order, lead_agency)
    with span_from(current_traceparent(), "consolidate", links=addition.traces):
        around = await queries.neighbours(session, order.regime, order.period)
        totals = totals_of(regime.plan, [one.figures for one in addition.counted], around)
        made = Consolidation(
            id=new_id(),
            lead_agency=lead_agency,
            definition=regime.definition.model_dump(mode="json"),
            totals={cell: list(total) for cell, total in totals.items()},
            completed_by=who.subject,
            completed_at=now,
            traceparent=current_traceparent(),
            revision=sequel.revision,
            document_year=now.year,
            document_number=sequel.number,
            **addition.facts,
        )
        session.add(made)
        publish(session, _completed(made))
    return made


async def forward(
    session: AsyncSession, consolidation_id: UUID, *, who: Principal, now: datetime
) -> Consolidation:
    """Send the consolidated report to the competent authority and freeze it."""
    found = await queries.consolidation(session, consolidation_id, who, for_update=True)
    if found.lead_agency != who.agency:
        raise NotLeadAgency(regime=found.regime)
    found.refuse_forwarding()
    paper = await papers.paper_of(session, found, issued_on=now.date())
    document = await asyncio.to_thread(pdf_of, letter_of(paper))
    found.forward(document, by=who.subject, now=now)
    publish(
        session,
        ConsolidationForwarded(
            consolidation_id=found.id,
            regime=found.regime,
            period=found.period,
            lead_agency=found.lead_agency,
            recipient=paper.recipient,
            totals=dict(paper.totals),
            missing=found.missing,
            sha256=found.sha256 or "",
            forwarded_at=now,
        ),
    )
    return found


async def acknowledge(session: AsyncSession, event: DeliveryAcknowledged) -> None:
    """Keep that a connected system has the forwarded report; said twice counts once."""
    if await session.get(Consolidation, event.consolidation_id) is None:
        raise ConsolidationNotFound
    statement = insert(Acknowledgement).values(**event.model_dump())
    await session.exec(statement.on_conflict_do_nothing())


async def _sequel(
    session: AsyncSession, order: ConsolidationOrder, lead_agency: str, *, year: int
) -> Sequel:
    """Make the consolidation that stands give way; return the place of the next in its series."""
    before = await queries.current(session, order.regime, order.period)
    if before:
        before.supersede()
        await session.flush()
    if before and before.document_year == year:
        number = before.document_number
    else:
        number = await queries.next_number(session, lead_agency, year)
    revision = await queries.last_revision(session, order.regime, order.period) + 1
    return Sequel(revision, number)


async def _addition(session: AsyncSession, order: ConsolidationOrder, lead_agency: str) -> Addition:
    reports = await queries.sources(session, order.regime, order.period, lead_agency)
    assigned = {one.unit for one in reports}
    wrong = [
        Place(f"/exclude/{at}/agency", "unit-unknown", params={"unit": unit})
        for at, unit in enumerate(order.excluded)
        if unit not in assigned
    ]
    if wrong:
        raise UnitUnknown(unit=wrong[0].params["unit"], errors=wrong)
    addition = Addition(order, [one for one in reports if one.unit not in order.excluded])
    if not addition.taken:
        raise NothingAccepted(regime=order.regime, period=order.period)
    return addition


def _completed(made: Consolidation) -> ConsolidationCompleted:
    return ConsolidationCompleted(
        consolidation_id=made.id,
        regime=made.regime,
        period=made.period,
        lead_agency=made.lead_agency,
        accepted=made.accepted,
        missing=made.missing,
        completed_at=made.completed_at,
    )
