"""A pull (kéo số liệu): a system that cannot push is asked for its figures in turns (Điều 3.5)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from chassis.errors import Refusal
from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.receipts import Delivery
from connector_gateway.errors.connections import (
    ConnectionRevoked,
    DirectionNotOffered,
    Suspended,
    TokenOutdated,
)
from connector_gateway.errors.pulls import PullReplaced

LEASE = timedelta(seconds=150)
"""How long a turn stands without word before another may begin."""
LONGEST_PAUSE = timedelta(hours=6)
"""A source that fails is asked at least this often, unless its own schedule is slower."""
PAUSING = (Suspended, ConnectionRevoked, TokenOutdated, DirectionNotOffered)
"""Refusals of the gate: they say nothing about the source, which goes on when it opens."""


class PullKind(StrEnum):
    """How a system is asked; one connector each."""

    HTTP = "http"
    SFTP = "sftp"


Checkpoint = Mapping[str, str]
"""How far a source has been taken, in the words of its connector, by name."""


@dataclass(frozen=True)
class Content:
    """A page or file that passed the cheap checks of a push."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class Step:
    """What one look at a source brought, and how the checkpoint moves with it.

    ``offered`` is a page or file, or what is wrong with it; None where there is nothing to take.
    A mark of None is forgotten.
    """

    marks: Mapping[str, str | None]
    position: str = ""
    version: str = ""
    """Tells what stands at ``position`` from what stood there earlier."""
    offered: Content | Refusal | None = None


@dataclass(frozen=True)
class Turn:
    """One turn of asking a source, claimed for one runner."""

    connection: str
    connection_id: UUID
    claim: UUID
    epoch: int
    """Of the connection when the turn began: what was asked before a stop is not taken after it."""
    kind: PullKind
    settings: Mapping[str, Any]
    sealed: str | None
    checkpoint: Checkpoint = field(repr=False)

    def delivery(self, source: str, step: Step, content: Content) -> Delivery:
        """Return what a step found as a push whose key says source, place and content."""
        digest = hashlib.sha256(content.body).hexdigest()
        place = json.dumps([self.kind, source, step.position, step.version, digest])
        key = f"pull-{hashlib.sha256(place.encode()).hexdigest()}"
        return Delivery(key, content.body, content.content_type, "")


class Pull(Table, table=True):
    """What a connection asks its system for, when, and how the asking goes."""

    __tablename__ = "pulls"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    kind: PullKind = Field(sa_column=Column(words(PullKind), nullable=False))
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    sealed: str | None = Field(default=None, sa_type=Text)
    """The credential, encrypted with a key that the database does not have."""
    every_seconds: int
    configured_by: str = Field(sa_type=Text)
    configured_by_name: str = Field(sa_type=Text)
    configured_at: datetime = Field(sa_type=Moment)
    next_at: datetime = Field(sa_type=Moment)
    claim: UUID | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    failures: int = 0
    """In a row."""
    last_started_at: datetime | None = Field(default=None, sa_type=Moment)
    last_success_at: datetime | None = Field(default=None, sa_type=Moment)
    last_error_at: datetime | None = Field(default=None, sa_type=Moment)
    last_error: str | None = Field(default=None, sa_type=Text)
    last_error_params: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False)
    )

    def begin(self, claim: UUID, *, now: datetime) -> None:
        """Claim a turn; the next one is due a whole interval later, whatever becomes of this."""
        self.claim = claim
        self.claimed_until = now + LEASE
        self.last_started_at = now
        self.next_at = now + timedelta(seconds=self.every_seconds)

    def refuse_other(self, claim: UUID) -> None:
        """Raise ``PullReplaced`` where the turn is not that of ``claim`` any more."""
        if self.claim != claim:
            raise PullReplaced

    def finish(self, why: Refusal | None, *, now: datetime) -> None:
        """End a turn: done, stopped at the gate, or failed and tried again after a longer pause."""
        self.claim = self.claimed_until = None
        if isinstance(why, PAUSING):
            self.next_at = now
        elif why is None:
            self.failures = 0
            self.last_success_at = now
        else:
            self.failures += 1
            self.next_at = now + pause(self.failures, timedelta(seconds=self.every_seconds))
            self.last_error_at, self.last_error = now, why.slug
            self.last_error_params = said(why)

    def run_now(self, *, now: datetime) -> None:
        """Make the next turn due."""
        self.next_at = now


def pause(failures: int, every: timedelta) -> timedelta:
    """Return how long a source is left alone after so many failures in a row.

    >>> pause(3, timedelta(minutes=5))
    datetime.timedelta(seconds=1200)
    """
    longest = max(every, LONGEST_PAUSE)
    doublings: int = 2 ** min(failures - 1, 20)
    return min(every * doublings, longest)


def said(why: Refusal) -> dict[str, str]:
    """Return what fills the sentence of a refusal, as it is kept."""
    return {name: str(value) for name, value in why.params.items()}


class PullMark(Table, table=True):
    """One line of the checkpoint; ``problem`` where what stands there could not be taken."""

    __tablename__ = "pull_marks"

    connection_id: UUID = Field(primary_key=True, foreign_key="pulls.connection_id")
    name: str = Field(sa_type=Text, primary_key=True)
    value: str = Field(sa_type=Text)
    problem: str | None = Field(default=None, sa_type=Text)
    problem_params: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False)
    )
    problem_at: datetime | None = Field(default=None, sa_type=Moment)
