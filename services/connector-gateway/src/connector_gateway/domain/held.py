"""What is held during a suspension: bounded, and then a decision, never a silence."""

from dataclasses import dataclass, replace
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
class Backlog:
    """What is held of one direction of a connection."""

    count: int = 0
    bytes: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class Bound:
    """How much may be held of one direction of a connection (decisions/0016)."""

    count: int
    bytes: int = 1 << 40

    def share(self, held: Backlog) -> float:
        """Return how full it is: 1 where nothing more has room.

        >>> Bound(count=10, bytes=100).share(Backlog(count=5, bytes=80))
        0.8
        """
        return max(held.count / self.count, held.bytes / self.bytes)


QUARANTINE = Bound(count=10_000, bytes=1 << 30)
"""Of deliveries that arrive while their connection is stopped, where nothing else is set."""


class Room:
    """What is left of the quarantine of a connection, while its fence is held."""

    def __init__(self, bound: Bound, held: Backlog) -> None:
        self._bound = bound
        self._held = held

    def take(self, size: int) -> bool:
        """Say whether a delivery of ``size`` bytes has room, and give it the place."""
        after = replace(self._held, count=self._held.count + 1, bytes=self._held.bytes + size)
        has_room = self._bound.share(after) <= 1
        if has_room:
            self._held = after
        return has_room


@dataclass(frozen=True)
class HeldChoice:
    """A decision about held rows (Điều 8.3): all, latest, a range, or none for a reason."""

    choose: Choice = Choice.ALL
    begins: datetime | None = None
    ends: datetime | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse to discard in silence."""
        if self.choose is Choice.DISCARD and not self.reason:
            raise ReasonRequired

    def span(self, *, now: datetime) -> tuple[datetime, datetime] | None:
        """Return the range whose rows go on, where a range was chosen."""
        if self.choose is not Choice.RANGE:
            return None
        return self.begins or datetime(2000, 1, 1, tzinfo=now.tzinfo), self.ends or now

    def fate(self, held: "Held") -> "Fate":
        """Return what the decision does to what is held."""
        match self.choose:
            case Choice.LATEST:
                return Fate(released=held.keys, superseded=held.count - held.keys)
            case Choice.RANGE:
                return Fate(released=held.count - held.outside, discarded=held.outside)
            case Choice.DISCARD:
                return Fate(discarded=held.count)
            case Choice.ALL:
                return Fate(released=held.count)

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


@dataclass(frozen=True)
class Held:
    """What waits for a decision in one direction of a connection."""

    count: int = 0
    keys: int = 0
    """How many would go on if only the latest of each key did."""
    outside: int = 0
    """How many lie outside the chosen range."""
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class Fate:
    """What becomes of held rows."""

    released: int = 0
    superseded: int = 0
    discarded: int = 0
