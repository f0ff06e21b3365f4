"""Taking in what systems pushed: a batch of deliveries becomes new versions in one transaction.

One read of the reports named, locked in a fixed order; one pass in memory; versions and heads
written with one statement each (decisions/0006, 0008).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.delivery import Envelope
from chassis.outbox import publish
from chassis.problems import Texts
from contracts.submissions.v1 import (
    DeliveryOutcome,
    DeliveryProcessed,
    Rejection,
    ReportOutcome,
)
from contracts.text import FORBIDDEN
from submissions.domain.deliveries.bodies import read_body
from submissions.domain.deliveries.checks import Bad
from submissions.domain.deliveries.heads import Head
from submissions.domain.deliveries.intake import Arrival, Batch, Grant, NewVersion, Outcome, Taken
from submissions.domain.deliveries.shapes import Delivery, UnreadableBody
from submissions.domain.versions import SourceKind
from submissions.errors import DeliveryHeadersMissing
from submissions.queries import deliveries as queries

INSERT_VERSIONS = """
INSERT INTO report_versions
    (report_id, number, cells, source_kind, source_id, source_name, traceparent, made_at)
SELECT v.report_id, v.number, v.cells, $7, v.source_id, v.source_name, v.traceparent, $8
FROM unnest($1::uuid[], $2::int[], $3::jsonb[], $4::text[], $5::text[], $6::text[])
    AS v (report_id, number, cells, source_id, source_name, traceparent)
"""
MOVE_HEADS = """
UPDATE reports AS r SET status = h.status, version = h.version, revision = h.revision
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[]) AS h (id, status, version, revision)
WHERE r.id = h.id
"""
LONGEST_ECHO = 60
MOST_ECHOES = 2000
"""Beyond so many, rejected figures are named without their value: a receipt must travel too."""

TEXTS = Texts("submissions")


async def take_in(session: AsyncSession, envelopes: Sequence[Envelope], *, now: datetime) -> None:
    """Apply up to 20 deliveries in the order they came, and say of each what became of it."""
    arrivals = [arrival_of(envelope) for envelope in envelopes]
    batch = await _batch_for(session, arrivals)
    outcomes = [batch.take(arrival) for arrival in arrivals]
    await _write(session, batch.versions, batch.changed, now=now)
    for outcome in outcomes:
        publish(session, event_of(outcome, now=now), traceparent=outcome.arrival.traceparent)


def arrival_of(envelope: Envelope) -> Arrival:
    """Read an envelope: its headers must be whole, its body may be anything."""
    try:
        said = {
            name: envelope.extension(name)
            for name in ("receipt_id", "connection", "received_at", "content_type", "grant")
        }
        receipt_id = UUID(said["receipt_id"])
        received_at = datetime.fromisoformat(said["received_at"])
        grant = grant_of(said["grant"])
    except (KeyError, ValueError) as why:
        raise DeliveryHeadersMissing(why=str(why)) from why
    encoding = envelope.headers.get("ce_contentencoding", "")
    content: Delivery | UnreadableBody
    try:
        content = read_body(envelope.body, said["content_type"], encoding)
    except UnreadableBody as why:
        content = why
    return Arrival(
        receipt_id, said["connection"], received_at, grant, envelope.traceparent, content
    )


def grant_of(text: str) -> Grant:
    """Read what the connection might push when the delivery arrived; null is everything."""
    said = msgspec.json.decode(text, type=dict[str, list[str] | None])
    regimes, agencies = said.get("regimes"), said.get("agencies")
    return Grant(
        None if regimes is None else frozenset(regimes),
        None if agencies is None else frozenset(agencies),
    )


async def _batch_for(session: AsyncSession, arrivals: Sequence[Arrival]) -> Batch:
    readable = [one.content for one in arrivals if isinstance(one.content, Delivery)]
    regimes = await queries.regimes_by_code(session, {one.regime for one in readable})
    agencies = {part.agency for one in readable for part in one.parts}
    units = await queries.units_by_code(session, agencies)
    keys = {
        (one.regime, one.period, units[part.agency])
        for one in readable
        if one.regime in regimes
        for part in one.parts
        if part.agency in units
    }
    plans = {code: regime.plan for code, regime in regimes.items()}
    return Batch(
        in_force_from={code: regime.in_force_from for code, regime in regimes.items()},
        units=units,
        heads=await queries.heads_for_update(session, keys, plans),
    )


async def _write(
    session: AsyncSession,
    versions: Sequence[NewVersion],
    changed: Mapping[UUID, Head],
    *,
    now: datetime,
) -> None:
    if not versions:
        return
    connection = await raw_connection(session)
    await connection.execute(
        INSERT_VERSIONS,
        [version.report_id for version in versions],
        [version.number for version in versions],
        [msgspec.json.encode(version.cells).decode() for version in versions],
        [str(version.arrival.receipt_id) for version in versions],
        [version.arrival.connection for version in versions],
        [version.arrival.traceparent for version in versions],
        SourceKind.RECEIPT.value,
        now,
    )
    await connection.execute(
        MOVE_HEADS,
        list(changed),
        [head.status.value for head in changed.values()],
        [head.version for head in changed.values()],
        [head.revision for head in changed.values()],
    )


def event_of(outcome: Outcome, *, now: datetime) -> DeliveryProcessed:
    """Say what became of a delivery, every figure that was not taken with its place."""
    arrival = outcome.arrival
    return DeliveryProcessed(
        receipt_id=arrival.receipt_id,
        connection=arrival.connection,
        outcome=DeliveryOutcome.REFUSED if outcome.refused else DeliveryOutcome.COMPLETED,
        counts=outcome.counts,
        reports=[_report(taken) for taken in outcome.reports],
        rejections=list(_rejections(outcome)),
        problem=_problem(outcome),
        processed_at=now,
    )


def _report(taken: Taken) -> ReportOutcome:
    return ReportOutcome(
        agency=echo(taken.agency),
        report=taken.head.id if taken.head else None,
        version=taken.version,
        state=taken.status.value if taken.status else None,
        counts=taken.counts,
        note=taken.note,
    )


def _rejections(outcome: Outcome) -> Iterable[Rejection]:
    if outcome.refused and outcome.pointer:
        yield Rejection(
            pointer=outcome.pointer,
            type=f"/problems/{outcome.refused}",
            detail=TEXTS.detail(outcome.refused, outcome.params),
        )
    for at, (agency, bad) in enumerate(outcome.bad):
        yield _rejection(outcome, agency, bad, with_value=at < MOST_ECHOES)


def _rejection(outcome: Outcome, agency: str, bad: Bad, *, with_value: bool) -> Rejection:
    figure = bad.figure
    params = {**outcome.params, "agency": echo(agency), **bad.params}
    return Rejection(
        pointer=figure.pointer,
        agency=echo(agency),
        row=echo(figure.row),
        column=echo(figure.column),
        value=echo(figure.value) if with_value else None,
        type=f"/problems/{bad.slug}",
        detail=TEXTS.detail(bad.slug, params),
    )


def _problem(outcome: Outcome) -> dict[str, str] | None:
    if outcome.refused is None:
        return None
    return {
        "type": f"/problems/{outcome.refused}",
        "title": TEXTS.title(outcome.refused),
        "detail": TEXTS.detail(outcome.refused, {**outcome.params, "agency": "…"}),
    }


def echo(value: object) -> str:
    """Return what somebody sent so that it can be shown: short, and nothing invisible."""
    text = str(value)
    shown = FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:LONGEST_ECHO])
    return f"{shown}…" if len(text) > LONGEST_ECHO else shown
