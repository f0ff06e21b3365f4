"""A push (đẩy số liệu) on its way in: what it brings, the fence it meets, what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis.errors import Refusal
from connector_gateway.domain.connections import Gate, WhileSuspended
from connector_gateway.domain.ledger import Facts, Head, Kind, Link, extend
from connector_gateway.domain.policies import NOTHING_FORBIDDEN, Policy, Signing
from connector_gateway.domain.quotas import Purse
from connector_gateway.domain.receipts import Accepted, Delivery
from connector_gateway.domain.signatures import Message, Signers, check
from connector_gateway.errors.policies import SignatureRequired


@dataclass(frozen=True)
class Push:
    """What a system that has signed in asks to be taken."""

    connection: str
    epoch: int | None
    """Of its token."""
    offered: Delivery | Refusal
    """The body, or what the door found wrong with it."""
    traceparent: str | None = None
    source: str | None = ""
    """The address from which it comes, as the gateway saw it; None where the hub fetched it."""
    message: Message | None = None
    """The request that brought it, as its sender signed it."""

    @property
    def lane(self) -> str:
        """Return what it locks: its connection."""
        return self.connection

    @property
    def size(self) -> int:
        """Return the bytes of its body."""
        return len(self.offered.body) if isinstance(self.offered, Delivery) else 0

    @property
    def key(self) -> str | None:
        """Return its ``Idempotency-Key``; None where it was unreadable."""
        return self.offered.key if isinstance(self.offered, Delivery) else None

    @property
    def digest(self) -> str | None:
        """Return the digest of the body as the ledger writes it; None where it was unreadable."""
        return self.offered.sha256.hex() if isinstance(self.offered, Delivery) else None


@dataclass(frozen=True)
class Fence:
    """A connection's row, locked: everything that decides whether a push may pass."""

    id: UUID
    code: str
    is_offered: bool
    gate: Gate
    while_suspended: WhileSuspended
    grants: str
    code_map_version: int
    policy: Policy = NOTHING_FORBIDDEN
    purse: Purse | None = None
    """What is left of the quota, where there is one."""
    signers: Signers = field(default_factory=dict)
    """The keys with which its pushes may be signed, where they must be."""
    head: Head = field(default_factory=Head)
    """The end of its chain."""
    earlier: Mapping[str, Accepted] = field(default_factory=dict)
    """What was answered before to pushes with the same ``Idempotency-Key``."""

    def refuse_unsigned(self, push: Push, delivery: Delivery, *, now: datetime) -> None:
        """Raise ``SignatureRequired`` or ``SignatureInvalid`` where a push must be signed.

        What the hub fetched was proven by its server: TLS, or the pinned host key.
        """
        if self.policy.signed is Signing.REQUIRED and push.source is not None:
            if push.message is None:
                raise SignatureRequired
            check(push.message, delivery.body, self.signers, now=now)

    @property
    def turns_away(self) -> bool:
        """Say whether a suspension stops pushes here and nothing is kept for later (Điều 8)."""
        is_there = self.is_offered and not self.gate.is_revoked
        return is_there and self.gate.is_stopped and self.while_suspended is WhileSuspended.REJECT


@dataclass(frozen=True)
class Passing:
    """A push that the gate has let through."""

    fence: Fence
    delivery: Delivery
    traceparent: str | None

    def after(self, head: Head, *, id: UUID, now: datetime) -> "Taken":
        """Return the receipt of this push and the ledger entry that follows ``head``.

        Raises ``QuotaExceeded``; time that never runs back makes the quota exact on every replica.
        """
        gate = self.fence.gate
        received_at = max(now, head.at.astimezone(now.tzinfo))
        if self.fence.purse:
            self.fence.purse.spend(len(self.delivery.body), received_at)
        accepted = Accepted(
            receipt=id,
            sha256=self.delivery.sha256,
            received_at=received_at,
            epoch=gate.epoch,
            ledger_index=head.index + 1,
            is_quarantined=gate.is_stopped,
        )
        facts: Facts = {
            "receipt": str(id),
            "sha256": self.delivery.sha256.hex(),
            "size": len(self.delivery.body),
            "epoch": accepted.epoch,
            "state": accepted.state.value,
        }
        kind = Kind.DELIVERY_RECEIVED
        link = extend(head, self.fence.code, kind, facts, at=accepted.received_at)
        return Taken(self.fence, self.delivery, self.traceparent, accepted, link)


def pinned(grants: str, code_map_version: int) -> dict[str, str]:
    """Return what is in force for a connection now, as the headers of a delivery say it."""
    return {"grant": grants, "code_map": str(code_map_version)}


Answer = Accepted | Refusal
"""What a push is told: its receipt, or why it is not taken."""


def with_limits(answer: Answer, limits: Mapping[str, str]) -> Answer:
    """Return an answer that also says what is left of the connection's quota."""
    if isinstance(answer, Accepted):
        return replace(answer, limits=limits)
    answer.headers |= limits
    return answer


@dataclass(frozen=True)
class Taken:
    """A push with its receipt and its place in the ledger."""

    fence: Fence
    delivery: Delivery
    traceparent: str | None
    accepted: Accepted
    link: Link
