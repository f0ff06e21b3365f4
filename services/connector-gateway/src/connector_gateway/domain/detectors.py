"""What watches connections by itself (Điều 8.1c): it flags, and stops only where it may.

Small counters (tallies) are written where something is refused or by a job; detectors judge them
against figures of ``norms.toml``, outside the path of a push.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connector_gateway.domain.norms import Norms


class Detector(StrEnum):
    """What is watched for; a person decides about what it finds unless the connection says so."""

    BAD_SIGNATURES = "bad-signatures"
    """Proofs of identity that do not hold: signatures and secrets."""
    REPLAYED_NONCE = "replayed-nonce"
    """A ``jti`` that had been used."""
    SCHEMA_ERRORS = "schema-errors"
    """Deliveries of which nothing could be read or taken."""
    VOLUME = "volume"
    """Far more deliveries an hour than on former days."""


class Tally(StrEnum):
    """What is counted of a connection."""

    BAD_SIGNATURE = "bad-signature"
    REPLAYED_NONCE = "replayed-nonce"
    UNREADABLE = "unreadable"
    """A push that was refused at the door for its form."""
    REFUSED = "refused"
    """A delivery that submissions refused for what it says, by the minute of its receipt."""
    ARRIVED = "arrived"
    """A receipt, by the minute."""
    RECEIVED = "received"
    """A receipt, by the hour."""


SPANS = {
    Tally.BAD_SIGNATURE: timedelta(seconds=5),
    Tally.REPLAYED_NONCE: timedelta(seconds=5),
    Tally.UNREADABLE: timedelta(minutes=1),
    Tally.REFUSED: timedelta(minutes=1),
    Tally.ARRIVED: timedelta(minutes=1),
    Tally.RECEIVED: timedelta(hours=1),
}
"""How long each counter counts; a window is a whole number of spans."""
COUNTED_IN = {
    Detector.BAD_SIGNATURES: (Tally.BAD_SIGNATURE,),
    Detector.REPLAYED_NONCE: (Tally.REPLAYED_NONCE,),
    Detector.SCHEMA_ERRORS: (Tally.UNREADABLE, Tally.REFUSED),
}
"""The counters whose sum in a window a detector judges."""
UNTIMELY = ("/problems/regime-not-in-force", "/problems/period-closed")
"""Refusals that tell of a date, not of a fault in what was sent."""
BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+07:00")
"""From which spans are laid out."""


def window_of(detector: Detector, norms: Norms) -> timedelta:
    """Return over how long a detector looks back."""
    match detector:
        case Detector.SCHEMA_ERRORS:
            return timedelta(minutes=norms.schema_errors_minutes)
        case Detector.VOLUME:
            return SPANS[Tally.RECEIVED]
        case _:
            return timedelta(minutes=1)


@dataclass(frozen=True)
class Watched:
    """What one detector counted of one connection in its window."""

    connection: str
    detector: Detector
    count: int
    of: int = 0
    """All deliveries of the window, where ``count`` are bad ones."""
    normal: float = 0.0
    """The median of the busiest hours of former days."""
    days: int = 0
    """Former days that are known."""
    detail: str | None = None
    """What was seen last."""

    def is_beyond(self, norms: Norms) -> bool:
        """Say whether this is more than may be."""
        match self.detector:
            case Detector.BAD_SIGNATURES:
                return self.count > norms.bad_signatures_a_minute
            case Detector.REPLAYED_NONCE:
                return self.count > norms.replayed_nonces_a_minute
            case Detector.SCHEMA_ERRORS:
                is_enough = self.of >= norms.schema_errors_least
                return is_enough and self.count * 100 > norms.schema_errors_percent * self.of
            case Detector.VOLUME:
                is_known = self.days >= norms.volume_days_least
                is_much = self.count >= norms.volume_least
                return is_known and is_much and self.count > norms.volume_times * self.normal
