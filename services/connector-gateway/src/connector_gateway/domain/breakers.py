"""The breaker of a connection's direction: the machine's own pause, apart from people's will."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from contracts.connector_gateway.v1 import Direction


class BreakerState(StrEnum):
    """CLOSED lets through, OPEN pauses, HALF_OPEN lets one probe through."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


FAILURES = 5
"""Consecutive failures that open a breaker."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)


class Breaker(Table, table=True):
    """Kept in a table of its own, so that nothing it does can touch an admin state."""

    __tablename__ = "breakers"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    direction: Direction = Field(sa_column=Column(words(Direction), primary_key=True))
    state: BreakerState = Field(
        default=BreakerState.CLOSED, sa_column=Column(words(BreakerState), nullable=False)
    )
    consecutive_failures: int = 0
    times_opened: int = 0
    """In a row; the pause doubles with each."""
    retry_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def is_at_rest(self) -> bool:
        """Say whether a success would change nothing."""
        return self.state is BreakerState.CLOSED and not self.consecutive_failures

    def probes_at(self, now: datetime) -> bool:
        """Say whether one probe may go now, after the pause."""
        is_over = self.retry_at is not None and self.retry_at <= now
        return self.state is not BreakerState.CLOSED and is_over

    def probe(self, *, now: datetime) -> None:
        """Let one dispatch through; if it is never heard of, the next may go after the pause."""
        self.state = BreakerState.HALF_OPEN
        self.retry_at = now + FIRST_PAUSE

    def record_success(self) -> None:
        """Close: the receiver answers."""
        self.state = BreakerState.CLOSED
        self.consecutive_failures = self.times_opened = 0
        self.retry_at = None

    def record_failure(self, *, now: datetime) -> None:
        """Count a failure; open after ``FAILURES`` in a row or a failed probe."""
        self.consecutive_failures += 1
        if self.state is BreakerState.HALF_OPEN or self.consecutive_failures >= FAILURES:
            self.state = BreakerState.OPEN
            self.retry_at = now + min(FIRST_PAUSE * 2**self.times_opened, LONGEST_PAUSE)
            self.times_opened = min(self.times_opened + 1, 10)
