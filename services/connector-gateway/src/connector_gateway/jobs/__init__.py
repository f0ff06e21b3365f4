"""What connector-gateway does by itself when its time comes."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Gauge
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now as this_moment
from chassis.database import Database
from chassis.jobs import Jobs
from connector_gateway.commands import (
    detectors,
    dispatches,
    ledger,
    lifts,
    settlements,
    suspensions,
    tallies,
    tokens,
)
from connector_gateway.commands.detectors import Effect
from connector_gateway.commands.keys import signing_key
from connector_gateway.domain.detectors import Watched
from connector_gateway.jobs.dispatcher import Dispatcher
from connector_gateway.jobs.measures import tell_held
from connector_gateway.jobs.puller import Puller
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import dispatches as dispatch_queries
from connector_gateway.queries import held as held_queries
from connector_gateway.queries import pulls as pull_queries
from connector_gateway.queries import requests as request_queries
from connector_gateway.queries import suspensions as suspension_queries
from contracts.connector_gateway.v1 import Direction

jobs = Jobs()
PULL_AGE = Gauge(
    "hub_pulls_last_success_seconds",
    "Seconds since a source was last asked to the end; suspended ones do not count",
    ["connection", "kind"],
)
PULL_INTERVAL = Gauge(
    "hub_pulls_interval_seconds",
    "Seconds from one turn of a source to the next",
    ["connection", "kind"],
)
REQUESTS = Gauge(
    "hub_connection_requests",
    "Requests for a connection account that wait for an answer (open), or too long (overdue)",
    ["state"],
)
DETECTIONS = Counter(
    "hub_detections_total",
    "What detectors found beyond what may be, by what they did about it",
    ["detector", "effect"],
)


@jobs.every(seconds=300)
async def forget_used_assertions(session: AsyncSession, now: datetime) -> None:
    await tokens.forget_used_assertions(session, now=now)


@jobs.every(seconds=3600)
async def forget_tallies(session: AsyncSession, now: datetime) -> None:
    await tallies.forget(session, now=now)


@jobs.every(seconds=15)
async def measure_requests(session: AsyncSession, now: datetime) -> None:
    """Tell the watchers how many requests wait for an answer (NĐ 194/2025 Điều 40.3)."""
    for state, count in (await request_queries.waiting(session, now)).items():
        REQUESTS.labels(state).set(count)


@jobs.every(seconds=3600)
async def trim_delivery_log(session: AsyncSession, now: datetime) -> None:
    await settlements.trim_log(session, now=now)


@jobs.every(seconds=1)
async def finish_draining(session: AsyncSession, now: datetime) -> None:
    await dispatches.finish_draining(session, now=now)


@jobs.loop()
async def put_orders_in_force(state: Any, stop: asyncio.Event) -> None:
    """Put maintenance in force at its moment (Điều 8.2), each order in its own transaction."""
    while not stop.is_set():
        async with state.database.transaction() as session:
            due = await suspension_queries.due_orders(session, this_moment())
        for order in due:
            async with state.database.transaction() as session:
                await suspensions.put_in_force(session, order, now=this_moment())
        await _pause(stop, 0.5)


@jobs.loop()
async def detect(state: Any, stop: asyncio.Event) -> None:
    """Flag what detectors find beyond what may be (Điều 8.1c), each in its own transaction."""
    while not stop.is_set():
        await look(state.database, now=this_moment())
        await _pause(stop, 5)


async def look(database: Database, *, now: datetime) -> list[tuple[Watched, Effect]]:
    """Look at all connections once; return what was found and done."""
    async with database.transaction() as session:
        found = await detectors.watch(session, now=now)
    done = []
    for one in found:
        async with database.transaction() as session:
            effect = await detectors.act(session, one, now=now)
        if effect:
            DETECTIONS.labels(one.detector.value, effect.value).inc()
            done.append((one, effect))
    return done


@jobs.loop()
async def finish_resuming(state: Any, stop: asyncio.Event) -> None:
    """Send on what a lift released, then make the direction ACTIVE."""
    while not stop.is_set():
        async with state.database.transaction() as session:
            resuming = await connection_queries.resuming(session)
        is_done = True
        for code, direction in resuming:
            async with state.database.transaction() as session:
                is_done &= await lifts.finish_resuming(
                    session, code, Direction(direction), now=this_moment()
                )
        await _pause(stop, 0.5 if is_done else 0.1)


@jobs.loop()
async def reclaim_lost(state: Any, stop: asyncio.Event) -> None:
    """Take back dispatches whose sender died."""
    while not stop.is_set():
        async with state.database.transaction() as session:
            lost = await dispatch_queries.abandoned(session, this_moment())
        for dispatch, code in lost:
            async with state.database.transaction() as session:
                await dispatches.reclaim(session, dispatch, code, now=this_moment())
        await _pause(stop, 5)


@jobs.loop()
async def sign_ledger_roots(state: Any, stop: asyncio.Event) -> None:
    """Sign yesterday's root over all chains."""
    key = signing_key(state.settings.signing_key_file)
    while not stop.is_set():
        async with state.database.transaction() as session:
            await ledger.sign_roots(session, key, now=this_moment())
        await _pause(stop, 60)


@jobs.loop()
async def measure_held(state: Any, stop: asyncio.Event) -> None:
    """Tell the watchers how much is held of each connection, since when, how full that is."""
    while not stop.is_set():
        async with state.database.transaction() as session:
            backlogs = await held_queries.backlogs(session)
        tell_held(backlogs, state.settings, now=this_moment())
        await _pause(stop, 15)


@jobs.loop()
async def dispatch(state: Any, stop: asyncio.Event) -> None:
    """Send what waits for outbound connections."""
    await Dispatcher(state.database, state.settings).run(stop)


@jobs.loop()
async def pull(state: Any, stop: asyncio.Event) -> None:
    """Ask the systems that cannot push (Điều 3.5)."""
    await Puller(state.database, state.settings).run(stop)


@jobs.every(seconds=15)
async def measure_pulls(session: AsyncSession, now: datetime) -> None:
    """Tell the watchers how long ago each source was last asked to the end."""
    PULL_AGE.clear()
    PULL_INTERVAL.clear()
    for connection, kind, interval, age in await pull_queries.ages(session, now):
        PULL_AGE.labels(connection, kind).set(age)
        PULL_INTERVAL.labels(connection, kind).set(interval)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
