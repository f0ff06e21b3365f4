"""Ways to say no about orders to suspend, to extend and to lift (Điều 8)."""

from datetime import date

from chassis.errors import Conflict, Forbidden, Invalid, NotFound


class SuspensionUnknown(NotFound):
    """There is no suspension order of this id."""

    slug = "suspension-unknown"


class NoticeTooShort(Invalid):
    """Fewer than three full working days between notice and maintenance (Điều 8.2)."""

    slug = "notice-too-short"

    @classmethod
    def of(cls, days: int, needed: int, *, earliest: date | None = None) -> "NoticeTooShort":
        """Return the refusal of ``days`` full working days where ``needed`` are asked."""
        told: dict[str, object] = {"full_working_days": days, "needed_working_days": needed}
        if earliest:
            told["earliest_start_on"] = earliest.isoformat()
        return cls(days=days, needed=needed, extra=told)


class NoticePeriodUnknown(Conflict):
    """The working-day calendar does not reach that far."""

    slug = "calendar-unknown"


class ScopeTooWide(Invalid):
    """A security risk stops the one connection that carries it (Điều 8.1c)."""

    slug = "scope-too-wide"


class ScopeEmpty(NotFound):
    """No connection lies in the scope with one of these directions."""

    slug = "scope-empty"


class ConnectionEssential(Conflict):
    """Operators need this connection themselves: it is not stopped by mistake."""

    slug = "connection-essential"


class EffectiveAtRequired(Invalid):
    """Maintenance is announced for a moment."""

    slug = "effective-at-required"


class EffectiveAtNotAllowed(Invalid):
    """Force majeure and security risks take effect at once."""

    slug = "effective-at-not-allowed"


class EndBeforeStart(Invalid):
    """The expected end lies before the start."""

    slug = "end-before-start"


class ReasonRequired(Invalid):
    """What was held is never discarded in silence."""

    slug = "reason-required"


class NothingToExtend(Conflict):
    """No end was announced, so the suspension lasts until it is lifted anyway."""

    slug = "nothing-to-extend"


class NotProbed(NotFound):
    """Nobody has tried what the order stops."""

    slug = "not-probed"


class OrderNotOpen(Conflict):
    """The order's state does not allow this step."""

    slug = "order-not-open"


class SamePerson(Forbidden):
    """Lifting a suspension for a security risk takes two people."""

    slug = "second-person-required"


class NotTheOwner(Forbidden):
    """Only the owner of the connected system acknowledges (Điều 8.4)."""

    slug = "not-the-owner"
