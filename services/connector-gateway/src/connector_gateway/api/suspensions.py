"""Suspending and lifting (Điều 8): orders, second person, acknowledgement of owners."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import Now
from chassis.database import Database, Transaction
from chassis.paging import Page
from connector_gateway.api.bodies import ExtendBody, LiftBody, SuspensionBody
from connector_gateway.api.callers import Entitled, Operator, Reader, person
from connector_gateway.commands import acknowledgements, extensions, lifts
from connector_gateway.commands import suspensions as commands
from connector_gateway.commands.announcements import scope_in_words
from connector_gateway.errors.suspensions import SuspensionUnknown
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import suspensions as queries
from connector_gateway.queries.suspensions import SuspensionView
from contracts.connector_gateway.v1 import Direction, Ground

router = APIRouter(tags=["suspensions"])


@router.post("/suspensions", status_code=201)
async def suspend(
    body: SuspensionBody, request: Request, who: Operator, now: Now
) -> SuspensionView:
    """Order a suspension (Điều 8.1); order and public notice leave together.

    `MAINTENANCE` needs `effective_at` with three full working days before it, else 422
    `notice-too-short`; below seven the answer carries a warning. `FORCE_MAJEURE` and
    `SECURITY_RISK` are in force when this answers; the latter stops one connection only.
    409 `connection-essential` unless `include_essential`.
    """
    database: Database = request.app.state.database
    async with database.transaction() as session:
        suspension, warnings = await commands.suspend(session, body.order, person(who), now=now)
    # Told of after the commit, so that nobody waits for the answer at a locked row.
    async with database.transaction() as session:
        view = await _view(session, suspension.id)
    return view.model_copy(update={"warnings": warnings})


class ReachedView(View):
    """A connection that an order would stop, and who would be told (Điều 8.4)."""

    code: str
    name: str
    directions: list[Direction]
    system: str
    owner_agency: str
    owner_email: str


class PlanView(View):
    """What an order would be, with the notice as the public would read it."""

    ground: Ground
    scope: str
    public_reason: str
    effective_at: LocalMoment
    expected_end: LocalMoment | None
    connections: list[ReachedView]
    full_working_days: int | None
    """Between notice and effect, for `MAINTENANCE`."""
    earliest_start_on: date | None
    """The first day on which maintenance announced now may begin."""
    warnings: list[str]


@router.post("/suspensions/preview")
async def preview(body: SuspensionBody, session: Transaction, who: Operator, now: Now) -> PlanView:
    """Say what an order would stop and announce, or why it is refused; nothing is written.

    Takes the body of `POST /suspensions` and refuses what that would refuse, with
    `earliest_start_on` in `notice-too-short`.
    """
    plan = await commands.foresee(session, body.order, person(who), now=now)
    systems = await connection_queries.systems(session, [one.system_id for one in plan.connections])
    order = plan.suspension
    return PlanView(
        ground=order.ground,
        scope=await scope_in_words(session, order, plan.connections),
        public_reason=order.public_reason,
        effective_at=order.effective_at,
        expected_end=order.expected_end,
        connections=[
            ReachedView(
                code=one.code,
                name=one.name,
                directions=[way for way in one.directions if order.concerns(way)],
                system=systems[one.system_id].name,
                owner_agency=systems[one.system_id].owner_agency,
                owner_email=systems[one.system_id].owner_email,
            )
            for one in plan.connections
        ],
        full_working_days=plan.full_working_days,
        earliest_start_on=plan.earliest_start_on,
        warnings=plan.warnings,
    )


@router.get("/suspensions")
async def list_suspensions(session: Transaction, _: Reader) -> Page[SuspensionView]:
    """List suspension orders, the latest first."""
    return Page(items=await queries.views(session))


@router.get("/suspensions/{suspension}")
async def show_suspension(suspension: UUID, session: Transaction, _: Reader) -> SuspensionView:
    """Return one order and its course. 404 `suspension-unknown`."""
    return await _view(session, suspension)


@router.post("/suspensions/{suspension}/extend")
async def extend(
    suspension: UUID, body: ExtendBody, session: Transaction, who: Operator, now: Now
) -> SuspensionView:
    """Announce a later end with a new public notice (Điều 8.2).

    For `MAINTENANCE` three full working days must lie between the new notice and the end that
    was announced before, else 422 `notice-too-short`. 409 `nothing-to-extend`, `order-not-open`.
    """
    await extensions.extend(session, suspension, body.later(person(who)), now=now)
    return await _view(session, suspension)


@router.post("/suspensions/{suspension}/lift")
async def lift(
    suspension: UUID, body: LiftBody, session: Transaction, who: Operator, now: Now
) -> SuspensionView:
    """Lift an order with a remedy and a decision about what was held.

    For `SECURITY_RISK` this only asks: the state becomes `LIFT_REQUESTED` until another person
    approves. An order that is still scheduled is cancelled. 409 `order-not-open`.
    """
    await lifts.lift(session, suspension, body.remedy, body.choice, person(who), now=now)
    return await _view(session, suspension)


@router.post("/suspensions/{suspension}/lift/approve")
async def approve_lift(
    suspension: UUID, session: Transaction, who: Operator, now: Now
) -> SuspensionView:
    """Approve a lift that another person requested; 403 `second-person-required` otherwise."""
    await lifts.approve_lift(session, suspension, person(who), now=now)
    return await _view(session, suspension)


@router.post("/suspensions/{suspension}/acknowledge")
async def acknowledge(
    suspension: UUID, session: Transaction, who: Entitled, now: Now
) -> SuspensionView:
    """Say, as the system or as a person of the owner agency, that one has been told (Điều 8.4).

    Open to a suspended system's token too. 403 `not-the-owner`.
    """
    is_person = who.kind == "person"
    await acknowledgements.acknowledge(
        session,
        suspension,
        person(who),
        agency=who.agency if is_person else None,
        connection=who.connection,
        now=now,
    )
    view = await _view(session, suspension)
    return view.model_copy(update={"internal_reason": None, "lift": None})


async def _view(session: AsyncSession, suspension: UUID) -> SuspensionView:
    await session.flush()
    found = await queries.views(session, only=suspension)
    if not found:
        raise SuspensionUnknown(suspension=suspension)
    return found[0]
