"""Every way catalog says no; the Vietnamese sentences stand in ``texts.toml``."""

from chassis.errors import Conflict, Invalid, NotFound, TooLarge


class RegimeNotFound(NotFound):
    """No regime has that code."""

    slug = "regime-not-found"


class RegimeExists(Conflict):
    """A regime of that code stands already with another definition."""

    slug = "regime-exists"


class RegimeAlreadyInForce(Conflict):
    """The regime is in force already: its draft can no longer change."""

    slug = "regime-already-in-force"


class RegimeNotInForce(Conflict):
    """A lead agency is designated for a regime in force only (Điều 7.1)."""

    slug = "regime-not-in-force"


class RegimeOutOfScope(Invalid):
    """Statistical regimes, state secrets, internal reports: not here (NĐ 09/2019 Điều 1.2)."""

    slug = "regime-out-of-scope"


class RegimeTooLarge(TooLarge):
    """The form is too large to be said to the other services in one message."""

    slug = "regime-too-large"


class FormUnsound(Invalid):
    """The form contradicts itself or what is in force; every place is named."""

    slug = "form-unsound"


class LegalBasisImpossible(Invalid):
    """The days of the decision on which a step rests cannot be (Điều 5.1)."""

    slug = "legal-basis-impossible"


class AgencyUnknown(Invalid):
    """An agency is designated that nobody opened."""

    slug = "agency-unknown"


class CalendarNotFound(NotFound):
    """The calendar of that year has not been published."""

    slug = "calendar-not-found"
