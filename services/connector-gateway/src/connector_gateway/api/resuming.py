"""Before a lift (Điều 8.3): what would work again, and what would become of what was held."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from fastapi import APIRouter, Request

from chassis.clock import ZONE, Now
from chassis.database import Transaction
from chassis.identifiers import new_id
from connector_gateway.api.bodies import LiftPreviewBody
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.commands import probes as commands
from connector_gateway.commands.announcements import words
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.keys import signing_key
from connector_gateway.connectors.webhook import Webhooks
from connector_gateway.domain.probes import PROBE, Finding
from connector_gateway.errors.suspensions import NotProbed, OrderNotOpen, SuspensionUnknown
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries import held as held_queries
from connector_gateway.queries import suspensions as queries
from connector_gateway.queries.held import LiftPreviewView
from connector_gateway.queries.known import names_of_people
from connector_gateway.queries.probes import Seen, Stopped, last_seen
from connector_gateway.settings import Settings
from contracts.connector_gateway.v1 import Direction

router = APIRouter(tags=["suspensions"])


class ProbedView(View):
    """What was seen of one direction: the receiver's answer, or the credentials that are valid."""

    connection: str
    direction: Direction
    is_sound: bool
    detail: str
    status: int | None
    problem: str | None
    seconds: float | None
    credentials: int | None
    valid_until: LocalMoment | None


class ProbeView(View):
    """What a probe saw of everything that an order stops, when, and who asked for it."""

    probed_at: LocalMoment
    probed_by: str
    is_sound: bool
    directions: list[ProbedView]


@router.post("/suspensions/{suspension}/lift/preview")
async def preview_lift(
    suspension: UUID, body: LiftPreviewBody, session: Transaction, _: Reader, now: Now
) -> LiftPreviewView:
    """Say what lifting the order with this decision would do; nothing changes.

    How much would go on, be superseded or discarded, and how old the oldest is, by connection.
    422 `reason-required`, 404 `suspension-unknown`, 409 `order-not-open`.
    """
    choice = body.choice
    found = await queries.suspension(session, suspension)
    if found is None:
        raise SuspensionUnknown(suspension=suspension)
    if not found.is_open:
        raise OrderNotOpen(state=found.state)
    return await held_queries.preview(session, suspension, choice, now=now)


@router.get("/suspensions/{suspension}/probe")
async def last_probe(suspension: UUID, session: Transaction, _: Reader) -> ProbeView:
    """Return what was seen last of each direction that the order stops, as the ledger keeps it.

    404 `suspension-unknown`, 404 `not-probed`.
    """
    if await queries.suspension(session, suspension) is None:
        raise SuspensionUnknown(suspension=suspension)
    seen = await last_seen(session, suspension)
    if not seen:
        raise NotProbed(suspension=suspension)
    last = max(seen, key=lambda one: one.at)
    names = await names_of_people(session, {last.by})
    return _view(seen, at=last.at, by=names.get(last.by, last.by))


@router.post("/suspensions/{suspension}/probe")
async def probe(suspension: UUID, request: Request, who: Operator, now: Now) -> ProbeView:
    """Try what the order stops, before it is lifted; what was seen is kept in the ledger.

    Outbound: a signed event of type `connector-gateway.probe`, without any report, is sent to the
    receiver once. Inbound: the credentials that would sign in are counted. Nothing held moves.
    404 `suspension-unknown`, 409 `order-not-open`.
    """
    state = request.app.state
    async with state.database.transaction() as session:
        stopped = await commands.begin_probe(session, suspension, now=now)
    findings = await _look(stopped, suspension, state.settings, now)
    found: dict[UUID, list[Finding]] = defaultdict(list)
    for one, finding in zip(stopped, findings, strict=True):
        found[one.connection_id].append(finding)
    by = person(who)
    async with state.database.transaction() as session:
        await commands.record_probe(session, suspension, found, by, now=now)
    pairs = zip(stopped, findings, strict=True)
    seen = [Seen(one.code, finding, now, by.subject) for one, finding in pairs]
    return _view(seen, at=now, by=by.name)


async def _look(
    stopped: list[Stopped], suspension: UUID, settings: Settings, now: datetime
) -> list[Finding]:
    """Try every direction at the same time, outside any transaction."""
    webhooks = Webhooks(
        signing_key(settings.signing_key_file),
        permitted=settings.private_targets,
        timeout=settings.webhook_timeout,
    )
    try:
        return await asyncio.gather(*(_try(one, suspension, webhooks, now) for one in stopped))
    finally:
        webhooks.close()


async def _try(one: Stopped, suspension: UUID, webhooks: Webhooks, now: datetime) -> Finding:
    if one.direction is Direction.INBOUND:
        return Finding.of_credentials(one.credentials, one.valid_until)
    facts = {"connection": one.code, "suspension": str(suspension)}
    id = new_id()
    parcel = Parcel(
        dispatch=id,
        connection=one.code,
        number=0,
        epoch=one.epoch,
        url=one.webhook_url or "",
        webhook_id=f"msg_{id.hex}",
        payload=orjson.dumps({"type": PROBE, "timestamp": now.isoformat(), "data": facts}),
        traceparent=None,
    )
    clock = asyncio.get_running_loop().time
    began = clock()
    return Finding.of_answer(await webhooks.send(parcel, now=now), clock() - began)


def _view(seen: Sequence[Seen], *, at: datetime, by: str) -> ProbeView:
    return ProbeView(
        probed_at=at,
        probed_by=by,
        is_sound=all(one.finding.is_sound for one in seen),
        directions=[_probed(one.code, one.finding) for one in seen],
    )


def _probed(connection: str, finding: Finding) -> ProbedView:
    until = finding.valid_until.astimezone(ZONE) if finding.valid_until else None
    said = {
        "status": finding.status,
        "problem": finding.problem,
        "seconds": f"{finding.seconds or 0:.1f}".replace(".", ","),
        "count": finding.credentials,
        "until": f"{until:%H:%M %d/%m/%Y}" if until else words()["no-end"],
    }
    return ProbedView(
        connection=connection,
        direction=finding.direction,
        is_sound=finding.is_sound,
        detail=words()[finding.why].format_map(said),
        status=finding.status,
        problem=finding.problem,
        seconds=finding.seconds,
        credentials=finding.credentials,
        valid_until=finding.valid_until,
    )
