"""A dispatch: one event on its way to one connection, with the same webhook id on every try."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from math import ceil
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.breakers import Breaker, BreakerState
from connector_gateway.domain.connections import STARTING, AdminState
from connector_gateway.errors.dispatches import DispatchUnderWay

RETRY_AFTER = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400)
"""Seconds before each new try, about 75 hours in all."""
LONGEST_RETRY_AFTER = 86400
RAMP = ((0, 1), (5, 10), (10, 50))
"""While resuming: from so many seconds after the lift on, so many a second."""
CUT_OFF = "cut-off"
"""Problem of a try that we broke off ourselves."""
LOG_BODY = 2048
"""Bytes of an answer's body that the delivery log keeps."""
LOG_DETAIL = timedelta(days=90)
"""How long the log keeps headers and bodies."""
LOG = timedelta(days=730)
"""How long it keeps when a finished dispatch was tried, and how that ended."""
TEST = "connector-gateway.dispatch.tested.v1"
"""Type of a test event: signed and logged like others, tried once."""
LEASE = timedelta(seconds=60)
"""How long a claim stands without word before another dispatcher may take the row."""
ALIVE = timedelta(seconds=15)
"""A replica not seen for so long no longer counts."""
HEAD_START = timedelta(milliseconds=250)
"""How long due work waits for its home before any other replica takes it."""
DRAIN = timedelta(seconds=30)
"""How long dispatches in flight may take when maintenance begins."""


class DispatchState(StrEnum):
    """The course of a dispatch."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    HELD = "held"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"
    FAILED = "failed"


ANEW = frozenset({DispatchState.WAITING, DispatchState.HELD})
DISPATCH_MOVES: dict[DispatchState, frozenset[DispatchState]] = {
    DispatchState.WAITING: frozenset({DispatchState.SENDING, DispatchState.HELD}),
    DispatchState.SENDING: frozenset(
        {
            DispatchState.DELIVERED,
            DispatchState.WAITING,
            DispatchState.HELD,
            DispatchState.FAILED,
        }
    ),
    DispatchState.HELD: frozenset(
        {DispatchState.WAITING, DispatchState.SUPERSEDED, DispatchState.DISCARDED}
    ),
    DispatchState.DELIVERED: ANEW,
    DispatchState.SUPERSEDED: ANEW,
    DispatchState.DISCARDED: ANEW,
    DispatchState.FAILED: ANEW,
}
"""Allowed moves; what is finished goes out again only because a person says so."""


@dataclass(frozen=True)
class Answer:
    """How a try ended: an HTTP status, or a problem where there was none."""

    status: int | None = None
    problem: str | None = None
    retry_after: float | None = None
    was_cut_off: bool = False
    """We broke it off ourselves: it says nothing about the receiver."""
    kid: str | None = None
    """Of the key that signed the request; None where nothing was sent."""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    """What was sent beside the body, without the signature."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those headers of the answer that explain it."""
    body: bytes = b""
    """The first bytes of the answer."""
    duration_ms: int | None = None

    @property
    def is_acknowledged(self) -> bool:
        """Say whether the receiver took it (2xx)."""
        return self.status is not None and 200 <= self.status < 300


