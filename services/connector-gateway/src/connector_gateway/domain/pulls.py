"""A pull (kéo số liệu): a system that cannot push is asked for its figures in turns (Điều 3.5)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from chassis.errors import Refusal
from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.receipts import Delivery
from connector_gateway.domain.sources import Checkpoint, Content, PullKind, Step, server_of
from connector_gateway.domain.suspensions import Person
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


@dataclass(frozen=True)
class Turn:
    """One turn of asking a source, claimed for one runner."""

    connection: str
    connection_id: UUID
    claim: UUID | None
    epoch: int
    """Of the connection when the turn began: what was asked before a stop is not taken after it."""
    kind: PullKind
    settings: Mapping[str, Any]
    series: UUID
    sealed: str | None
    checkpoint: Checkpoint = field(repr=False)

    @classmethod
    def of(cls, pull: "Pull", connection: Connection, checkpoint: Checkpoint) -> "Turn":
        """Return a turn of ``pull`` as things stand; claimed by whoever has claimed the pull."""
        return cls(
            connection.code,
            connection.id,
            pull.claim,
            connection.epoch,
            pull.kind,
            pull.settings,
            pull.series,
            pull.sealed,
            checkpoint,
        )

    def delivery(self, step: Step, content: Content) -> Delivery:
        """Return what a step found as a push whose key says source, place and content."""
        digest = hashlib.sha256(content.body).hexdigest()
        place = json.dumps([str(self.series), step.position, step.version, digest])
        key = f"pull-{hashlib.sha256(place.encode()).hexdigest()}"
        return Delivery(key, content.body, content.content_type, "")


@dataclass(frozen=True)
class Wanted:
    """What an operator wants asked: of which source, how often, and who says so."""

    kind: PullKind
    settings: dict[str, Any]
    every_seconds: int
    by: Person
    credential: Mapping[str, str] | None = field(default=None, repr=False)
    keeps_credential: bool = False
    """The credential given earlier goes on being used, as long as it goes to the same server."""

    def is_same_server(self, pull: "Pull") -> bool:
        """Say whether a credential of ``pull`` would go where it went before."""
        return (self.kind, server_of(self.kind, self.settings)) == (
            pull.kind,
            server_of(pull.kind, pull.settings),
        )

    def is_same_source(self, pull: "Pull") -> bool:
        """Say whether what was taken by ``pull`` is what would be asked for."""
        places = ("url", "folder")
        theirs = [pull.settings.get(name) for name in places]
        return self.is_same_server(pull) and theirs == [self.settings.get(name) for name in places]


class Pull(Table, table=True):
    """What a connection asks its system for, when, and how the asking goes."""

    __tablename__ = "pulls"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    kind: PullKind = Field(sa_column=Column(words(PullKind), nullable=False))
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    series: UUID
    """Of the checkpoint; a new one where it begins anew, so that nothing counts as a repeat."""
    sealed: str | None = Field(default=None, sa_type=Text)
    """The credential, encrypted with a key that the database does not have."""
    every_seconds: int
    revision: int = Field(sa_type=BigInteger)
    """Grows with every change and is never that of an earlier pull of the connection."""
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

    @classmethod
    def of(cls, wanted: Wanted, connection_id: UUID, series: UUID, *, now: datetime) -> "Pull":
        """Return a pull that is due at once."""
        return cls(
            connection_id=connection_id,
            kind=wanted.kind,
            settings=wanted.settings,
            series=series,
            every_seconds=wanted.every_seconds,
            revision=int(now.timestamp()),
            configured_by=wanted.by.subject,
            configured_by_name=wanted.by.name,
            configured_at=now,
            next_at=now,
        )

    def change(self, wanted: Wanted, *, now: datetime) -> None:
        """Ask another way from now on; a turn that is under way is over (``PullReplaced``)."""
        self.kind, self.settings = wanted.kind, wanted.settings
        self.every_seconds = wanted.every_seconds
        self.configured_by, self.configured_by_name = wanted.by.subject, wanted.by.name
        self.configured_at = self.next_at = now
        self.revision = max(self.revision + 1, int(now.timestamp()))
        self.failures = 0
        self.claim = self.claimed_until = None

    def begin(self, claim: UUID, *, now: datetime) -> None:
        """Claim a turn; the next one is due a whole interval later, whatever becomes of this."""
        self.claim = claim
        self.claimed_until = now + LEASE
        self.last_started_at = now
        self.next_at = now + timedelta(seconds=self.every_seconds)

    def refuse_other(self, claim: UUID | None) -> None:
        """Raise ``PullReplaced`` where the turn is not that of ``claim`` any more."""
        if claim is None or self.claim != claim:
            raise PullReplaced

    def go_on(self, *, has_taken: bool, now: datetime) -> None:
        """Let the turn stand for another lease; what it takes ends a row of failures."""
        self.claimed_until = now + LEASE
        if has_taken:
            self.failures = 0

    def give_back(self, *, now: datetime) -> None:
        """End a turn that its runner has no time for; the next one goes on where it stopped."""
        self.claim = self.claimed_until = None
        self.next_at = now

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
    moved_at: datetime = Field(sa_type=Moment)

    def tell(self, why: Refusal | None, *, now: datetime) -> None:
        """Keep why what stands here could not be taken; None where it was."""
        self.problem, self.problem_at = (why.slug, now) if why else (None, None)
        self.problem_params = said(why) if why else {}
