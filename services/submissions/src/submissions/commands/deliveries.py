"""Taking in what systems pushed: a batch of deliveries becomes new versions in one transaction.

One read of the reports named, locked in a fixed order; one pass in memory; versions and heads
written with one statement (decisions/0006, 0008).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.delivery import Envelope
from chassis.outbox import publish
from submissions.commands import sending
from submissions.commands.outcomes import event_of
from submissions.documents.reading import WorkbookUnreadable, sheets_of
from submissions.domain.deliveries.bodies import read_body, unpack
from submissions.domain.deliveries.heads import Head
from submissions.domain.deliveries.intake import Arrival, Batch, Grant, NewVersion
from submissions.domain.deliveries.shapes import Delivery, UnreadableBody
from submissions.domain.deliveries.workbook_form import read_sheets
from submissions.domain.versions import SourceKind
from submissions.errors import CodeMapNotArrived, DeliveryHeadersMissing
from submissions.queries import deliveries as queries
from submissions.queries.deliveries import Known

KEEP_VERSIONS = """
WITH made AS (
    INSERT INTO report_versions
        (report_id, number, cells, source_kind, source_id, source_name, traceparent, made_at)
    SELECT v.report_id, v.number, v.cells, $7, v.source_id, v.source_name, v.traceparent, $8
    FROM unnest($1::uuid[], $2::int[], $3::json[], $4::text[], $5::text[], $6::text[])
        AS v (report_id, number, cells, source_id, source_name, traceparent))
UPDATE reports AS r
SET status = h.status, version = h.version, revision = h.revision, approved_by = NULL
FROM unnest($9::uuid[], $10::text[], $11::int[], $12::int[]) AS h (id, status, version, revision)
WHERE r.id = h.id
"""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def take_in(session: AsyncSession, envelopes: Sequence[Envelope], *, now: datetime) -> None:
    """Apply up to 20 deliveries in the order they came, and say of each what became of it."""
    read = [await arrival_of(envelope) for envelope in envelopes]
    arrivals = await made_ready(session, read)
    known = await known_to(session, arrivals)
    for run in runs(arrivals, known.units):
        batch = await batch_for(session, run, known)
        outcomes = [batch.take(arrival) for arrival in run]
        await _write(session, batch.versions, batch.changed, now=now)
        for outcome in outcomes:
            await sending.send_where_asked(session, outcome, now=now)
            publish(session, event_of(outcome, now=now), traceparent=outcome.arrival.traceparent)


def agencies_of(arrival: Arrival) -> set[str]:
    """Return our code of every agency that a delivery names."""
    content = arrival.content
    if not isinstance(content, Delivery):
        return set()
    named = {part.agency for part in content.parts}
    return set(map(arrival.codes.agency, named)) if arrival.codes.agencies else named


def runs(arrivals: Sequence[Arrival], units: Mapping[str, str]) -> Iterator[list[Arrival]]:
    """Part a batch where a delivery meets a report that one before it asks to send."""
    run: list[Arrival] = []
    sent: set[str] = set()
    for arrival in arrivals:
        named = {units.get(agency, agency) for agency in agencies_of(arrival)}
        if sent & named:
            yield run
            run, sent = [], set()
        run.append(arrival)
        if isinstance(arrival.content, Delivery) and arrival.content.submit:
            sent |= named
    yield run


async def arrival_of(envelope: Envelope) -> Arrival:
    """Read an envelope: its headers must be whole, its body may be anything."""
    try:
        said = {
            name: envelope.extension(name)
            for name in ("receipt_id", "connection", "received_at", "content_type", "grant")
        }
        receipt_id = UUID(said["receipt_id"])
        received_at = datetime.fromisoformat(said["received_at"])
        grant = grant_of(said["grant"])
        code_map_version = int(envelope.headers.get("ce_codemap", "0"))
    except (KeyError, ValueError) as why:
        raise DeliveryHeadersMissing(why=str(why)) from why
    encoding = envelope.headers.get("ce_contentencoding", "")
    content = await content_of(envelope.body, said["content_type"], encoding)
    return Arrival(
        receipt_id,
        said["connection"],
        received_at,
        grant,
        envelope.traceparent,
        content,
        code_map_version,
    )


async def content_of(body: bytes, content_type: str, encoding: str) -> Delivery | UnreadableBody:
    """Read the bytes of a delivery, or say why they make no sense."""
    try:
        if content_type == XLSX:
            return read_sheets(await sheets_of(unpack(body, encoding)))
        return read_body(body, content_type, encoding)
    except UnreadableBody as why:
        return why
    except WorkbookUnreadable:
        return UnreadableBody("invalid-workbook")


def grant_of(text: str) -> Grant:
    """Read what the connection might push when the delivery arrived; null is everything."""
    said = msgspec.json.decode(text, type=dict[str, list[str] | None])
    regimes, agencies = said.get("regimes"), said.get("agencies")
    return Grant(
        None if regimes is None else frozenset(regimes),
        None if agencies is None else frozenset(agencies),
    )


async def made_ready(session: AsyncSession, arrivals: list[Arrival]) -> list[Arrival]:
    """Return deliveries with the codes that they speak, their regime and period known."""
    return await _placed(session, await _with_codes(session, arrivals))


async def _with_codes(session: AsyncSession, arrivals: list[Arrival]) -> list[Arrival]:
    """Give each delivery the code map that it names, and its regime in our code.

    A map may arrive after a delivery that names it: then the delivery waits
    (``CodeMapNotArrived``) and is never read without its map.
    """
    wanted = {(one.connection, one.code_map_version) for one in arrivals if one.code_map_version}
    if not wanted:
        return arrivals
    maps = await queries.code_maps(session, wanted)
    for connection, version in wanted - maps.keys():
        raise CodeMapNotArrived(connection=connection, version=version)
    ready = []
    for one in arrivals:
        codes = maps.get((one.connection, one.code_map_version), one.codes)
        content = one.content
        if isinstance(content, Delivery):
            content = replace(content, regime=codes.regimes.get(content.regime, content.regime))
        ready.append(replace(one, codes=codes, content=content))
    return ready


async def _placed(session: AsyncSession, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Find the regime and period of tables that do not name them, where only one can be meant."""
    placed = []
    for arrival in arrivals:
        content = arrival.content
        if isinstance(content, Delivery) and not (content.regime and content.period):
            found = await queries.open_periods(session, arrival, content)
            if len(found) == 1:
                content = replace(content, regime=found[0][0], period=found[0][1])
            else:
                content = UnreadableBody("regime-and-period-needed")
            placed.append(replace(arrival, content=content))
        else:
            placed.append(arrival)
    return placed


