"""A probe (thử kết nối) before a lift: whether what was stopped would work again (Điều 8.3)."""

from dataclasses import dataclass
from datetime import datetime

from connector_gateway.domain.dispatches import Answer
from connector_gateway.domain.ledger import Facts
from contracts.connector_gateway.v1 import Direction

PROBE = "connector-gateway.probe"
"""Type of the signed event that a probe sends: it carries no report."""


@dataclass(frozen=True)
class Finding:
    """What a probe saw of one direction; ``why`` is a key of the sentences that say it."""

    direction: Direction
    is_sound: bool
    why: str
    status: int | None = None
    problem: str | None = None
    seconds: float | None = None
    credentials: int | None = None
    valid_until: datetime | None = None

    @classmethod
    def of_answer(cls, answer: Answer, seconds: float) -> "Finding":
        """Return what a receiver's answer to the signed event means."""
        why = "probe-answered" if answer.is_acknowledged else "probe-unanswered"
        return cls(
            Direction.OUTBOUND,
            answer.is_acknowledged,
            why,
            status=answer.status,
            problem=answer.problem,
            seconds=round(seconds, 3),
        )

    @classmethod
    def of_credentials(cls, count: int, valid_until: datetime | None) -> "Finding":
        """Return whether a system could sign in once the order is lifted."""
        why = "probe-may-sign-in" if count else "probe-locked-out"
        return cls(Direction.INBOUND, bool(count), why, credentials=count, valid_until=valid_until)

    def facts(self, suspension: str, by: str) -> Facts:
        """Return the finding as the ledger writes it."""
        return {
            "suspension": suspension,
            "direction": self.direction.value,
            "sound": "yes" if self.is_sound else "no",
            "status": self.status,
            "problem": self.problem,
            "credentials": self.credentials,
            "by": by,
        }
