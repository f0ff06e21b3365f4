"""A connection (kết nối): who may send or take what, and whether people let it run (Điều 3.5)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.detectors import Detector
from connector_gateway.errors.connections import (
    ConnectionRevoked,
    DirectionNotOffered,
    MoveNotAllowed,
    TokenOutdated,
)
from contracts.connector_gateway.v1 import Direction

CODE = r"^[a-z0-9][a-z0-9-]{1,39}$"
"""How codes of systems and connections look."""


class AdminState(StrEnum):
    """What people decided for one direction; no machine ever changes it."""

    ACTIVE = "ACTIVE"
    SCHEDULED = "SCHEDULED"
    DRAINING = "DRAINING"
    SUSPENDED = "SUSPENDED"
    RESUMING = "RESUMING"
    REVOKED = "REVOKED"


MOVES: dict[AdminState, frozenset[AdminState]] = {
    AdminState.ACTIVE: frozenset(
        {
            AdminState.SCHEDULED,
            AdminState.DRAINING,
            AdminState.SUSPENDED,
            AdminState.REVOKED,
        }
    ),
    AdminState.SCHEDULED: frozenset(
        {
            AdminState.ACTIVE,
            AdminState.DRAINING,
            AdminState.SUSPENDED,
            AdminState.REVOKED,
        }
    ),
    AdminState.DRAINING: frozenset({AdminState.SUSPENDED, AdminState.REVOKED}),
    AdminState.SUSPENDED: frozenset({AdminState.RESUMING, AdminState.REVOKED}),
    AdminState.RESUMING: frozenset(
        {
            AdminState.ACTIVE,
            AdminState.DRAINING,
            AdminState.SUSPENDED,
            AdminState.REVOKED,
        }
    ),
    AdminState.REVOKED: frozenset(),
}
"""Allowed moves of one direction; a revoked connection never comes back."""

OPEN = frozenset({AdminState.ACTIVE, AdminState.SCHEDULED})
"""States in which deliveries are accepted."""
STARTING = frozenset({AdminState.ACTIVE, AdminState.SCHEDULED, AdminState.RESUMING})
"""States in which dispatches may start; while resuming, at the pace of the ramp."""
STOPPED = frozenset({AdminState.DRAINING, AdminState.SUSPENDED})

WANTED = {AdminState.DRAINING: AdminState.SUSPENDED, AdminState.RESUMING: AdminState.ACTIVE}
"""Where a passing state leads to; every other state is itself what is wanted."""


class WhileSuspended(StrEnum):
    """What becomes of figures that arrive during a suspension."""

    REJECT = "reject"
    QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Grants:
    """What a connection may push; None means all."""

    regimes: Sequence[str] | None = None
    agencies: Sequence[str] | None = None

    def to_text(self) -> str:
        """Return the grant as it is pinned to every delivery."""
        return json.dumps(
            {"regimes": self.regimes, "agencies": self.agencies}, separators=(",", ":")
        )

    @classmethod
    def from_text(cls, text: str) -> "Grants":
        """Read a pinned grant."""
        return cls(**json.loads(text))


class System(Table, table=True):
    """An external system and the agency that owns it (cơ quan chủ quản, Điều 8.4)."""

    __tablename__ = "systems"

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    owner_agency: str = Field(sa_type=Text)
    owner_email: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Moment)


class Connection(Table, table=True):
    """A connection of a system; its row is the fence that every push and every claim meets."""

    __tablename__ = "connections"

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    system_id: UUID = Field(foreign_key="systems.id", index=True)
    client_id: str = Field(sa_type=Text, unique=True)
    grants: str = Field(sa_type=Text)
    while_suspended: WhileSuspended = Field(sa_column=Column(words(WhileSuspended), nullable=False))
    is_essential: bool = False
    """Operators need it themselves: it stops only when they say so in so many words."""
    inbound_state: AdminState | None = Field(default=None, sa_column=Column(words(AdminState)))
    outbound_state: AdminState | None = Field(default=None, sa_column=Column(words(AdminState)))
    outbound_since: datetime = Field(sa_type=Moment)
    """When the outbound direction entered its state: draining and ramp count from it."""
    epoch: int = Field(default=1, sa_type=BigInteger)
    """Grows with every change of either direction; stamped on receipts and attempts."""
    tokens_from_epoch: int = Field(default=1, sa_type=BigInteger)
    """Access tokens of an earlier epoch are refused."""
    policy: str | None = Field(default=None, sa_type=Text)
    """How it may be used; None: nothing is forbidden that its grants allow."""
    policy_revision: int = 1
    """Grows whenever people change the policy, the grants or what happens while suspended."""
    paced_until: datetime | None = Field(default=None, sa_type=Moment)
    spent_on: date | None = None
    spent_bytes: int = Field(default=0, sa_type=BigInteger)
    suspends_automatically: list[Detector] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False)
    )
    """Detectors that may stop it for a security risk before a person has looked (Điều 8.1c)."""
    code_map_version: int = 0
    """Of the newest code map; 0 where deliveries speak the hub's own codes."""
    webhook_url: str | None = Field(default=None, sa_type=Text)
    webhook_events: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False)
    )
    webhook_regimes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    webhook_agencies: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    subscription_version: int = 1
    """Of the newest subscription, which is what the webhook fields say."""
    created_at: datetime = Field(sa_type=Moment)

    def state_of(self, direction: Direction) -> AdminState | None:
        """Return the state of ``direction``; None where the connection does not offer it."""
        return self.inbound_state if direction is Direction.INBOUND else self.outbound_state

    @property
    def directions(self) -> list[Direction]:
        """Return the directions that the connection offers."""
        return [direction for direction in Direction if self.state_of(direction)]

    def move(self, direction: Direction, to: AdminState, *, now: datetime) -> None:
        """Move one direction and open a new epoch; raises ``MoveNotAllowed``."""
        state = self.state_of(direction)
        if state is None:
            raise DirectionNotOffered(connection=self.code, direction=direction)
        if to not in MOVES[state]:
            raise MoveNotAllowed(connection=self.code, direction=direction, state=state, to=to)
        self.epoch += 1
        if direction is Direction.INBOUND:
            self.inbound_state = to
        else:
            self.outbound_state = to
            self.outbound_since = now

    def begin_epoch(self) -> None:
        """Begin a new epoch, in which no direction has moved."""
        self.epoch += 1

    def end_tokens(self) -> None:
        """Refuse, from the next opening on, every token issued until now."""
        self.tokens_from_epoch = self.epoch

    @property
    def gate(self) -> "Gate":
        """Return what a caller of this connection meets."""
        state = self.inbound_state or self.outbound_state
        return Gate(self.code, state or AdminState.REVOKED, self.epoch, self.tokens_from_epoch)


@dataclass(frozen=True)
class Gate:
    """What stands between a system that has signed in and its connection."""

    connection: str
    state: AdminState | str
    epoch: int
    tokens_from_epoch: int

    @property
    def is_stopped(self) -> bool:
        """Say whether the caller is to be told of a suspension."""
        return self.state not in OPEN

    @property
    def is_revoked(self) -> bool:
        """Say whether the connection is gone for good."""
        return self.state == AdminState.REVOKED

    def refuse_revoked(self) -> None:
        """Raise ``ConnectionRevoked`` where the connection is gone for good."""
        if self.is_revoked:
            raise ConnectionRevoked(connection=self.connection)

    def refuse_outdated(self, token_epoch: int | None) -> None:
        """Raise ``TokenOutdated`` for a token from before the last suspension."""
        if (token_epoch or 0) < self.tokens_from_epoch:
            raise TokenOutdated(connection=self.connection)
