"""Waiting for receipts to complete: one look at the database for all who wait in a process."""

import asyncio
import contextlib
from collections import defaultdict
from uuid import UUID

from fastapi import FastAPI

from chassis.database import Database
from connector_gateway.queries import deliveries as queries

LOOK = 0.05


class Watch:
    """Wakes whoever waits for a receipt; works whichever process completed it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def finished(self, receipt: UUID, seconds: float) -> None:
        """Return when ``receipt`` is final, or after ``seconds``."""
        event = asyncio.Event()
        self._waiting[receipt].add(event)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="watch-receipts")
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)
        finally:
            self._waiting[receipt].discard(event)
            if not self._waiting[receipt]:
                del self._waiting[receipt]

    async def _look(self) -> None:
        while self._waiting:
            async with self._database.transaction() as session:
                done = await queries.finished(session, list(self._waiting))
            for receipt in done:
                for event in self._waiting.get(receipt, ()):
                    event.set()
            await asyncio.sleep(LOOK)


def watch_of(app: FastAPI) -> Watch:
    """Return the one watch of this process."""
    if not hasattr(app.state, "watch"):
        app.state.watch = Watch(app.state.database)
    watch: Watch = app.state.watch
    return watch
