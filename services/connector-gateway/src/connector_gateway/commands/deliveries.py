"""Taking in what systems push: one transaction from the fence to the outbox (Điều 3.5).

Pushes that arrive together share it (decisions/0010).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.errors import Refusal
from chassis.identifiers import new_id
from chassis.outbox import publish_bytes
from connector_gateway.commands import tallies
from connector_gateway.commands.admissions import turn_away
from connector_gateway.domain.held import QUARANTINE, Bound
from connector_gateway.domain.pushes import Answer, Fence, Passing, Push, Taken, pinned, with_limits
from connector_gateway.domain.quotas import Purse
from connector_gateway.domain.receipts import Accepted, Completion, Delivery
from connector_gateway.errors.connections import ConnectionUnknown, DirectionNotOffered
from connector_gateway.errors.deliveries import IdempotencyKeyReused
from connector_gateway.errors.policies import QuotaExceeded
from connector_gateway.queries import deliveries as queries
from connector_gateway.queries import held as held_queries
from contracts.connector_gateway.v1 import DeliveryReceived

REFUSED = Counter(
    "hub_pushes_refused_total", "Pushes that were not taken, by the problem", ["connection", "why"]
)
TAKE_IN = """
WITH receipt AS (
    INSERT INTO receipts (id, connection_id, idempotency_key, sha256, content_type,
        content_encoding, size, received_at, epoch, ledger_index, is_quarantined)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[],
        $7::int[], $8::timestamptz[], $9::bigint[], $10::bigint[], $11::boolean[]))
INSERT INTO ledger_entries (chain, index, at, entry, hash)
SELECT * FROM unnest($12::text[], $10::bigint[], $8::timestamptz[], $13::text[], $14::bytea[])
"""
# Written only where a quota is set, in the statement that is sent anyway.
TAKE_IN_AND_SPEND = TAKE_IN.replace(
    "INSERT INTO ledger_entries",
    """, spent AS (
    UPDATE connections AS c
    SET paced_until = s.paced_until, spent_on = s.day, spent_bytes = s.bytes
    FROM unnest($15::uuid[], $16::timestamptz[], $17::date[], $18::bigint[])
        AS s(id, paced_until, day, bytes)
    WHERE c.id = s.id)
INSERT INTO ledger_entries""",
)
HOLD = """
INSERT INTO held_deliveries
    (connection_id, receipt_id, received_at, body, grants, code_map_version, traceparent,
     is_released)
