"""The dispatcher: claims outbound work under the fence, sends it outside, watches for stops."""

import asyncio
import contextlib
from collections import Counter

import structlog
from opentelemetry.trace import SpanKind

from chassis.breath import breathe
from chassis.clock import now
from chassis.database import Database
from chassis.gathering import Gathering
from chassis.identifiers import new_id
from chassis.telemetry import span_from, traceparent_of
from connector_gateway.commands import dispatches
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.keys import signing_key
from connector_gateway.commands.settlements import Ending, settle
from connector_gateway.connectors.webhook import Webhooks
from connector_gateway.domain.connections import STARTING
from connector_gateway.domain.dispatches import CUT_OFF, Answer, home_of
from connector_gateway.queries import dispatches as queries
from connector_gateway.settings import Settings

log = structlog.get_logger()

IDLE = 0.25
PATIENCE = 0.05
"""Seconds that connections wait for one whose row somebody holds."""
WATCH = 0.2
"""Seconds after which a stopped connection's sockets are closed at the latest."""
CONFIRM = 2.0
LAST_WORDS = 4.0
"""Seconds that sends may take to end when the process stops."""


class Dispatcher:
    """One a worker; any number of them share the work."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._slots = settings.dispatch_slots
        self._webhooks = Webhooks(
            signing_key(settings.signing_key_file),
            permitted=settings.private_targets,
            timeout=settings.webhook_timeout,
        )
        self.replica = new_id()
        self.elsewhere: list[str] = []
        """Connections whose work another replica claims first."""
        self._stirred = asyncio.Event()
        """Something has ended: there may be room, or the next of a key."""
        self._claims: dict[str, asyncio.Task[int]] = {}
        self._reserved: Counter[str] = Counter()
        """Places that a claim under way may fill, by connection."""
        self._sends: dict[asyncio.Task[Answer], Parcel] = {}
        self._flying: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: Gathering[Ending, bool] = Gathering(database, settle)

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until ``stop``, then let what is in flight end."""
        watch = asyncio.create_task(self._watch(), name="watch-stops")
        stopping = asyncio.create_task(stop.wait(), name="stopping")
        stopping.add_done_callback(lambda _: self._stirred.set())
        loop = asyncio.get_running_loop()
        try:
            while not stop.is_set():
                if watch.done():
                    watch.result()
                self._stirred.clear()
                began = loop.time()
                if not await self.round(patience=PATIENCE):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._stirred.wait(), IDLE)
                await breathe(since=began)
        finally:
            stopping.cancel()
            watch.cancel()
            await self.close()

    async def close(self) -> None:
        """Let what is in flight end, cut off what does not, close every connection."""
        if self._claims:
            await asyncio.wait(self._claims.values(), timeout=LAST_WORDS)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_WORDS)
        await self._cut_off(set(self._sends.values()))
        self._webhooks.close()

    async def round(self, *, patience: float | None = None) -> int:
        """Claim what there is room for and start sending it; return how much was started.

        A connection whose row somebody holds keeps the others waiting for ``patience`` at most.
        """
        started = self._claimed()
        if self._room > 0:
            codes = await queries.connections_with_work(
                self._database, sorted(STARTING), now(), elsewhere=self.elsewhere
            )
            for code in codes:
                self._begin_claim(code)
            if self._claims:
                await asyncio.wait(self._claims.values(), timeout=patience)
        return started + self._claimed()

    @property
    def _room(self) -> int:
        return self._slots - len(self._sends) - self._reserved.total()

    def _begin_claim(self, code: str) -> None:
        """Claim for a connection half of what the others leave, so that all of them go on."""
        busy = self._flying[code]
        room = (self._room + busy) // 2 - busy
        if room > 0 and code not in self._claims:
            self._reserved[code] = room
            self._claims[code] = asyncio.create_task(self._claim(code, room))
            self._claims[code].add_done_callback(lambda _: self._stirred.set())

    async def _claim(self, code: str, room: int) -> int:
        async with self._database.transaction() as session:
            parcels = await dispatches.claim(session, code, slots=room, now=now())
        for parcel in parcels:
            self._start(parcel)
        return len(parcels)

    def _claimed(self) -> int:
        """Return how much was started by claims that have ended."""
        ended = [code for code, claim in self._claims.items() if claim.done()]
        for code in ended:
            del self._reserved[code]
        return sum(self._claims.pop(code).result() for code in ended)

    async def settled(self) -> None:
        """Wait until everything that was started has been written down."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, parcel: Parcel) -> None:
        send = asyncio.create_task(self._send(parcel))
        self._sends[send] = parcel
        self._flying[parcel.connection] += 1
        task = asyncio.create_task(self._deliver(send, parcel))
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._stirred.set()
        if not task.cancelled() and task.exception():
            log.warning("outcome not written, the claim will run out", why=str(task.exception()))

    async def _send(self, parcel: Parcel) -> Answer:
        with span_from(parcel.traceparent, "send webhook", kind=SpanKind.CLIENT) as span:
            span.set_attribute("connection", parcel.connection)
            told = parcel.seen_from(traceparent_of(span))
            return await self._webhooks.send(told, now=now())

    async def _deliver(self, send: asyncio.Task[Answer], parcel: Parcel) -> None:
        await asyncio.wait({send})
        del self._sends[send]
        self._flying[parcel.connection] -= 1
        answer = Answer(problem=CUT_OFF, was_cut_off=True) if send.cancelled() else send.result()
        await self._endings.take(Ending(parcel, answer))

    async def _watch(self) -> None:
        confirmed = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await self.look()
            self._webhooks.close_idle()
            if loop.time() - confirmed > CONFIRM:
                await self.confirm()
                confirmed = loop.time()
            await asyncio.sleep(WATCH)

    async def look(self) -> None:
        """Close the sockets of connections that have been stopped."""
        flying = +self._flying
        if flying:
            stopped = await queries.stopped(self._database, sorted(flying))
            await self._cut_off(
                {parcel for parcel in self._sends.values() if parcel.connection in stopped}
            )

    async def confirm(self) -> None:
        """Say which epochs this replica acts by; learn which connections are at home elsewhere."""
        async with self._database.transaction() as session:
            epochs = await queries.epochs(session)
            await dispatches.confirm(session, self.replica, epochs, now=now())
            replicas = await queries.replicas(session, now())
        self.elsewhere = [
            code for code in epochs if home_of(code, {*replicas, self.replica}) != self.replica
        ]

    async def _cut_off(self, parcels: set[Parcel]) -> None:
        for send, parcel in list(self._sends.items()):
            if parcel in parcels:
                send.cancel()
        tasks = [task for task in self._tasks if not task.done()]
        if parcels and tasks:
            await asyncio.wait(tasks, timeout=1)
