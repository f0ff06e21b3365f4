"""A flag (cảnh báo): somebody says that a connection may be a security risk (Điều 8.1c)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Text
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.detectors import Detector
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.flags import FlagDecided


class FlagState(StrEnum):
    """What people made of a flag."""

    OPEN = "open"
    SUSPENDED = "suspended"
    """The connection was stopped for a security risk."""
    DISMISSED = "dismissed"


FLAG_MOVES: dict[FlagState, frozenset[FlagState]] = {
    FlagState.OPEN: frozenset({FlagState.SUSPENDED, FlagState.DISMISSED}),
    FlagState.SUSPENDED: frozenset(),
    FlagState.DISMISSED: frozenset(),
}


class Flag(Table, table=True):
    """Who said what, when and on what evidence; and how it was decided, once."""

    __tablename__ = "flags"

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connections.id", index=True)
    reason: str = Field(sa_type=Text)
    evidence: str | None = Field(default=None, sa_type=Text)
    flagged_by: str = Field(sa_type=Text)
    flagged_by_name: str = Field(sa_type=Text)
    flagged_at: datetime = Field(sa_type=Moment)
    detector: Detector | None = Field(default=None, sa_column=Column(words(Detector)))
    """None where a person said it."""
    state: FlagState = Field(
        default=FlagState.OPEN, sa_column=Column(words(FlagState), nullable=False)
    )
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_by_name: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decision_reason: str | None = Field(default=None, sa_type=Text)
    suspension_id: UUID | None = Field(default=None, foreign_key="suspensions.id")

    def dismiss(self, reason: str, by: Person, *, now: datetime) -> None:
        """Say that there is no risk, and why; raises ``FlagDecided``."""
        self._decide(FlagState.DISMISSED, reason, by, now=now)

    def led_to(self, suspension: UUID, reason: str, by: Person, *, now: datetime) -> None:
        """Close the flag with the order that stops its connection; raises ``FlagDecided``."""
        self._decide(FlagState.SUSPENDED, reason, by, now=now)
        self.suspension_id = suspension

    def _decide(self, to: FlagState, reason: str, by: Person, *, now: datetime) -> None:
        if to not in FLAG_MOVES[self.state]:
            raise FlagDecided(state=self.state)
        self.state = to
        self.decision_reason = reason
        self.decided_by = by.subject
        self.decided_by_name = by.name
        self.decided_at = now
