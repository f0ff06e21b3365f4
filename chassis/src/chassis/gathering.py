"""Requests that arrive together share a transaction: the batch of HTTP, as readers have theirs.

While one transaction commits, whoever comes waits for the next; under load a transaction carries
many requests, at rest it carries one and nobody waits. Where it fails, each is tried on its own.
A request whose lane (what it locks) somebody else holds leaves the others alone: it waits with
those behind it in the same lane, in order (decisions/0010).
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.breath import breathe
from chassis.clock import now
from chassis.database import Database
from chassis.outages import is_unavailable

MOST = 32
"""Requests of one transaction."""
MOST_BYTES = 8 << 20
"""What the requests of one transaction may weigh, unless a single one weighs more."""


class Asked(Protocol):
    """A request that may share a transaction."""

    @property
    def lane(self) -> str:
        """Return what it locks; requests of one lane are taken in the order they came."""

    @property
    def size(self) -> int:
        """Return its weight in bytes."""


A = TypeVar("A", bound=Asked)
R = TypeVar("R")


In = TypeVar("In", bound=Asked, contravariant=True)
Out = TypeVar("Out", covariant=True)


class Command(Protocol[In, Out]):
    """Takes requests in one transaction and answers each in its place.

    Unless it ``waits``, it answers None to requests whose lane somebody else holds.
    """

    def __call__(
        self, session: AsyncSession, asked: Sequence[In], /, *, waits: bool, now: datetime
    ) -> Awaitable[Sequence[Out | None]]:
        """Take ``asked`` at the moment ``now``."""


@dataclass(frozen=True)
class Waiting(Generic[A, R]):
    """A request and whoever waits for its answer."""

    asked: A
    told: "asyncio.Future[R]"

    def tell(self, answer: R) -> None:
        """Answer, unless nobody waits any more."""
        if not self.told.done():
            self.told.set_result(answer)

    def fail(self, why: Exception) -> None:
        """Say that it could not be taken."""
        if not self.told.done():
            self.told.set_exception(why)


class Gathering(Generic[A, R]):
    """The requests of one kind that wait in this process.

    >>> gathering = Gathering(database, commands.receive)
    >>> answer = await gathering.take(push)
    """

    def __init__(self, database: Database, command: Command[A, R]) -> None:
        self._database = database
        self._command = command
        self._together: list[Waiting[A, R]] = []
        self._lanes: dict[str, list[Waiting[A, R]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False

    async def take(self, asked: A) -> R:
        """Return what becomes of a request, once that is committed."""
        waiting: Waiting[A, R] = Waiting(asked, asyncio.get_running_loop().create_future())
        self._lanes.get(asked.lane, self._together).append(waiting)
        if self._together and not self._is_running:
            self._is_running = True
            self._begin(self._run(), "gathering")
        return await waiting.told

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        await self._empty(self._together, waits=False)
        self._is_running = False

    async def _run_lane(self, name: str) -> None:
        await self._empty(self._lanes[name], waits=True)
        del self._lanes[name]

    async def _empty(self, queue: list[Waiting[A, R]], *, waits: bool) -> None:
        """Settle what waits, and what comes meanwhile, a breath from one turn to the next."""
        loop = asyncio.get_running_loop()
        while queue:
            began = loop.time()
            await self._settle(next_of(queue), waits=waits)
            if len(queue) < MOST:
                await breathe(since=began)

    async def _settle(self, waiting: Sequence[Waiting[A, R]], *, waits: bool) -> None:
        try:
            async with self._database.transaction() as session:
                asked = [one.asked for one in waiting]
                answers = await self._command(session, asked, waits=waits, now=now())
        except Exception as why:
            await self._settle_apart(waiting, why, waits=waits)
            return
        for one, answer in zip(waiting, answers, strict=True):
            if answer is None:
                self._put_in_lane(one)
            else:
                one.tell(answer)

    async def _settle_apart(
        self, waiting: Sequence[Waiting[A, R]], why: Exception, *, waits: bool
    ) -> None:
        if len(waiting) == 1 or is_unavailable(why):
            for one in waiting:
                one.fail(why)
            return
        for one in waiting:
            await self._settle([one], waits=waits)

    def _put_in_lane(self, one: Waiting[A, R]) -> None:
        name = one.asked.lane
        if name not in self._lanes:
            self._lanes[name] = []
            self._begin(self._run_lane(name), f"gathering-{name}")
        self._lanes[name].append(one)


def next_of(queue: "list[Waiting[A, R]]") -> "list[Waiting[A, R]]":
    """Take from the front of ``queue`` what one transaction may carry."""
    size, count = queue[0].asked.size, 1
    while count < min(MOST, len(queue)):
        size += queue[count].asked.size
        if size > MOST_BYTES:
            break
        count += 1
    taken = queue[:count]
    del queue[:count]
    return taken
