"""Connections that push at an even rate, whatever becomes of it."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field

from tests.bench.load import Delivery, tiny
from tests.bench.wire import Line


@dataclass
class Push:
    """One push, by the driver's clock."""

    sent_at: float
    answered_at: float
    status: int


@dataclass
class Stream:
    """A connection that pushes at an even rate, whether answers come or not (open loop)."""

    code: str
    token: str
    a_second: int
    pushes: list[Push] = field(default_factory=list)

    async def run(self, free: "asyncio.Queue[Line]", host: str, stop: asyncio.Event) -> None:
        """Push until ``stop``."""
        began, sending = time.perf_counter(), set()
        for number in itertools.count():
            await asyncio.sleep(began + number / self.a_second - time.perf_counter())
            if stop.is_set():
                break
            sending.add(asyncio.create_task(self._push(tiny(self.code), free, host)))
        await asyncio.gather(*sending)

    async def _push(self, delivery: Delivery, free: "asyncio.Queue[Line]", host: str) -> None:
        line = await free.get()
        sent_at = time.perf_counter()
        answer = await line.ask(delivery.request(self.token, host))
        self.pushes.append(Push(sent_at, time.perf_counter(), answer.status))
        free.put_nowait(line)
