"""Small parts for the supervisor: they write down what happens to them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local import record
from deploy.local.layout import Hub
from deploy.local.parts import Part
from deploy.local.readiness import opens
from deploy.local.record import Phase, Record
from deploy.local.supervisor import Supervisor
from tests.support.keeper import free_port
from tests.support.waiting import until

PROGRAM = """
import pathlib, signal, socket, sys, time
name, port, diary = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
def write(word):
    with diary.open("a") as file:
        file.write(f"{name} {word}\\n")
def stop(*_):
    write("stops")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
write("starts")
time.sleep(float(sys.argv[4]))
server = socket.create_server(("127.0.0.1", port))
write("listens")
while True:
    server.accept()[0].close()
"""


def diary_of(hub: Hub) -> list[str]:
    """Return what the parts wrote, in order."""
    path = hub.home / "diary"
    return path.read_text().splitlines() if path.exists() else []


def a_part(name: str, hub: Hub, *needs: str, takes: float = 0.0) -> Part:
    """Return a part that notes when it starts, listens ``takes`` s later, and is told to stop."""
    port = free_port()
    words = ["-c", PROGRAM, name, str(port), str(hub.home / "diary"), str(takes)]
    return Part(name, [sys.executable, *words], needs=needs, port=port, ready=opens(port))


def a_part_that_says(words: str, *, and_ends_with: int, once: bool = False) -> Part:
    """Return a part that cannot run."""
    program = f"print({words!r}); raise SystemExit({and_ends_with})"
    return Part("broken", [sys.executable, "-c", program], once=once, ready=_never)


async def _never() -> bool:
    return False


def seen(hub: Hub) -> Record:
    """Return what the supervisor wrote down last."""
    found = record.read(hub)
    assert found
    return found


@asynccontextmanager
async def supervised(hub: Hub, *parts: Part) -> AsyncIterator[None]:
    """Run parts under the supervisor; enter when all are ready, leave by SIGTERM."""
    running = asyncio.create_task(Supervisor(hub, parts).run())
    await until(lambda: _is(hub, Phase.READY))
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == ""


async def _is(hub: Hub, phase: Phase) -> bool:
    found = record.read(hub)
    return found is not None and found.phase is phase
