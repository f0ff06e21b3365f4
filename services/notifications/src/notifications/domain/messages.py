"""What a fact means to the people it concerns: one message for each kind of fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import (
    ConnectionFlagged,
    ConnectionResumed,
    ConnectionSuspended,
)
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from notifications.domain.wording import ground_in_words, moment, wording

UNIT = (Role.OFFICER, Role.AGENCY_HEAD)
REVIEWERS = (Role.LEAD_AGENCY_REVIEWER,)
OPERATORS = (Role.CONNECTION_OPERATOR, Role.OPERATOR)
OWNERS = (Role.AGENCY_HEAD, Role.OFFICER, Role.CONNECTION_OPERATOR)


@dataclass(frozen=True)
class Message:
    """Something to be told to everyone of ``roles`` in ``agency`` (any agency when None)."""

    kind: str
    subject: str
    body: str
    link: str
    agency: str | None
    roles: tuple[str, ...]


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
    return _message("report-assigned", facts, agency=event.unit, roles=UNIT)


def submitted(event: ReportSubmitted, names: Names) -> Message:
    """Tell the lead agency's reviewers what waits for them (Điều 7.3)."""
    kind = "report-submitted-late" if event.is_late else "report-submitted"
    facts = {
        **event.model_dump(),
        "unit_name": names.agency(event.unit),
        "regime_name": names.regime(event.regime),
    }
    return _message(kind, facts, agency=event.lead_agency, roles=REVIEWERS)


def returned(event: ReportReturned, names: Names) -> Message:
    """Tell a unit that its report came back, why, and until when it is due again (Điều 7.4)."""
    facts = {
        **event.model_dump(),
        "regime_name": names.regime(event.regime),
        "due": moment(event.due_at),
    }
    return _message("report-returned", facts, agency=event.unit, roles=UNIT)


def accepted(event: ReportAccepted, names: Names) -> Message:
    """Tell a unit that its data was found sound (Điều 7.4)."""
    facts = {**event.model_dump(), "regime_name": names.regime(event.regime)}
    return _message("report-accepted", facts, agency=event.unit, roles=UNIT)


def forwarded(event: ConsolidationForwarded, names: Names) -> Message:
    """Tell the lead agency that its report has gone to the authority (Điều 7.4)."""
    facts = {**event.model_dump(), "regime_name": names.regime(event.regime)}
    return _message("consolidation-forwarded", facts, agency=event.lead_agency, roles=REVIEWERS)


def flagged(event: ConnectionFlagged) -> Message:
    """Tell those who may suspend that somebody fears for a connection (Điều 8.1c)."""
    return _message("connection-flagged", event.model_dump(), agency=None, roles=OPERATORS)


def suspended(event: ConnectionSuspended) -> Message:
    """Tell the owner of the connected system what stopped, so that it can act (Điều 8.4)."""
    facts = {
        **event.model_dump(),
        "ground": ground_in_words(event.ground),
        "effective": moment(event.effective_at),
    }
    return _message("connection-suspended", facts, agency=event.owner_agency, roles=OWNERS)


def resumed(event: ConnectionResumed) -> Message:
    """Tell the owner of the connected system that it may go on."""
    facts = {**event.model_dump(), "resumed": moment(event.resumed_at)}
    return _message("connection-resumed", facts, agency=event.owner_agency, roles=OWNERS)


def _message(
    kind: str, facts: Mapping[str, object], *, agency: str | None, roles: tuple[str, ...]
) -> Message:
    sentences = wording()[kind]
    return Message(
        kind=kind,
        subject=sentences["subject"].format_map(facts),
        body=sentences["body"].format_map(facts),
        link=sentences["link"].format_map(facts),
        agency=agency,
        roles=roles,
    )