class Dispatch(Table, table=True):
    """A work row of the dispatcher."""

    __tablename__ = "dispatches"
    __table_args__ = (UniqueConstraint("connection_id", "event_id"),)

    id: UUID = Field(primary_key=True)
    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    connection_id: UUID = Field(foreign_key="connections.id")
    event_id: str = Field(sa_type=Text)
    event_type: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    """Order is kept between dispatches of one key."""
    payload: bytes
    subscription_version: int = 1
    """Of the subscription by which it was chosen."""
    traceparent: str | None = Field(default=None, sa_type=Text)
    state: DispatchState = Field(sa_column=Column(words(DispatchState), nullable=False))
    created_at: datetime = Field(sa_type=Moment)
    next_attempt_at: datetime = Field(sa_type=Moment)
    attempts: int = 0
    attempts_before: int = 0
    """Tries before the last redelivery: the ladder of retries begins anew with it."""
    epoch: int = Field(default=0, sa_type=BigInteger)
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    held_at: datetime | None = Field(default=None, sa_type=Moment)
    released_at: datetime | None = Field(default=None, sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str | None = Field(default=None, sa_type=Text)

    @property
    def webhook_id(self) -> str:
        """Return the id by which the receiver knows a repeat (Standard Webhooks)."""
        return webhook_id_of(self.id)

    @property
    def is_test(self) -> bool:
        """Say whether it only tries the way."""
        return self.event_type == TEST

    def settle(self, answer: Answer, *, is_stopped: bool, now: datetime) -> None:
        """Take the end of a try: delivered, or held under a suspension, or tried again later."""
        self.claimed_until = None
        self.reason = answer.problem
        if answer.is_acknowledged:
            self._move(DispatchState.DELIVERED)
            self.finished_at = now
        elif is_stopped:
            self._move(DispatchState.HELD)
            self.held_at = now
        elif answer.was_cut_off:
            self._move(DispatchState.WAITING)
            self.next_attempt_at = now
        elif self.is_test or self._tries > len(RETRY_AFTER):
            self._move(DispatchState.FAILED)
            self.finished_at = now
        else:
            self._move(DispatchState.WAITING)
            self.next_attempt_at = now + retry_in(self._tries, answer.retry_after)

    def redeliver(self, *, is_stopped: bool, now: datetime) -> None:
        """Go out again with the same webhook id, or be held; raises ``DispatchUnderWay``."""
        if self.state in (DispatchState.SENDING, DispatchState.HELD):
            raise DispatchUnderWay(dispatch=self.id, state=self.state.value)
        if self.state is not DispatchState.WAITING:
            self._move(DispatchState.HELD if is_stopped else DispatchState.WAITING)
        self.attempts_before = self.attempts
        self.next_attempt_at = now
        self.held_at = now if is_stopped else None
        self.finished_at = self.released_at = self.reason = None

    @property
    def _tries(self) -> int:
        return self.attempts - self.attempts_before

    def _move(self, to: DispatchState) -> None:
        if to not in DISPATCH_MOVES[self.state]:
            raise ValueError(f"{self.state} → {to}")
        self.state = to


def webhook_id_of(dispatch: UUID) -> str:
    """Return the id under which the receiver gets a dispatch, the same on every try."""
    return f"msg_{dispatch.hex}"


def retry_in(attempts: int, asked: float | None, *, luck: float | None = None) -> timedelta:
    """Return the pause before the next try: what the receiver asked, or the ladder with jitter.

    >>> retry_in(1, None, luck=0.5)
    datetime.timedelta(seconds=5)
    """
    if asked is not None:
        return timedelta(seconds=min(max(asked, 1), LONGEST_RETRY_AFTER))
    chance = random.random() if luck is None else luck  # noqa: S311 spreads load, guards nothing
    return timedelta(seconds=RETRY_AFTER[attempts - 1] * (0.8 + 0.4 * chance))


def places(state: AdminState, breaker: Breaker, *, since: float, now: datetime, slots: int) -> int:
    """Return how many dispatches may start now; ``since`` is seconds in this state."""
    if state not in STARTING:
        return 0
    if breaker.state is not BreakerState.CLOSED:
        return 1 if breaker.probes_at(now) else 0
    if state is AdminState.RESUMING:
        return min(slots, ramp(since))
    return slots


def ramp(since: float) -> int:
    """Return how many dispatches a second may start ``since`` seconds after a lift."""
    return next((rate for begins, rate in reversed(RAMP) if since >= begins), RAMP[0][1])


def ramp_seconds(count: int) -> int:
    """Return how many seconds after a lift so many have started, at the soonest.

    >>> ramp_seconds(5), ramp_seconds(15), ramp_seconds(105)
    (5, 6, 11)
    """
    begins, rate = RAMP[0]
    for until, faster in RAMP[1:]:
        most = (until - begins) * rate
        if count <= most:
            break
        count -= most
        begins, rate = until, faster
    return begins + ceil(count / rate)


class Attempt(Table, table=True):
    """One try of a dispatch, with the epoch under which it started."""

    __tablename__ = "attempts"

    dispatch_id: UUID = Field(primary_key=True, foreign_key="dispatches.id")
    number: int = Field(primary_key=True)
    epoch: int = Field(sa_type=BigInteger)
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    status: int | None = None
    problem: str | None = Field(default=None, sa_type=Text)
    subscription_version: int | None = None
    """Of the subscription to whose address it went."""
    url: str | None = Field(default=None, sa_type=Text)
    kid: str | None = Field(default=None, sa_type=Text)
    duration_ms: int | None = None
    request_headers: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    answer_headers: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    answer_body: bytes | None = None


class Replica(Table, table=True):
    """A running dispatcher and the epochs that it has seen: what the board calls confirmed."""

    __tablename__ = "replicas"
    __table_args__ = {"schema": "presence"}  # noqa: RUF012 SQLAlchemy's way of saying it

    id: UUID = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=Moment)
    epochs: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))

    def confirms(self, code: str, epoch: int) -> bool:
        """Say whether this replica has seen ``epoch`` of the connection ``code``."""
        return self.epochs.get(code, 0) >= epoch


def home_of(code: str, replicas: Collection[UUID]) -> UUID:
    """Return the replica that claims first what the connection ``code`` has due.

    A replica that comes or goes moves only connections that become or were its own.
    """
    return max(replicas, key=lambda replica: sha256(replica.bytes + code.encode()).digest())


def confirmed(replicas: Sequence[Replica], code: str, epoch: int) -> int:
    """Count the replicas that have seen ``epoch`` of the connection ``code``."""
    return sum(replica.confirms(code, epoch) for replica in replicas)
