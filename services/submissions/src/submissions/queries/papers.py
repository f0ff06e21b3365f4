"""The facts of a consolidation as its official document needs them."""

from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.calendar import ZONE
from contracts.catalog.v1 import LegalBasis, RegimePutInForce
from submissions.documents.paper import Paper
from submissions.documents.wording import legal_basis_words, place_of, superior_of
from submissions.domain.consolidations import Consolidation
from submissions.domain.known import KnownAgency
from submissions.queries import known


async def paper_of(
    session: AsyncSession, found: Consolidation, *, issued_on: date | None = None
) -> Paper:
    """Return the document's facts; it is dated when forwarded, before that when made."""
    definition = RegimePutInForce.model_validate(found.definition)
    excluded = {one["agency"]: one["reason"] for one in found.excluded}
    agencies = await known.agencies_by_code(session, [found.lead_agency, *found.missing, *excluded])
    lead = agencies.get(found.lead_agency)
    parent = await _parent_of(session, lead)
    moment = found.forwarded_at or found.completed_at
    return Paper(
        superior=superior_of(parent.name) if parent else "",
        agency=lead.name if lead else found.lead_agency,
        number=found.document_number,
        place=place_of(parent.name if parent else ""),
        issued_on=issued_on or moment.astimezone(ZONE).date(),
        recipient=definition.recipient,
        regime=definition.name,
        period=found.period,
        legal_basis=_basis(definition.legal_basis),
        cut_off_on=found.cut_off_at.astimezone(ZONE).date(),
        expected=found.expected,
        accepted=found.accepted,
        missing=[_name(agencies, unit) for unit in found.missing],
        excluded=[(_name(agencies, unit), reason) for unit, reason in excluded.items()],
        form=definition.form,
        totals={cell: said[0] for cell, said in found.totals.items() if said[0] is not None},
    )


async def _parent_of(session: AsyncSession, lead: KnownAgency | None) -> KnownAgency | None:
    if lead is None or lead.parent_code is None:
        return None
    return (await known.agencies_by_code(session, [lead.parent_code])).get(lead.parent_code)


def _name(agencies: dict[str, KnownAgency], unit: str) -> str:
    return agencies[unit].name if unit in agencies else unit


def _basis(basis: LegalBasis) -> str:
    return legal_basis_words(basis.number, basis.issued_on, basis.issuer)
