"""Reads of deliveries: the fence that a push meets, receipts, what is held."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from pydantic import Field
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.domain.connections import Gate, WhileSuspended
from connector_gateway.domain.credentials import Credential
from connector_gateway.domain.ledger import Head
from connector_gateway.domain.policies import Policy, Signing
from connector_gateway.domain.pushes import Fence, Push
from connector_gateway.domain.quotas import Purse, Spent
from connector_gateway.domain.receipts import Accepted
from connector_gateway.domain.signatures import Signers
from connector_gateway.queries import LocalMoment, View

# The row lock is the fence (decisions/0005): what is read here stays true until the commit.
FENCES = "SELECT * FROM fences_of_pushes(sharing_turns($1, $3), $2::text[], $3)"
EARLIER = ("repeated", "receipts", "digests", "received", "epochs", "indexes", "quarantined")
"""Columns side by side: a key that was used before, and what its push was answered."""
RECEIPT = """
SELECT r.id AS receipt, r.sha256, r.received_at, r.epoch, r.ledger_index, r.content_type, r.size,
       CASE WHEN o.state IS NOT NULL THEN o.state WHEN h.receipt_id IS NOT NULL THEN 'held'
            ELSE 'received' END AS state,
       o.finished_at, o.result, o.reason
FROM receipts AS r JOIN connections AS c ON c.id = r.connection_id
LEFT JOIN outcomes AS o ON o.receipt_id = r.id
LEFT JOIN held_deliveries AS h ON h.receipt_id = r.id
"""
ONE_RECEIPT = f"{RECEIPT} WHERE c.code = $1 AND r.id = $2"
SOME_RECEIPTS = f"{RECEIPT} WHERE c.code = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3"
LAST_UUID = UUID(int=(1 << 128) - 1)
FINISHED = "SELECT receipt_id FROM outcomes WHERE receipt_id = ANY($1::uuid[])"


class CountsView(View):
    """Figures of a delivery by what became of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class ReceiptView(View):
    """A receipt: what arrived, where it stands, every figure that was not taken."""

    receipt: UUID
    state: str
    sha256: str
    received_at: LocalMoment
    epoch: int
    ledger_index: int
    content_type: str
    size: int
    finished_at: LocalMoment | None = None
    counts: CountsView | None = None
    reports: list[dict[str, Any]] = Field(default_factory=list)
    rejections: list[dict[str, Any]] = Field(default_factory=list)
    problem: dict[str, str] | None = None
    discard_reason: str | None = None


async def fences_for_update(
    session: AsyncSession, pushes: Sequence[Push], *, waits: bool
) -> dict[str, Fence]:
    """Lock the rows of connections and return what they decide for ``pushes``.

    Rows that somebody else holds are passed over unless the caller ``waits`` for them. Keys are
    read only for connections whose pushes must be signed.
    """
    connection = await raw_connection(session)
    codes, keys = [push.connection for push in pushes], [push.key for push in pushes]
    rows = await connection.fetch(FENCES, codes, keys, waits)
    fences = {row["code"]: _fence(row) for row in rows}
    for fence in fences.values():
        if fence.policy.signed is Signing.REQUIRED:
            signers = await signers_of(session, fence.id)
            fences[fence.code] = replace(fence, signers=signers)
    return fences


async def signers_of(session: AsyncSession, connection: UUID) -> Signers:
    """Return the keys with which pushes of a connection may be signed now, by their ids."""
    found = await session.exec(
        select(Credential).where(
            Credential.connection_id == connection,
            col(Credential.valid_from) <= func.now(),
            col(Credential.valid_to).is_(None) | (col(Credential.valid_to) > func.now()),
        )
    )
    return {
        kid: key for one in found if (key := one.signer) for kid in (one.kid, one.thumbprint) if kid
    }


def _fence(row: Any) -> Fence:
    state = row["inbound_state"]
    policy = Policy.from_text(row["policy"])
    spent = Spent(row["paced_until"], row["spent_on"], row["spent_bytes"])
    return Fence(
        id=row["id"],
        code=row["code"],
        is_offered=state is not None,
        gate=Gate(row["code"], state or "ACTIVE", row["epoch"], row["tokens_from_epoch"]),
        while_suspended=WhileSuspended(row["while_suspended"]),
        grants=row["grants"],
        code_map_version=row["code_map_version"],
        policy=policy,
        purse=Purse(policy.quota, spent) if policy.is_limited else None,
        head=Head(row["head_index"], row["head_hash"], row["head_at"])
        if row["head_at"]
        else Head(),
        earlier=_earlier(row),
    )


def _earlier(row: Any) -> dict[str, Accepted]:
    if not row["repeated"]:
        return {}
    return {
        key: Accepted(
            receipt=receipt,
            sha256=digest,
            received_at=received_at,
            epoch=epoch,
            ledger_index=index,
            is_quarantined=is_quarantined,
        )
        for key, receipt, digest, received_at, epoch, index, is_quarantined in zip(
            *(row[column] for column in EARLIER), strict=True
        )
    }


async def receipt(session: AsyncSession, code: str, receipt_id: UUID) -> ReceiptView | None:
    """Return one receipt of a connection."""
    connection = await raw_connection(session)
    row = await connection.fetchrow(ONE_RECEIPT, code, receipt_id)
    return _view(row) if row else None


async def receipts(
    session: AsyncSession, code: str, *, after: UUID | None, limit: int
) -> list[ReceiptView]:
    """Return receipts of a connection, the latest first."""
    connection = await raw_connection(session)
    rows = await connection.fetch(SOME_RECEIPTS, code, after or LAST_UUID, limit)
    return [_view(row) for row in rows]


async def finished(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of ``ids`` that have reached a final state."""
    connection = await raw_connection(session)
    return {row["receipt_id"] for row in await connection.fetch(FINISHED, ids)}


def _view(row: Any) -> ReceiptView:
    result = orjson.loads(row["result"]) if row["result"] else {}
    return ReceiptView(
        receipt=row["receipt"],
        state=row["state"],
        sha256=row["sha256"].hex(),
        received_at=row["received_at"],
        epoch=row["epoch"],
        ledger_index=row["ledger_index"],
        content_type=row["content_type"],
        size=row["size"],
        finished_at=row["finished_at"],
        counts=result.get("counts"),
        reports=result.get("reports", []),
        rejections=result.get("rejections", []),
        problem=result.get("problem"),
        discard_reason=row["reason"],
    )
