"""The puller: claims due turns, asks each source outside any transaction, takes in step by step."""

import asyncio
import contextlib

import structlog

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Refusal
from chassis.telemetry import JOB_FAILURES, span_from
from connector_gateway.commands import pulls as commands
from connector_gateway.commands.keys import signing_key
from connector_gateway.connectors.menu import MENU, source_of
from connector_gateway.domain.pulls import Turn
from connector_gateway.errors.pulls import PullReplaced
from connector_gateway.settings import Settings

log = structlog.get_logger()
SLOTS = 8
"""Sources that one worker asks at the same time."""
IDLE = 1.0
LAST_WORDS = 3.0
"""Seconds that turns may take to be given back when the process stops."""


class Puller:
    """One a worker; any number of them share the turns, one runner a source."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._permitted = settings.private_targets
        self._key = signing_key(settings.signing_key_file)
        self._turns: dict[asyncio.Task[None], Turn] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Ask what is due until ``stop``, then give back what is under way."""
        try:
            while not stop.is_set():
                if not await self.round():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), IDLE)
        finally:
            await self.close()

    async def round(self) -> int:
        """Claim a turn where there is room for it and begin it; return how many were begun."""
        if len(self._turns) >= SLOTS:
            return 0
        async with self._database.transaction() as session:
            turn = await commands.claim(session, now=now())
        if turn is None:
            return 0
        task = asyncio.create_task(self._run(turn), name=f"pull-{turn.connection}")
        self._turns[task] = turn
        task.add_done_callback(self._forget)
        return 1

    async def settled(self) -> None:
        """Wait until every turn that was begun is over."""
        while self._turns:
            await asyncio.wait(self._turns)

    async def close(self) -> None:
        """Give back what is under way: the next runner goes on where it stopped."""
        under_way = dict(self._turns)
        if not under_way:
            return
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way, timeout=LAST_WORDS)
        async with self._database.transaction() as session:
            for turn in under_way.values():
                await commands.give_back(session, turn, now=now())

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._turns[task]
        if not task.cancelled() and task.exception():
            JOB_FAILURES.labels("pull").inc()
            log.error("turn broke off, its lease will run out", exc_info=task.exception())

    async def _run(self, turn: Turn) -> None:
        with span_from(None, "pull") as span:
            span.set_attribute("connection", turn.connection)
            try:
                why = await self._walk(turn)
            except PullReplaced:
                return  # somebody configured it anew, or has the turn by now
            except Refusal as refusal:
                why = refusal
            async with self._database.transaction() as session:
                await commands.finish(session, turn, why, now=now())
        if why:
            log.warning("source not asked to the end", connection=turn.connection, why=str(why))

    async def _walk(self, turn: Turn) -> Refusal | None:
        """Take in step after step; return what the gate says once it stops the turn."""
        source = source_of(turn, self._key, permitted=self._permitted)
        async with contextlib.aclosing(MENU[turn.kind](source)) as steps:
            async for step in steps:
                async with self._database.transaction() as session:
                    why = await commands.take(session, turn, step, now=now())
                if why:
                    return why
        return None
