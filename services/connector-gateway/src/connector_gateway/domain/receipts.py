"""A receipt (biên nhận): the proof that a delivery arrived, and what became of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text, UniqueConstraint
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words


class ReceiptState(StrEnum):
    """Where a delivery stands."""

    RECEIVED = "received"
    COMPLETED = "completed"
    REFUSED = "refused"
    HELD = "held"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Delivery:
    """A push as it came, after the cheap checks of the door."""

    key: str
    body: bytes
    content_type: str
    content_encoding: str

    @cached_property
    def sha256(self) -> bytes:
        """Return the digest of the body as sent."""
        return hashlib.sha256(self.body).digest()


@dataclass(frozen=True)
class Accepted:
    """What the sender of a delivery is answered; the same again for the same key and body."""

    receipt: UUID
    sha256: bytes
    received_at: datetime
    epoch: int
    ledger_index: int
    is_quarantined: bool
    limits: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What is left of the connection's quota, as headers; nothing where it has none."""

    @property
    def state(self) -> ReceiptState:
        """Return the state in which the delivery arrived."""
        return ReceiptState.HELD if self.is_quarantined else ReceiptState.RECEIVED


@dataclass(frozen=True)
class Completion:
    """What submissions made of a delivery: its result as it came on the topic."""

    receipt: UUID
    state: ReceiptState
    result: bytes


class Receipt(Table, table=True):
    """The arrival of a delivery; never changed afterwards."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("connection_id", "idempotency_key"),)

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connections.id")
    idempotency_key: str = Field(sa_type=Text)
    sha256: bytes
    content_type: str = Field(sa_type=Text)
    content_encoding: str = Field(sa_type=Text)
    size: int
    received_at: datetime = Field(sa_type=Moment)
    epoch: int = Field(sa_type=BigInteger)
    ledger_index: int = Field(sa_type=BigInteger)
    is_quarantined: bool


class Outcome(Table, table=True):
    """The end of a delivery, written once beside its receipt."""

    __tablename__ = "outcomes"

    receipt_id: UUID = Field(primary_key=True, foreign_key="receipts.id")
    state: ReceiptState = Field(sa_column=Column(words(ReceiptState), nullable=False))
    finished_at: datetime = Field(sa_type=Moment)
    result: bytes | None = None
    reason: str | None = Field(default=None, sa_type=Text)


class HeldDelivery(Table, table=True):
    """A delivery that arrived while suspended: stored as it came, not processed."""

    __tablename__ = "held_deliveries"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    receipt_id: UUID = Field(primary_key=True, foreign_key="receipts.id", unique=True)
    received_at: datetime = Field(sa_type=Moment)
    body: bytes
    grants: str = Field(sa_type=Text)
    code_map_version: int = 0
    traceparent: str | None = Field(default=None, sa_type=Text)
    is_released: bool = False
