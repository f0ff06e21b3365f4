"""A batch of deliveries applied in order to the reports they name; nothing here touches a database.

What comes out is every new version, every changed head, and of each delivery what became of every
figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from contracts.submissions.v1 import Counts
from submissions.domain.deliveries.checks import Bad, check
from submissions.domain.deliveries.code_maps import OUR_CODES, CodeMap
from submissions.domain.deliveries.heads import Head
from submissions.domain.deliveries.shapes import Delivery, OnError, Part, UnreadableBody
from submissions.domain.reports import Status

HeadKey = tuple[str, str, str]
"""Regime, period, unit."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a connection might push at the moment of receipt; None is everything."""

    regimes: frozenset[str] | None = None
    agencies: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery as it reached the hub, read or not."""

    receipt_id: UUID
    connection: str
    received_at: datetime
    grant: Grant
    traceparent: str | None
    content: Delivery | UnreadableBody
    """Its regime in our code; agencies, rows and columns as they came."""
    code_map_version: int = 0
    codes: CodeMap = OUR_CODES


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Figures of a report after one delivery, to be written as they are."""

    report_id: UUID
    number: int
    text: str
    """Every cell, as it is kept."""
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Share:
    """What one delivery says of one agency's report."""

    agency: str
    """As the delivery names it."""
    unit: str | None
    """Its statistics code; None where the connection may not speak for it."""
    head: Head | None
    parts: list[Part]


@dataclass(slots=True)
class Taken:
    """What a delivery did to one report."""

    agency: str
    head: Head | None
    version: int | None
    status: Status | None
    counts: Counts
    note: tuple[str, Mapping[str, object]] | None = None
    """Slug and blanks of what the receipt says besides."""


@dataclass(slots=True)
class Outcome:
    """What became of a delivery."""

    arrival: Arrival
    refused: str | None = None
    """Slug of why nothing could be taken."""
    params: dict[str, object] = field(default_factory=dict)
    pointer: str = ""
    reports: list[Taken] = field(default_factory=list)
    bad: list[tuple[str, Bad]] = field(default_factory=list)
    """Agency and figure of everything that was not taken."""
    unnamed: int = 0
    """Figures not taken that ``refused`` speaks for."""

    @property
    def counts(self) -> Counts:
        """Return the sum over the reports; it adds up to the figures delivered."""
        each = [taken.counts for taken in self.reports]
        return Counts(
            created=sum(one.created for one in each),
            updated=sum(one.updated for one in each),
            unchanged=sum(one.unchanged for one in each),
            rejected=sum(one.rejected for one in each) + self.unnamed,
        )


@dataclass(frozen=True)
class Batch:
    """What a batch of deliveries meets, and what it leaves to be written."""

    in_force_from: Mapping[str, date]
    """Regimes in force, by code."""
    units: Mapping[str, str]
    """Statistics code of every agency named, by either of its codes."""
    heads: Mapping[HeadKey, Head]
    versions: list[NewVersion] = field(default_factory=list)
    changed: dict[UUID, Head] = field(default_factory=dict)

    def take(self, arrival: Arrival) -> Outcome:
        """Apply one delivery."""
        delivery = arrival.content
        outcome = Outcome(arrival)
        if isinstance(delivery, UnreadableBody):
            outcome.refused, outcome.pointer = delivery.slug, delivery.pointer
            outcome.params = {"most": getattr(delivery, "most", "")}
            return outcome
        outcome.params = {"regime": delivery.regime, "period": delivery.period}
        shares = self._shares(arrival, delivery)
        slug = self._why_not(arrival, delivery, shares)
        if slug:
            outcome.refused = slug
            if slug == "code-not-mapped":
                outcome.pointer, outcome.params["code"] = "/regime", delivery.regime
            outcome.unnamed = sum(1 for part in delivery.parts for _ in part.figures())
            return outcome
        for share in shares:
            outcome.reports.append(self._take_share(outcome, delivery, share))
        if outcome.bad and not any(_is_taken(report.counts) for report in outcome.reports):
            slugs = {bad.slug for _, bad in outcome.bad}
            outcome.refused = slugs.pop() if len(slugs) == 1 else "figures-refused"
        return outcome

    def _shares(self, arrival: Arrival, delivery: Delivery) -> list[Share]:
        granted, ours = arrival.grant.agencies, arrival.codes.agencies
        by_agency: dict[str, Share] = {}
        for part in delivery.parts:
            agency = ours.get(part.agency, part.agency) if ours else part.agency
            unit = self.units.get(agency)
            if granted is not None and unit not in granted and agency not in granted:
                unit = None
            share = by_agency.get(unit or agency)
            if share is None:
                head = self.heads.get((delivery.regime, delivery.period, unit)) if unit else None
                share = by_agency[unit or agency] = Share(part.agency, unit, head, [])
            share.parts.append(part)
        return list(by_agency.values())

    def _why_not(self, arrival: Arrival, delivery: Delivery, shares: Sequence[Share]) -> str | None:
        granted = arrival.grant.regimes
        in_force_from = self.in_force_from.get(delivery.regime)
        known = arrival.codes.regimes
        if in_force_from is None and known and delivery.regime not in known.values():
            return "code-not-mapped"
        if in_force_from is None or in_force_from > arrival.received_at.date():
            return "regime-not-in-force"
        if granted is not None and delivery.regime not in granted:
            return "regime-not-allowed"
        allowed = [share for share in shares if share.unit]
        if allowed and not any(share.head for share in allowed):
            return "period-closed"
        return None

    def _take_share(self, outcome: Outcome, delivery: Delivery, share: Share) -> Taken:
        head = share.head
        codes = outcome.arrival.codes
        if share.unit is None:
            is_unknown = share.agency not in codes.agencies and share.agency not in self.units
            slug = "code-not-mapped" if codes.agencies and is_unknown else "agency-not-allowed"
            return _none_of(outcome, share, slug, code=share.agency)
        if head is None or not head.takes_at(outcome.arrival.received_at):
            return _none_of(outcome, share, "period-closed")
        checked = check(head.grid, share.parts, codes.names(delivery.regime))
        if checked.bad and delivery.on_error is OnError.REFUSE:
            return _none_of(outcome, share, "report-refused", checked.bad)
        before = head.version
        counts = head.fill_in(checked.good)
        if checked.bad:
            outcome.bad.extend((share.agency, bad) for bad in checked.bad)
            counts = counts.model_copy(update={"rejected": len(checked.bad)})
        if head.version != before:
            self.versions.append(NewVersion(head.id, head.version, head.text, outcome.arrival))
            self.changed[head.id] = head
        return Taken(share.agency, head, head.version, head.status, counts)


def _is_taken(counts: Counts) -> bool:
    return bool(counts.created or counts.updated or counts.unchanged)


def _none_of(
    outcome: Outcome, share: Share, slug: str, named: Sequence[Bad] = (), **params: object
) -> Taken:
    """Take nothing of a report; figures that have a reason of their own keep it."""
    own = {bad.figure.pointer: bad for bad in named}
    rejected = 0
    for part in share.parts:
        for figure in part.figures():
            outcome.bad.append((share.agency, own.get(figure.pointer) or Bad(figure, slug, params)))
            rejected += 1
    head = share.head
    return Taken(
        share.agency,
        head,
        head.version if head else None,
        head.status if head else None,
        Counts(rejected=rejected),
    )
