"""A probe (thử kết nối) before a lift: whether what was stopped would work again (Điều 8.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector_gateway.domain.dispatches import Answer
from connector_gateway.domain.ledger import Facts
from contracts.connector_gateway.v1 import Direction

PROBE = "connector-gateway.probe"
"""Type of the signed event that a probe sends: it carries no report."""


@dataclass(frozen=True)
class Finding:
    """What a probe saw of one direction."""

    direction: Direction
    is_sound: bool
    status: int | None = None
    problem: str | None = None
    seconds: float | None = None
    credentials: int | None = None
    valid_until: datetime | None = None

    @classmethod
    def of_answer(cls, answer: Answer, seconds: float) -> "Finding":
        """Return what a receiver's answer to the signed event means."""
        return cls(
            Direction.OUTBOUND,
            answer.is_acknowledged,
            status=answer.status,
            problem=answer.problem,
            seconds=round(seconds, 3),
        )

    @classmethod
    def of_credentials(cls, count: int, valid_until: datetime | None) -> "Finding":
        """Return whether a system could sign in once the order is lifted."""
        return cls(Direction.INBOUND, bool(count), credentials=count, valid_until=valid_until)

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "Finding":
        """Return the finding that the ledger tells of."""
        took, until = facts["milliseconds"], facts["valid_until"]
        return cls(
            Direction(facts["direction"]),
            facts["sound"] == "yes",
            status=facts["status"],
            problem=facts["problem"],
            seconds=None if took is None else took / 1000,
            credentials=facts["credentials"],
            valid_until=datetime.fromisoformat(until) if until else None,
        )

    @property
    def why(self) -> str:
        """Return the key of the sentence that says it."""
        if self.direction is Direction.OUTBOUND:
            return "probe-answered" if self.is_sound else "probe-unanswered"
        return "probe-may-sign-in" if self.is_sound else "probe-locked-out"

    def facts(self, suspension: str, by: str) -> Facts:
        """Return the finding as the ledger writes it."""
        return {
            "suspension": suspension,
            "direction": self.direction.value,
            "sound": "yes" if self.is_sound else "no",
            "status": self.status,
            "problem": self.problem,
            "milliseconds": None if self.seconds is None else round(self.seconds * 1000),
            "credentials": self.credentials,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "by": by,
        }
