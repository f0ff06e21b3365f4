"""How a service comes to life: one application from its settings, doors by role, orderly end."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import health
from chassis.auth import Keyring
from chassis.bodies import JsonDoor
from chassis.database import Database, raw_connection
from chassis.delivery import Consumers, subscribe
from chassis.health import Check
from chassis.jobs import Jobs, run_every, run_loop
from chassis.kafka import new_producer
from chassis.keys import key_consumers
from chassis.outbox import write_outbox
from chassis.problems import PROBLEMS, Texts, add_problems, problem_pages
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.telemetry import REQUEST_SPANS, REQUESTS, start_telemetry, stop_telemetry
from contracts.topics import Service

log = structlog.get_logger()

COLLECT_AFTER = (20_000, 20, 20)
"""How many new objects, and collections of younger ones, before the collector looks again."""

STARTING = 7_002
"""The lock under which processes of one service do their first things one after the other."""

OnStart = Callable[[AsyncSession, Any], Awaitable[None]]
"""Runs once at start in a transaction of its own, with the settings; must be repeatable.

Of several processes on one database one runs it at a time.
"""


@dataclass(frozen=True)
class Doors:
    """What is a service's own: its name and its doors; the rest is the same for all.

    ``routers`` stand below ``/api/<name>/v1``, ``public_routers`` outside it (``/notices``);
    ``package`` holds ``texts.toml``; ``checks`` add to what readiness waits for. A service that
    takes nothing but JSON says in ``json_bytes`` how much of it.
    """

    name: Service
    package: str
    routers: Sequence[APIRouter] = ()
    public_routers: Sequence[APIRouter] = ()
    consumers: Consumers | None = None
    jobs: Jobs = field(default_factory=Jobs)
    on_start: Sequence[OnStart] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    json_bytes: int | None = None


def create_service(settings: ServiceSettings, doors: Doors) -> FastAPI:
    """Build a service with the doors that its role opens.

    ``app.state`` carries ``settings``, ``database``, ``keyring``, ``stopping`` (set at the end)
    and, in a worker, ``broker``.

    >>> def create_app(settings: Settings) -> FastAPI:
    ...     return create_service(settings, Doors("catalog", "catalog", routers=[api.router]))
    """
    prefix = f"/api/{doors.name}/v1"
    texts = Texts(doors.package)
    app = FastAPI(
        title=doors.name,
        version="1.0.0",
        lifespan=_lifespan(settings, doors),
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEMS,
        telemetry=REQUEST_SPANS,
    )
    app.state.settings = settings
    app.state.database = Database(
        settings.database_url, pool=settings.database_pool, before_commit=write_outbox
    )
    app.state.keyring = Keyring(app.state.database)
    app.state.checks = {"database": health.database_answers, "keys": health.keys_arrived}
    app.state.checks |= doors.checks
    if settings.has_worker:
        app.state.checks["readers"] = health.readers_assigned
    app.state.stopping = asyncio.Event()
    app.include_router(health.router)
    if settings.has_api:
        for router in (*doors.routers, problem_pages(texts)):
            app.include_router(router, prefix=prefix)
        for router in doors.public_routers:
            app.include_router(router)
    add_problems(app, texts)
    if doors.json_bytes:
        app.add_middleware(JsonDoor, texts=texts, most_bytes=doors.json_bytes)
    app.add_middleware(Measured)
    return app


def _lifespan(settings: ServiceSettings, doors: Doors) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        start_telemetry(
            doors.name,
            traces_file=settings.traces_file,
            ratio=settings.trace_ratio,
            level=settings.log_level,
        )
        log.info("starting", role=settings.role)
        for act in doors.on_start:
            async with app.state.database.transaction() as session:
                raw = await raw_connection(session)
                await raw.execute("SELECT pg_advisory_xact_lock($1)", STARTING)
                await act(session, settings)
        work = _Work(app, doors) if settings.has_worker else None
        if work:
            await work.start()
        _spare_the_collector()
        yield
        log.info("stopping")
        app.state.stopping.set()
        if work:
            await work.stop()
        await app.state.database.close()
        stop_telemetry()

    return lifespan


def _spare_the_collector() -> None:
    """Keep what lives as long as the process out of every collection, so that pauses stay short."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class _Work:
    """The worker's side of a process: readers, relay and jobs, started and stopped in order."""

    def __init__(self, app: FastAPI, doors: Doors) -> None:
        self._state = app.state
        self._name = name = doors.name
        self._consumers = (doors.consumers or Consumers(name)).merged(key_consumers(name))
        self._jobs = doors.jobs
        self._tasks: list[asyncio.Task[None]] = []
        settings: ServiceSettings = app.state.settings
        self._producer = new_producer(settings.kafka_bootstrap, client_id=f"{name}-dead-letters")
        self._broker = KafkaBroker(
            settings.kafka_bootstrap.split(","),
            graceful_timeout=5.0,
            logger=None,
            apply_types=False,  # it would solve the one argument of a reader in another thread
        )
        app.state.broker = self._broker

    async def start(self) -> None:
        """Join the groups, take up the outbox, start the clocks."""
        settings: ServiceSettings = self._state.settings
        stop: asyncio.Event = self._state.stopping
        await self._producer.start()
        subscribe(
            self._broker,
            self._consumers,
            self._state.database,
            self._producer,
            instance_id=settings.kafka_instance_id,
        )
        await self._broker.start()
        relay = Relay(self._state.database, service=self._name, bootstrap=settings.kafka_bootstrap)
        self._tasks = [asyncio.create_task(relay.run(stop), name="relay")]
        self._tasks += [
            asyncio.create_task(run_every(self._state.database, job, seconds, act, stop), name=job)
            for job, seconds, act in self._jobs.scheduled
        ]
        self._tasks += [
            asyncio.create_task(run_loop(self._state, loop, act, stop), name=loop)
            for loop, act in self._jobs.loops
        ]

    async def stop(self) -> None:
        """Finish what is in hand: readers first, then relay and jobs, then the producer."""
        await self._broker.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5)
            for task in late:
                task.cancel()
        await self._producer.stop()


class Measured:
    """Time every request by its route, the name that OpenAPI gives it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and observe how long its answer took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            REQUESTS.labels(scope["method"], route, str(status)).observe(
                time.perf_counter() - began
            )
