"""Rehearsing an order at the start of a process: the first one is then as quick as the next."""

import asyncio

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.identifiers import new_id
from chassis.outbox import rehearsal
from chassis.telemetry import JOB_FAILURES
from connector_gateway.commands.suspensions import suspend
from connector_gateway.domain.connections import AdminState, Connection, System, WhileSuspended
from connector_gateway.domain.suspensions import Order, Person, ScopeKind
from connector_gateway.queries import suspensions as queries
from connector_gateway.settings import Settings
from contracts.connector_gateway.v1 import Ground

log = structlog.get_logger()


async def rehearse_order(session: AsyncSession, settings: Settings) -> None:
    """Stop a connection that is nobody's and take all of it back, where ``settings`` ask for it.

    Every statement of an order has then been made and prepared once (decisions/0022); nothing is
    written, and nothing is said. One that fails is counted and logged, and the process starts: its
    first order is only slower.
    """
    if not settings.rehearses_orders:
        return
    async with rehearsal(session):
        # Gathered in here: whatever fails, what was done and said until then is taken back.
        [failure] = await asyncio.gather(_order(session), return_exceptions=True)
    if failure:
        JOB_FAILURES.labels("rehearse_order").inc()
        log.warning("order not rehearsed", why=str(failure), exc_info=failure)


async def _order(session: AsyncSession) -> None:
    connection = await _nobodys(session)
    order = Order(
        ground=Ground.SECURITY_RISK,
        scope_kind=ScopeKind.CONNECTION,
        scope_code=connection.code,
        directions=connection.directions,
        public_reason="rehearsal",
        internal_reason=None,
        effective_at=None,
        expected_end=None,
    )
    suspension, _ = await suspend(session, order, Person("", ""), now=now())
    await session.flush()
    await queries.views(session, only=suspension.id)


async def _nobodys(session: AsyncSession) -> Connection:
    moment, code = now(), str(new_id())
    system = System(
        id=new_id(), code=code, name="", owner_agency="", owner_email="", created_at=moment
    )
    session.add(system)
    await session.flush()
    connection = Connection(
        id=new_id(),
        code=code,
        name="",
        system_id=system.id,
        client_id=code,
        grants="{}",
        while_suspended=WhileSuspended.REJECT,
        inbound_state=AdminState.ACTIVE,
        outbound_state=AdminState.ACTIVE,
        outbound_since=moment,
        webhook_url="https://nobody.invalid/",
        created_at=moment,
    )
    session.add(connection)
    await session.flush()
    return connection
