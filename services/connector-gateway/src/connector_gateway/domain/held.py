"""What becomes of what was held during a suspension: a decision, never a silence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector_gateway.errors.suspensions import ReasonRequired


class Choice(StrEnum):
    """What becomes of what was held."""

    ALL = "all"
    LATEST = "latest"
    RANGE = "range"
    DISCARD = "discard"


@dataclass(frozen=True)
class HeldChoice:
    """A decision about held rows; what lies outside a range is discarded, with its reason."""

    choose: Choice = Choice.ALL
    begins: datetime | None = None
    ends: datetime | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse to discard in silence."""
        if self.choose is Choice.DISCARD and not self.reason:
            raise ReasonRequired

    def to_json(self) -> dict[str, str | None]:
        """Return the decision as the order keeps it."""
        return {
            "choose": self.choose.value,
            "from": self.begins.isoformat() if self.begins else None,
            "to": self.ends.isoformat() if self.ends else None,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, kept: dict[str, str | None]) -> "HeldChoice":
        """Read a kept decision."""
        begins, ends = kept["from"], kept["to"]
        return cls(
            Choice(kept["choose"] or Choice.ALL),
            datetime.fromisoformat(begins) if begins else None,
            datetime.fromisoformat(ends) if ends else None,
            kept["reason"],
        )
