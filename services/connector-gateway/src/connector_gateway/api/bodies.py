"""Shapes of what comes in over HTTP, shared by the routers."""

import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from chassis.http import Body
from chassis.paging import InvalidCursor, decode
from connector_gateway.domain.connections import CODE, Grants, WhileSuspended
from connector_gateway.domain.dispatches import TEST
from connector_gateway.domain.extensions import LaterEnd
from connector_gateway.domain.held import Choice, HeldChoice
from connector_gateway.domain.ledger import SYSTEM
from connector_gateway.domain.policies import Format
from connector_gateway.domain.subscriptions import MENU, Interest
from connector_gateway.domain.suspensions import Order, Person, ScopeKind
from contracts.connector_gateway.v1 import Direction, Ground
from contracts.identifiers import RegimeCode, StatisticsCode
from contracts.text import Text


def _free(code: str) -> str:
    if code == SYSTEM:
        raise PydanticCustomError("reserved", "reserved")
    return code


def _of_this_age(moment: datetime.datetime) -> datetime.datetime:
    if not 2000 <= moment.year < 2100:
        raise PydanticCustomError("moment", "moment")
    return moment


def _offered(event_type: str) -> str:
    if event_type not in MENU:
        raise PydanticCustomError("not-offered", "not-offered")
    return event_type


def _logged(event_type: str) -> str:
    return event_type if event_type == TEST else _offered(event_type)


Code = Annotated[str, StringConstraints(pattern=CODE), AfterValidator(_free)]
"""A code of a system or connection; ``system`` is the ledger's own chain."""
Named = Annotated[str, StringConstraints(pattern=CODE)]
CodeInPath = Annotated[str, Path(pattern=CODE)]
Line = Annotated[Text, StringConstraints(min_length=1, max_length=300)]
Paragraph = Annotated[Text, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]
Email = Annotated[
    Text, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", min_length=3, max_length=254)
]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_of_this_age)]
"""A moment with its offset."""
EventType = Annotated[str, AfterValidator(_offered)]
"""The type of an event that a connection may subscribe to."""
LoggedType = Annotated[str, AfterValidator(_logged)]
"""The type of an event in the delivery log."""


def id_after(cursor: str | None) -> UUID | None:
    """Return the id after which a page begins; raises ``InvalidCursor``."""
    if cursor is None:
        return None
    try:
        return UUID(str(decode(cursor, 1)[0]))
    except ValueError as why:
        raise InvalidCursor from why


class SystemBody(Body):
    """A system to be known."""

    code: Code
    name: Line
    owner_agency: StatisticsCode
    owner_email: Email


class WebhookBody(Body):
    """Where dispatches go, and for which events."""

    url: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=2000)]
    events: Annotated[list[EventType], Field(min_length=1, max_length=20)]


class SubscriptionBody(WebhookBody):
    """What a connection takes and where; a filter of null lets everything through."""

    regimes: Annotated[list[RegimeCode], Field(min_length=1, max_length=200)] | None = None
    agencies: Annotated[list[StatisticsCode], Field(min_length=1, max_length=1000)] | None = None

    @property
    def interest(self) -> Interest:
        """Return what is wanted, each thing once."""
        regimes, agencies = self.regimes, self.agencies
        return Interest(
            list(dict.fromkeys(self.events)),
            None if regimes is None else list(dict.fromkeys(regimes)),
            None if agencies is None else list(dict.fromkeys(agencies)),
        )


class RangeBody(Body):
    """Dispatches by when they were made, of one type or of all that are no test."""

    begins: Annotated[Moment, Field(alias="from")]
    ends: Annotated[Moment, Field(alias="to")]
    type: LoggedType | None = None


class ConnectionBody(Body):
    """A connection to be opened; without ``public_jwk`` a secret is made unless one is given."""

    code: Code
    name: Line
    system: Named
    directions: Annotated[list[Direction], Field(min_length=1, max_length=2)]
    regimes: list[RegimeCode] | None = None
    agencies: list[StatisticsCode] | None = None
    while_suspended: WhileSuspended = WhileSuspended.REJECT
    is_essential: bool = False
    client_secret: Secret | None = None
    public_jwk: dict[str, str] | None = None
    webhook: WebhookBody | None = None

    @property
    def grants(self) -> Grants:
        """Return what the connection may push."""
        return Grants(self.regimes, self.agencies)


class FlagBody(Body):
    """Why a connection may be a security risk."""

    reason: Paragraph
    evidence: Paragraph | None = None


class RequestedSystemBody(Body):
    """The system that would be connected, and whose it is."""

    name: Line
    owner_agency: StatisticsCode
    contact_email: Email


class ConnectionRequestBody(Body):
    """A document in which an agency asks for a connection; null asks for all."""

    number: Line
    date: datetime.date
    agency: StatisticsCode
    received_at: Moment
    system: RequestedSystemBody
    purpose: Paragraph
    directions: Annotated[list[Direction], Field(min_length=1, max_length=2)]
    regimes: Annotated[list[RegimeCode] | None, Field(min_length=1, max_length=200)] = None
    agencies: Annotated[list[StatisticsCode] | None, Field(min_length=1, max_length=1000)] = None
    formats: Annotated[list[Format] | None, Field(min_length=1, max_length=3)] = None


class RefuseBody(Body):
    """Why a request for a connection is refused; the agency is told."""

    reasons: Paragraph


class DismissBody(Body):
    """Why a flag tells of no risk."""

    reason: Paragraph


class RevokeBody(Body):
    """Why a connection ends for good."""

    reason: Paragraph


class ScopeBody(Body):
    """What to stop: everything, the connections of one owner agency, or one connection."""

    kind: ScopeKind
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]*$", max_length=40)] = ""
    directions: list[Direction] = Field(
        default_factory=lambda: list(Direction), min_length=1, max_length=2
    )


class SuspensionBody(Body):
    """An order to suspend (Điều 8)."""

    ground: Ground
    scope: ScopeBody
    public_reason: Paragraph
    internal_reason: Paragraph | None = None
    effective_at: Moment | None = None
    expected_end: Moment | None = None
    include_essential: bool = False

    @property
    def order(self) -> Order:
        """Return the order asked for."""
        return Order(
            ground=self.ground,
            scope_kind=self.scope.kind,
            scope_code=self.scope.code,
            directions=sorted(set(self.scope.directions)),
            public_reason=self.public_reason,
            internal_reason=self.internal_reason,
            effective_at=self.effective_at,
            expected_end=self.expected_end,
            includes_essential=self.include_essential,
        )


class ExtendBody(Body):
    """A later end, and the reason that the public is told."""

    expected_end: Moment
    public_reason: Paragraph

    def later(self, by: Person) -> LaterEnd:
        """Return the end that ``by`` asks for."""
        return LaterEnd(self.expected_end, self.public_reason, by)


class HeldBody(Body):
    """A decision about what was held."""

    choose: Choice = Choice.ALL
    begins: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="to")] = None
    reason: Paragraph | None = None


class LiftPreviewBody(Body):
    """What would become of what was held."""

    held: HeldBody = HeldBody()

    @property
    def choice(self) -> HeldChoice:
        """Return the decision."""
        return HeldChoice(self.held.choose, self.held.begins, self.held.ends, self.held.reason)


class LiftBody(LiftPreviewBody):
    """What was done about it, and what becomes of what was held."""

    remedy: Paragraph
