"""The door of time: what a service does by itself, one process a database at a time."""

import asyncio
import contextlib
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.database import Database, raw_connection
from chassis.telemetry import JOB_FAILURES, span_from

log = structlog.get_logger()

Job = Callable[[AsyncSession, datetime], Awaitable[None]]
Loop = Callable[[Any, asyncio.Event], Awaitable[None]]
"""A loop takes the application's state (``database``, ``settings``) and the event of the stop."""


@dataclass
class Jobs:
    """The table of a service's jobs.

    >>> jobs = Jobs()
    >>> @jobs.every(seconds=60)
    ... async def take_effect(session, now): ...
    """

    scheduled: list[tuple[str, float, Job]] = field(default_factory=list)
    loops: list[tuple[str, Loop]] = field(default_factory=list)

    def every(self, *, seconds: float) -> Callable[[Job], Job]:
        """Register a job that runs every ``seconds``, in one transaction, in one process."""

        def register(job: Job) -> Job:
            self.scheduled.append((job.__name__, seconds, job))
            return job

        return register

    def loop(self) -> Callable[[Loop], Loop]:
        """Register a loop that runs in every worker until the stop is set."""

        def register(loop: Loop) -> Loop:
            self.loops.append((loop.__name__, loop))
            return loop

        return register


async def run_every(
    database: Database, name: str, seconds: float, job: Job, stop: asyncio.Event
) -> None:
    """Run ``job`` every ``seconds`` until ``stop``; a process that loses the lock passes."""
    lock = zlib.crc32(name.encode())
    while not stop.is_set():
        try:
            with span_from(None, f"job {name}"):
                async with database.transaction() as session:
                    raw = await raw_connection(session)
                    if await raw.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock):
                        await job(session, now())
        except Exception:
            JOB_FAILURES.labels(name).inc()
            log.exception("job failed", job=name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def run_loop(state: Any, name: str, loop: Loop, stop: asyncio.Event) -> None:
    """Run ``loop`` until ``stop``; one that fails begins again after a pause."""
    while not stop.is_set():
        try:
            await loop(state, stop)
        except Exception:
            JOB_FAILURES.labels(name).inc()
            log.exception("loop failed", loop=name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
