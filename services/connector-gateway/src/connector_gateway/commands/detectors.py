"""Acting on what detectors see (Điều 8.1c): a flag, and a suspension where the connection says so.

They never lift: that takes two people, as for every suspension on ground c.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.commands import flags, suspensions, tallies
from connector_gateway.commands.announcements import words
from connector_gateway.commands.flags import Suspicion
from connector_gateway.domain.connections import STOPPED, AdminState, Connection
from connector_gateway.domain.detectors import Watched, window_of
from connector_gateway.domain.flags import FlagState
from connector_gateway.domain.norms import norms_on
from connector_gateway.domain.suspensions import Order, Person, ScopeKind
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import detectors as queries
from connector_gateway.queries import flags as flag_queries
from contracts.calendar import ZONE
from contracts.connector_gateway.v1 import Ground


class Effect(StrEnum):
    """What a detector did."""

    FLAGGED = "flagged"
    SUSPENDED = "suspended"


async def watch(session: AsyncSession, *, now: datetime) -> list[Watched]:
    """Bring the counters up to date and return what is beyond what may be."""
    await tallies.count_arrivals(session, now=now)
    norms = norms_on(now.astimezone(ZONE).date())
    return [one for one in await queries.watched(session, now) if one.is_beyond(norms)]


async def act(session: AsyncSession, found: Watched, *, now: datetime) -> Effect | None:
    """Flag a connection for what was found, and stop it where its terms say so.

    One flag an hour, and never a second open one, for one detector and connection. A connection
    that operators need themselves is never stopped by a detector.
    """
    connection = await connection_queries.connection_for_update(session, found.connection)
    if connection is None or AdminState.REVOKED in _states(connection):
        return None
    stops = _may_stop(connection, found)
    last = await flag_queries.latest_of(session, connection.id, found.detector)
    is_open = last is not None and last.state is FlagState.OPEN
    quiet = timedelta(minutes=norms_on(now.astimezone(ZONE).date()).quiet_minutes)
    if not stops and last is not None and (is_open or last.flagged_at > now - quiet):
        return None
    by = Person(f"detector:{found.detector}", words()["detector"])
    evidence = _evidence(found, now)
    if not is_open:
        suspicion = Suspicion(words()[found.detector], evidence, found.detector)
        await flags.flag(session, connection.code, suspicion, by, now=now)
    if not stops:
        return Effect.FLAGGED
    order = Order(
        ground=Ground.SECURITY_RISK,
        scope_kind=ScopeKind.CONNECTION,
        scope_code=connection.code,
        directions=connection.directions,
        public_reason=words()[f"{found.detector}-public"],
        internal_reason=evidence,
        effective_at=None,
        expected_end=None,
    )
    await suspensions.suspend(session, order, by, now=now)
    return Effect.SUSPENDED


def _may_stop(connection: Connection, found: Watched) -> bool:
    is_running = any(state not in STOPPED for state in _states(connection))
    is_asked = found.detector in connection.suspends_automatically
    return is_asked and is_running and not connection.is_essential


def _states(connection: Connection) -> list[AdminState | None]:
    return [connection.state_of(direction) for direction in connection.directions]


def _evidence(found: Watched, now: datetime) -> str:
    norms = norms_on(now.astimezone(ZONE).date())
    return words()[f"{found.detector}-evidence"].format(
        **asdict(found) | asdict(norms),
        minutes=round(window_of(found.detector, norms).total_seconds() / 60),
        at=now.astimezone(ZONE).strftime("%H:%M:%S %d/%m/%Y"),
    )
