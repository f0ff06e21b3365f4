"""What a fact means to the people it concerns: one message for each kind of fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import (
    ConnectionFlagged,
    ConnectionResumed,
    ConnectionSuspended,
    Ground,
)
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from notifications.domain.preferences import USUAL_WAYS, Kind, Way
from notifications.domain.wording import ground_in_words, moment, wording

UNIT = (Role.OFFICER, Role.AGENCY_HEAD)
HEADS = (Role.AGENCY_HEAD,)
REVIEWERS = (Role.LEAD_AGENCY_REVIEWER,)
OPERATORS = (Role.CONNECTION_OPERATOR, Role.OPERATOR)
OWNERS = (Role.AGENCY_HEAD, Role.OFFICER, Role.CONNECTION_OPERATOR)


@dataclass(frozen=True)
class Audience:
    """Everyone of ``roles`` in ``agency`` (in any agency when None), or one person."""

    agency: str | None = None
    roles: tuple[str, ...] = ()
    account_id: UUID | None = None


@dataclass(frozen=True)
class Message:
    """Something to be told; what is urgent is mailed at once, whatever a person has chosen."""

    kind: str
    subject: str
    body: str
    link: str
    to: Audience
    is_urgent: bool = False

    @property
    def choice(self) -> str:
        """Return the kind by which people choose how they are told; empty where they may not."""
        return "" if self.is_urgent else self.kind.removesuffix("-late").removesuffix("-units")

    @property
    def usual_way(self) -> Way:
        """Return how people are told who have chosen nothing."""
        return Way.MAIL if self.is_urgent else USUAL_WAYS[Kind(self.choice)]


@dataclass(frozen=True)
class Names:
    """Names of agencies and regimes as far as they are known; else their codes are told."""

    agencies: Mapping[str, str] = field(default_factory=dict)
    regimes: Mapping[str, str] = field(default_factory=dict)

    def agency(self, code: str) -> str:
        """Return the name of an agency."""
        return self.agencies.get(code, code)

    def regime(self, code: str) -> str:
        """Return the name of a regime."""
        return self.regimes.get(code, code)


def assigned(event: ReportAssigned) -> Message:
    """Tell officers and heads of a unit what was assigned to it, and until when (Điều 7.2)."""
    facts = {
        **event.model_dump(),
        "cut_off": moment(event.cut_off_at),
        "due": moment(event.due_at),
    }
    return worded("report-assigned", facts, to=Audience(event.unit, UNIT))


def submitted(event: ReportSubmitted, names: Names) -> Message:
    """Tell the lead agency's reviewers what waits for them (Điều 7.3)."""
    kind = "report-submitted-late" if event.is_late else "report-submitted"
    facts = {
        **event.model_dump(),
        "unit_name": names.agency(event.unit),
        "regime_name": names.regime(event.regime),
    }
    return worded(kind, facts, to=Audience(event.lead_agency, REVIEWERS))


def returned(event: ReportReturned, names: Names) -> Message:
    """Tell a unit that its report came back, why, and until when it is due again (Điều 7.4)."""
    facts = {
        **event.model_dump(),
        "regime_name": names.regime(event.regime),
        "due": moment(event.due_at),
    }
    return worded("report-returned", facts, to=Audience(event.unit, UNIT))


def accepted(event: ReportAccepted, names: Names) -> Message:
    """Tell a unit that its data was found sound (Điều 7.4)."""
    facts = {**event.model_dump(), "regime_name": names.regime(event.regime)}
    return worded("report-accepted", facts, to=Audience(event.unit, UNIT))


def forwarded(event: ConsolidationForwarded, names: Names) -> Message:
    """Tell the lead agency that its report has gone to the authority (Điều 7.4)."""
    facts = {**event.model_dump(), "regime_name": names.regime(event.regime)}
    return worded("consolidation-forwarded", facts, to=Audience(event.lead_agency, REVIEWERS))


def flagged(event: ConnectionFlagged) -> Message:
    """Tell those who may suspend that somebody fears for a connection (Điều 8.1c)."""
    to = Audience(roles=OPERATORS)
    return worded("connection-flagged", event.model_dump(), to=to, is_urgent=True)


def suspended(event: ConnectionSuspended) -> Message:
    """Tell the owner of the connected system what stopped, so that it can act (Điều 8.4)."""
    facts = {
        **event.model_dump(),
        "ground": ground_in_words(event.ground),
        "effective": moment(event.effective_at),
    }
    return worded(
        "connection-suspended",
        facts,
        to=Audience(event.owner_agency, OWNERS),
        is_urgent=event.ground is Ground.SECURITY_RISK,
    )


def resumed(event: ConnectionResumed) -> Message:
    """Tell the owner of the connected system that it may go on."""
    facts = {**event.model_dump(), "resumed": moment(event.resumed_at)}
    return worded("connection-resumed", facts, to=Audience(event.owner_agency, OWNERS))


def worded(
    kind: str, facts: Mapping[str, object], *, to: Audience, is_urgent: bool = False
) -> Message:
    """Return the message of a kind with its blanks filled with ``facts``."""
    sentences = wording()[kind]
    return Message(
        kind=kind,
        subject=sentences["subject"].format_map(facts),
        body=sentences["body"].format_map(facts),
        link=sentences["link"].format_map(facts),
        to=to,
        is_urgent=is_urgent,
    )