VALUES ($1, $2, $3, $4, $5, $6, $7, false)
"""
COMPLETE = """
INSERT INTO outcomes (receipt_id, state, finished_at, result)
SELECT r.id, o.state, $3, o.result
FROM unnest($1::uuid[], $2::text[], $4::bytea[]) AS o(id, state, result)
JOIN receipts AS r ON r.id = o.id
ON CONFLICT (receipt_id) DO NOTHING
"""


async def receive(
    session: AsyncSession,
    pushes: Sequence[Push],
    *,
    waits: bool,
    now: datetime,
    bound: Bound = QUARANTINE,
) -> list[Answer | None]:
    """Take in pushes that arrived together, each on its own merits; answer them in order.

    The row of every connection stays locked from here to the commit, so after a suspension has
    committed nothing is accepted, or only into the quarantine (Điều 8.1; decisions/0005). None is
    the answer to pushes of a connection whose row somebody else holds, unless the caller
    ``waits``. What the door found wrong with a body is told only to whom the gate lets through. A
    quarantine that is full, by ``bound``, turns away as if there were none.
    """
    fences = await queries.fences_for_update(session, pushes, waits=waits)
    answers: list[Answer | None] = [None] * len(pushes)
    passing: list[tuple[int, Passing]] = []
    turned_away: list[int] = []
    for place, push in enumerate(pushes):
        fence = fences.get(push.connection)
        if fence is None:
            answers[place] = ConnectionUnknown(connection=push.connection) if waits else None
        elif fence.turns_away:
            turned_away.append(place)
        else:
            try:
                passing.append((place, _let_through(fence, push, now=now)))
            except Refusal as why:
                answers[place] = why
    taken = await _take_in(session, [one for _, one in passing], bound, now=now)
    for (place, _), answer in zip(passing, taken, strict=True):
        answers[place] = answer
    turned_away += [place for (place, _), one in zip(passing, taken, strict=True) if one is None]
    refused = await turn_away(session, fences, {at: pushes[at] for at in turned_away}, now=now)
    for place, refusal in refused.items():
        answers[place] = refusal
    await tallies.add_turned_down(session, fences, pushes, answers, now=now)
    return _told(pushes, answers, fences, now=now)


def _told(
    pushes: Sequence[Push],
    answers: Sequence[Answer | None],
    fences: Mapping[str, Fence],
    *,
    now: datetime,
) -> list[Answer | None]:
    """Count what is refused, and say with every answer what is left of a quota."""
    told = list(answers)
    for place, (push, answer) in enumerate(zip(pushes, answers, strict=True)):
        if isinstance(answer, Refusal):
            REFUSED.labels(push.connection, answer.slug).inc()
        fence = fences.get(push.connection)
        if answer is not None and fence is not None and fence.purse is not None:
            told[place] = with_limits(answer, fence.purse.headers(now))
    return told


def _let_through(fence: Fence, push: Push, *, now: datetime) -> Passing:
    """Return what the gate lets pass; raises the refusal of what it does not."""
    if not fence.is_offered:
        raise DirectionNotOffered(connection=fence.code)
    fence.gate.refuse_revoked()
    if not fence.gate.is_stopped:
        fence.gate.refuse_outdated(push.epoch)
    if push.source is not None:
        fence.policy.refuse_source(push.source)
    if isinstance(push.offered, Refusal):
        raise push.offered
    fence.refuse_unsigned(push, push.offered, now=now)
    fence.policy.refuse_format(push.offered.content_type)
    return Passing(fence, push.offered, push.traceparent)


async def _take_in(
    session: AsyncSession, passing: Sequence[Passing], bound: Bound, *, now: datetime
) -> list[Answer | None]:
    """Write receipts, ledger entries and outbox rows of new pushes; find repeated ones again.

    A repeated push takes nothing from a quota and needs no room. None is the answer to a push for
    which the quarantine has no room.
    """
    if not passing:
        return []
    fences = {one.fence.code: one.fence for one in passing}
    heads = {code: fence.head for code, fence in fences.items()}
    earlier = {code: dict(fence.earlier) for code, fence in fences.items()}
    stopped = {one.fence.id for one in passing if one.fence.gate.is_stopped}
    rooms = await held_queries.rooms(session, stopped, bound) if stopped else {}
    answers: list[Answer | None] = []
    taken: list[Taken] = []
    for one in passing:
        code, key = one.fence.code, one.delivery.key
        before = earlier[code].get(key)
        if before:
            answers.append(_same_again(before, one.delivery))
            continue
        room = rooms.get(one.fence.id)
        if room and not room.take(len(one.delivery.body)):
            answers.append(None)
            continue
        try:
            new = one.after(heads[code], id=new_id(), now=now)
        except QuotaExceeded as why:
            answers.append(why)
            continue
        heads[code] = new.link.head
        earlier[code][key] = new.accepted
        taken.append(new)
        answers.append(new.accepted)
    if taken:
        await _write(session, taken)
    return answers


def _same_again(accepted: Accepted, delivery: Delivery) -> Accepted | IdempotencyKeyReused:
    if accepted.sha256 == delivery.sha256:
        return accepted
    return IdempotencyKeyReused(receipt=accepted.receipt, extra={"receipt": str(accepted.receipt)})


async def _write(session: AsyncSession, taken: Sequence[Taken]) -> None:
    raw = await raw_connection(session)
    purses = {one.fence.id: one.fence.purse for one in taken if one.fence.purse}
    await raw.execute(
        TAKE_IN_AND_SPEND if purses else TAKE_IN,
        [one.accepted.receipt for one in taken],
        [one.fence.id for one in taken],
        [one.delivery.key for one in taken],
        [one.delivery.sha256 for one in taken],
        [one.delivery.content_type for one in taken],
        [one.delivery.content_encoding for one in taken],
        [len(one.delivery.body) for one in taken],
        [one.accepted.received_at for one in taken],
        [one.accepted.epoch for one in taken],
        [one.accepted.ledger_index for one in taken],
        [one.accepted.is_quarantined for one in taken],
        [one.fence.code for one in taken],
        [one.link.entry for one in taken],
        [one.link.hash for one in taken],
        *(_spent(purses) if purses else ()),
    )
    held = [one for one in taken if one.accepted.is_quarantined]
    if held:
        await raw.executemany(
            HOLD,
            [
                (
                    one.fence.id,
                    one.accepted.receipt,
                    one.accepted.received_at,
                    one.delivery.body,
                    one.fence.grants,
                    one.fence.code_map_version,
                    one.traceparent,
                )
                for one in held
            ],
        )
    for one in taken:
        if not one.accepted.is_quarantined:
            _send_on(session, one)


def _spent(purses: Mapping[UUID, Purse]) -> tuple[list[Any], ...]:
    spent = [purse.spent for purse in purses.values()]
    return (
        list(purses),
        [one.paced_until for one in spent],
        [one.day for one in spent],
        [one.bytes for one in spent],
    )


def _send_on(session: AsyncSession, one: Taken) -> None:
    headers = headers_of(
        one.fence.code,
        one.accepted.receipt,
        one.accepted.received_at,
        one.delivery.content_type,
        one.delivery.content_encoding,
    )
    publish_bytes(
        session,
        DeliveryReceived,
        one.delivery.body,
        key=one.fence.code,
        headers=headers | pinned(one.fence.grants, one.fence.code_map_version),
        traceparent=one.traceparent,
    )


def headers_of(
    code: str, receipt: UUID, received_at: datetime, content_type: str, content_encoding: str
) -> dict[str, str]:
    """Return the facts that ride beside the bytes of a delivery."""
    return {
        "content-type": content_type,
        "receipt_id": str(receipt),
        "connection": code,
        "received_at": received_at.isoformat(),
        "content_type": content_type,
        "content_encoding": content_encoding,
    }


async def complete(
    session: AsyncSession, completions: Sequence[Completion], *, now: datetime
) -> None:
    """Write down, in one statement, what submissions made of deliveries."""
    raw = await raw_connection(session)
    await raw.execute(
        COMPLETE,
        [completion.receipt for completion in completions],
        [completion.state.value for completion in completions],
        now,
        [completion.result for completion in completions],
    )
    await tallies.add_refused(session, completions)
