"""Every way submissions says no; the Vietnamese sentences stand in ``texts.toml``."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class RegimeNotInForce(Invalid):
    """No regime of that code is in force (Điều 5.1)."""

    slug = "regime-not-in-force"


class PeriodUnknown(Invalid):
    """The code names no period of this regime's frequency."""

    slug = "period-unknown"


class PeriodClosed(Conflict):
    """The report of this period takes no more figures."""

    slug = "period-closed"


class UnitUnknown(Invalid):
    """A unit is named that nobody opened."""

    slug = "unit-unknown"


class CellUnknown(Invalid):
    """A row or column is named that the form does not have."""

    slug = "cell-unknown"


class CutOffNeeded(Invalid):
    """The regime's rule gives no cut-off: whoever asks sets it (Điều 6.2)."""

    slug = "cut-off-needed"


class DueTooEarly(Invalid):
    """The deadline lies less than one working day after the cut-off (NĐ 09/2019 Điều 8.5)."""

    slug = "due-too-early"


class CalendarMissing(Unavailable):
    """The working days of a year have not arrived yet."""

    slug = "calendar-missing"


class AlreadyAssigned(Conflict):
    """A unit has this report of this period already."""

    slug = "already-assigned"


class NotLeadAgency(Forbidden):
    """Only the agency that leads a regime may do this (Điều 5.2, 7.2, 7.4)."""

    slug = "not-lead-agency"


class ReportNotFound(NotFound):
    """No such report, or not for whoever asks."""

    slug = "report-not-found"


class VersionNotFound(NotFound):
    """The report has no version of that number."""

    slug = "version-not-found"


class ReportClosed(Conflict):
    """The report has been sent; its figures change only when it is sent back."""

    slug = "report-closed"


class ReportAlreadySubmitted(Conflict):
    """The report has been sent already (Điều 7.3)."""

    slug = "report-already-submitted"


class ReportAlreadyAccepted(Conflict):
    """The lead agency has found the report sound already (Điều 7.4)."""

    slug = "report-already-accepted"


class ReportNotSubmitted(Conflict):
    """Only a report that was sent can be sent back or accepted (Điều 7.4)."""

    slug = "report-not-submitted"


class NotApproved(Conflict):
    """The head of the unit has not approved this version (Điều 9.2)."""

    slug = "not-approved"


class AlreadyApproved(Conflict):
    """This person has approved this version already."""

    slug = "already-approved"


class NothingFilledIn(Conflict):
    """The report holds no figures yet."""

    slug = "nothing-filled-in"


class FiguresRefused(Invalid):
    """Figures were refused; every place is named and nothing is changed."""

    slug = "figures-refused"


class RuleViolated(Invalid):
    """A blocking rule is broken, or a warning has no justification."""

    slug = "rule-violated"


class StandingApprovalNotFound(NotFound):
    """No such standing approval of this agency."""

    slug = "standing-approval-not-found"


class EndsBeforeItBegins(Invalid):
    """The last day lies before the first."""

    slug = "ends-before-it-begins"


class StandingApprovalExists(Conflict):
    """The agency has a standing approval for this connection and regime already."""

    slug = "standing-approval-exists"


class CodeMapNotArrived(Unavailable):
    """A delivery names a code map that has not arrived yet: it waits for it."""

    slug = "code-map-not-arrived"


class GatewayOnly(Forbidden):
    """Only connector-gateway asks this, for a connection that it has let in."""

    slug = "gateway-only"


class DeliveryHeadersMissing(Invalid):
    """A delivery came without the headers that say whose it is; a dead letter."""

    slug = "delivery-headers-missing"


class NothingAccepted(Conflict):
    """No report of the period has been accepted yet, so there is nothing to add up."""

    slug = "nothing-accepted"


class AlreadyForwarded(Conflict):
    """The consolidation of this period went to the competent authority and is frozen."""

    slug = "already-forwarded"


class ConsolidationSuperseded(Conflict):
    """A newer consolidation of the period stands in place of this one."""

    slug = "consolidation-superseded"


class ConsolidationNotFound(NotFound):
    """No such consolidation, or not for whoever asks."""

    slug = "consolidation-not-found"


class CellNotFound(NotFound):
    """The form of the consolidation has no such cell."""

    slug = "cell-not-found"
