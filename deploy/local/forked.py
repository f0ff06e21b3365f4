"""Runs ``python -m …`` in a copy of one process that has imported all services already.

Importing is most of a service's start, and most of it is the same for every service: six times it
costs 13 s of processor time, once 5 s. So Python's own fork server imports everything while
database and broker start (``begin``), and a service is a copy of it, there at once, in a session
of its own with its own settings and log (``start``). What the copies share is in memory once.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from deploy.local.logs import open_log
from deploy.local.processes import bind_to_parent, name_myself, yield_to_others

_SERVER = multiprocessing.get_context("forkserver")


def begin() -> None:
    """Start the fork server; call it where our process begins, in its main thread.

    The kernel ends the server with the thread that started it.
    """
    _SERVER.set_forkserver_preload(["deploy.local.preloaded"])
    forkserver.ensure_running()


@dataclass(frozen=True)
class Wanted:
    """What a copy becomes: ``command`` is a command line that begins ``python -m``."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    """All of its environment."""
    cwd: Path
    logs: Path
    """The folder of its log."""
    orphaned: signal.Signals = signal.SIGKILL
    """What it is sent when we are gone."""
    niceness: int = 0


class Copy:
    """A copy that runs, as ``asyncio.subprocess.Process`` shows a program that runs."""

    stdin = None

    def __init__(self, process: ForkServerProcess) -> None:
        self.pid = process.pid or 0
        self._process = process
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def returncode(self) -> int | None:
        """How it ended: a negative number is the signal; ``None`` while it runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        """Return how it ended, once it has."""
        await self._ended.wait()
        return self._process.exitcode or 0

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._ended.set()


async def start(wanted: Wanted) -> Copy:
    """Start a copy as soon as the fork server has imported everything."""
    process = _SERVER.Process(target=_become, args=(wanted,), name=wanted.name, daemon=True)
    await asyncio.to_thread(process.start)
    return Copy(process)


def _become(wanted: Wanted) -> None:
    """Be what is wanted: the first thing that a copy does."""
    os.setsid()
    bind_to_parent(wanted.orphaned)
    yield_to_others(wanted.niceness)
    name_myself(wanted.name)
    with open_log(wanted.logs, wanted.name) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(wanted.env)
    os.chdir(wanted.cwd)
    _, _, module, *arguments = wanted.command
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