async def known_to(session: AsyncSession, arrivals: Sequence[Arrival]) -> Known:
    """Return what there is of the agencies and regimes that deliveries name."""
    agencies = {agency for one in arrivals for agency in agencies_of(one)}
    regimes = {one.content.regime for one in arrivals if isinstance(one.content, Delivery)}
    return await queries.known(session, agencies, regimes)


async def batch_for(
    session: AsyncSession, arrivals: Sequence[Arrival], known: Known, *, is_locked: bool = True
) -> Batch:
    """Return what deliveries meet, the reports locked unless nothing will be written."""
    keys = {
        (arrival.content.regime, arrival.content.period, known.units[agency])
        for arrival in arrivals
        if isinstance(arrival.content, Delivery) and arrival.content.regime in known.regimes
        for agency in agencies_of(arrival)
        if agency in known.units
    }
    plans = {code: regime.plan for code, regime in known.regimes.items()}
    return Batch(
        in_force_from={code: regime.in_force_from for code, regime in known.regimes.items()},
        units=known.units,
        heads=await queries.heads(session, keys, plans, is_locked=is_locked),
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
        KEEP_VERSIONS,
        [version.report_id for version in versions],
        [version.number for version in versions],
        [version.text for version in versions],
        [str(version.arrival.receipt_id) for version in versions],
        [version.arrival.connection for version in versions],
        [version.arrival.traceparent for version in versions],
        SourceKind.RECEIPT.value,
        now,
        list(changed),
        [head.status.value for head in changed.values()],
        [head.version for head in changed.values()],
        [head.revision for head in changed.values()],
    )
