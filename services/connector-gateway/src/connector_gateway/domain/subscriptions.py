"""A subscription: which events a connection takes, of which regimes and agencies (Điều 3.5, 7.4).

It is kept in versions that never change; every dispatch names the one by which it was chosen, every
try the one to whose address it went.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from connector_gateway.domain import Moment, Table
from contracts.catalog.v1 import RegimePutInForce
from contracts.connector_gateway.v1 import (
    ConnectionResumed,
    ConnectionSuspended,
    ConnectionSuspensionScheduled,
)
from contracts.event import Event
from contracts.notifications.v1 import NoticePublished
from contracts.submissions.v1 import ConsolidationForwarded, ReportAccepted

MENU: dict[str, type[Event]] = {
    event.type: event
    for event in (
        ConsolidationForwarded,
        ReportAccepted,
        RegimePutInForce,
        NoticePublished,
        ConnectionSuspensionScheduled,
        ConnectionSuspended,
        ConnectionResumed,
    )
}
"""Everything that a connection may subscribe to."""


@dataclass(frozen=True)
class Interest:
    """What a connection wants to hear; a filter of None lets everything through.

    >>> wants = Interest(["submissions.report.accepted.v1"], regimes=["CDS-XA"])
    >>> wants.takes(regime="BCQC", agency=None)
    False
    """

    events: Sequence[str]
    regimes: Sequence[str] | None = None
    agencies: Sequence[str] | None = None

    def takes(self, *, regime: str | None, agency: str | None) -> bool:
        """Say whether an event about this regime and agency is let through."""
        return _passes(regime, self.regimes) and _passes(agency, self.agencies)


def _passes(what: str | None, wanted: Sequence[str] | None) -> bool:
    return what is None or wanted is None or what in wanted


@dataclass(frozen=True)
class Offer:
    """A fact as it is offered to subscribed connections."""

    type: str
    key: str
    """Order is kept between facts of one key."""
    happened_at: datetime | None
    """None where the fact does not say it itself."""
    regime: str | None = None
    agency: str | None = None
    """The unit that it is about; None where it is about many or none."""
    owner_of: str | None = None
    """The connection whose system alone is told; None tells every system."""


def offer_of(event: Event) -> Offer:
    """Return how a fact of the menu is offered; raises ``LookupError`` for any other."""
    match event:
        case ConsolidationForwarded():
            key, at = str(event.consolidation_id), event.forwarded_at
            return Offer(event.type, key, at, regime=event.regime)
        case ReportAccepted():
            key, at = str(event.report_id), event.accepted_at
            return Offer(event.type, key, at, regime=event.regime, agency=event.unit)
        case RegimePutInForce():
            return Offer(event.type, event.regime, None, regime=event.regime)
        case NoticePublished():
            return Offer(event.type, str(event.notice_id), event.visible_at)
        case ConnectionSuspensionScheduled():
            return _to_owner(event.type, event.connection, event.scheduled_at)
        case ConnectionSuspended():
            return _to_owner(event.type, event.connection, event.effective_at)
        case ConnectionResumed():
            return _to_owner(event.type, event.connection, event.resumed_at)
        case _:
            raise LookupError(event.type)


def _to_owner(event_type: str, connection: str, at: datetime) -> Offer:
    return Offer(event_type, connection, at, owner_of=connection)


class Subscription(Table, table=True):
    """A version of what a connection takes and where; the newest stands in its row too."""

    __tablename__ = "subscriptions"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    version: int = Field(primary_key=True)
    url: str = Field(sa_type=Text)
    events: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    regimes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    agencies: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    subscribed_by: str | None = Field(default=None, sa_type=Text)
    """Who said so; None for the version with which the connection was opened."""
    subscribed_by_name: str | None = Field(default=None, sa_type=Text)
    subscribed_at: datetime = Field(sa_type=Moment)
