"""What connector-gateway says, version 1: deliveries, connections, dispatches, roots, keys."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.accounts.v1 import PublicKey
from contracts.event import Event
from contracts.topics import (
    CODE_MAPS,
    CONNECTION_KEYS,
    CONNECTIONS,
    DELIVERIES,
    DISPATCHES,
    LEDGER_ROOTS,
)


class Ground(StrEnum):
    """The three legal grounds of suspension (Điều 8.1)."""

    MAINTENANCE = "MAINTENANCE"
    """Điểm a: nâng cấp, mở rộng, bảo trì."""
    FORCE_MAJEURE = "FORCE_MAJEURE"
    """Điểm b: bất khả kháng."""
    SECURITY_RISK = "SECURITY_RISK"
    """Điểm c: có khả năng làm mất an toàn, an ninh thông tin."""


class Direction(StrEnum):
    """Which way figures go through a connection."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class DeliveryReceived(
    Event,
    type="connector-gateway.delivery.received.v1",
    topic=DELIVERIES,
    key="connection",
    facts_in="headers",
):
    """A ministry system pushed figures (Điều 3.5): travels as its own bytes.

    The Kafka value is the body exactly as it came; the facts below ride in headers as
    CloudEvents extensions of the same names, and ``grant`` pins what the connection was
    allowed at the moment of receipt. decisions/0006.
    """

    receipt_id: UUID
    connection: str
    received_at: datetime
    content_type: str
    """``application/json`` | ``text/csv`` | the media type of XLSX."""
    content_encoding: str = ""
    """Empty, ``gzip`` or ``zstd``."""
    grant: str
    """JSON: ``{"regimes": [...]|null, "agencies": [...]|null}``, null = all."""
    code_map: int = 0
    """Version of the code map in force at the moment of receipt; 0 where there was none."""


class CodeMapPublished(
    Event, type="connector-gateway.code-map.published.v1", topic=CODE_MAPS, key="connection"
):
    """What the codes of another system mean here (Điều 3.3, 3.5); a version never changes.

    A delivery is read with the version that it names. An empty map of a kind means that codes of
    that kind are the hub's own.
    """

    connection: str
    version: int = Field(ge=1)
    regimes: dict[str, str] = Field(default_factory=dict)
    """Their code of a regime → ours."""
    agencies: dict[str, str] = Field(default_factory=dict)
    """Their code of an agency → one of ours."""
    rows: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Our regime code → their code of a row → ours."""
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Our regime code → their code of a column → ours."""
    published_at: datetime


class ConnectionSuspensionScheduled(
    Event,
    type="connector-gateway.connection.suspension-scheduled.v1",
    topic=CONNECTIONS,
    key="connection",
):
    """A connection is going to stop for maintenance: its owner hears before it does (Điều 8.2)."""

    connection: str
    suspension_id: UUID
    ground: Ground
    directions: list[Direction]
    public_reason: str
    notice_id: UUID
    effective_at: datetime
    """When it will stop, unless the order is cancelled or its notice was not out in time."""
    expected_end: datetime | None = None
    epoch: int
    system_name: str
    owner_agency: str
    owner_email: str
    scheduled_at: datetime


class ConnectionSuspended(
    Event, type="connector-gateway.connection.suspended.v1", topic=CONNECTIONS, key="connection"
):
    """A connection stopped on a legal ground (Điều 8.1); its owner is told (Điều 8.4)."""

    connection: str
    suspension_id: UUID
    ground: Ground
    directions: list[Direction]
    public_reason: str
    notice_id: UUID
    effective_at: datetime
    expected_end: datetime | None = None
    epoch: int
    system_name: str
    owner_agency: str
    """Cơ quan chủ quản hệ thống."""
    owner_email: str


class SuspensionAcknowledged(
    Event, type="connector-gateway.suspension.acknowledged.v1", topic=CONNECTIONS, key="connection"
):
    """The owner of a stopped system says that it has been told (Điều 8.4); once a connection."""

    connection: str
    suspension_id: UUID
    acknowledged_by_name: str
    """A person of the owner's agency, or the system itself."""
    acknowledged_at: datetime


class ConnectionResumed(
    Event, type="connector-gateway.connection.resumed.v1", topic=CONNECTIONS, key="connection"
):
    """A suspension was lifted; what was held goes out or was discarded by decision."""

    connection: str
    suspension_id: UUID
    directions: list[Direction]
    remedy: str
    epoch: int
    resumed_at: datetime
    system_name: str
    owner_agency: str
    owner_email: str


class ConnectionFlagged(
    Event, type="connector-gateway.connection.flagged.v1", topic=CONNECTIONS, key="connection"
):
    """Somebody says that a connection may be a security risk; a person decides (Điều 8.1c)."""

    connection: str
    flag_id: UUID
    reason: str
    flagged_by: str
    flagged_at: datetime


class DeliveryAcknowledged(
    Event,
    type="connector-gateway.dispatch.acknowledged.v1",
    topic=DISPATCHES,
    key="consolidation_id",
):
    """The authority's system took a forwarded report and said so (Điều 7.4)."""

    consolidation_id: UUID
    connection: str
    dispatch_id: UUID
    acknowledged_at: datetime


class LedgerRootSigned(
    Event, type="connector-gateway.ledger-root.signed.v1", topic=LEDGER_ROOTS, key="day"
):
    """The exchange ledger of a day was sealed; the feed of notices keeps it (Điều 8.3).

    What is signed names connections and how much passed through them: its digest alone is public.
    """

    day: date
    root: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the statement over the heads of all chains, in base16."""
    kid: str
    signature: str = Field(pattern="^[0-9a-f]{128}$")
    """Ed25519 over the 32 bytes of ``root``, in base16."""
    signed_at: datetime


class ConnectionKeysRotated(
    Event, type="connector-gateway.keys.rotated.v1", topic=CONNECTION_KEYS, key="issuer"
):
    """The keys with which connector-gateway signs tokens, receipts and webhooks."""

    issuer: str
    keys: list[PublicKey] = Field(min_length=1)
    rotated_at: datetime
