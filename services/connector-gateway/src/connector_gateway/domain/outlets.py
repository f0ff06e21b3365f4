"""The outbound side of a connection as claims and ends of tries find it under its lock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector_gateway.domain.breakers import Breaker
from connector_gateway.domain.connections import STARTING, AdminState
from connector_gateway.domain.dispatches import places
from connector_gateway.domain.ledger import Head


@dataclass(frozen=True)
class ClaimFence:
    """What decides how much of a connection may start; its state stays so until the commit."""

    id: UUID
    state: AdminState
    since: datetime
    epoch: int
    url: str
    subscription_version: int
    breaker: Breaker
    started: int
    """Tries that began within the last second, counted while it resumes."""

    def places(self, slots: int, *, now: datetime) -> int:
        """Return how many dispatches may start now."""
        since = (now - self.since).total_seconds()
        return places(self.state, self.breaker, since=since, now=now, slots=slots) - self.started


@dataclass(frozen=True)
class EndingFence:
    """What the end of a try meets: nobody else holds the connection's row before the commit."""

    id: UUID
    state: AdminState
    breaker: Breaker
    head: Head

    @property
    def is_stopped(self) -> bool:
        """Say whether what has failed is held."""
        return self.state not in STARTING
