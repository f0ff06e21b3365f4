"""Starts the parts of a hub in order, keeps them running, and stops them in reverse order.

One process, one loop, no state but the record file. decisions/0002 says why it is our own.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import psutil

from deploy.local import declarations, forked
from deploy.local import record as records
from deploy.local.layout import Hub
from deploy.local.logs import last_lines, open_log, rotate
from deploy.local.parts import Part
from deploy.local.processes import born_at, dies_with_parent, holder_of
from deploy.local.record import PartRecord, Phase, Record

FIRST_START = 90.0
"""Seconds that the whole hub may take to be ready."""
LONGEST_DELAY = 30.0
"""Seconds between two tries of a part that keeps dying."""
STEADY = 60.0
"""Seconds after which a part counts as healthy again."""
TRIES = 4
"""How often a part may die before it was ever ready."""
TRACES_LONGEST = 256 << 20


class CannotStart(Exception):
    """The hub cannot start; the text says why, and by whom a port is taken."""


@contextmanager
def only_one(hub: Hub) -> Iterator[None]:
    """Hold the home as long as we live; refuse if another supervisor holds it."""
    with (hub.run / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = records.read(hub)
            who = f"pid {other.pid}, port {other.port}" if other else "just starting"
            raise CannotStart(f"A hub already runs on {hub.home} ({who}).") from None
        yield


def check_ports(hub: Hub) -> None:
    """Refuse to start while somebody else listens on a port of the hub."""
    taken = [
        f"Port {port}, for {name}, is taken by {holder}."
        for name, port in hub.ports
        if (holder := holder_of(port))
    ]
    if taken:
        raise CannotStart("\n".join([*taken, "Choose another HUB_PORT, or stop that process."]))


class Kept:
    """A part under supervision."""

    def __init__(self, part: Part, note: PartRecord) -> None:
        self.part = part
        self.note = note
        self.ready = asyncio.Event()
        self.gone = asyncio.Event()
        self.process: asyncio.subprocess.Process | forked.Copy | None = None


class Supervisor:
    """Runs one hub from start to stop."""

    def __init__(self, hub: Hub, parts: tuple[Part, ...]) -> None:
        self._hub = hub
        self._stopping = asyncio.Event()
        myself = psutil.Process()
        self._record = Record(str(hub.home), hub.port, myself.pid, myself.create_time())
        self._kept = {part.name: Kept(part, PartRecord(part.name, part.port)) for part in parts}
        self._record.parts = [kept.note for kept in self._kept.values()]

    async def run(self) -> str:
        """Run until told to stop; return why the hub failed, or nothing."""
        self._note()
        if any(kept.part.forked for kept in self._kept.values()):
            forked.begin()
        with _told_to_stop_by(self._stopping.set):
            await self._run_until_stopped()
        return self._record.why

    async def _run_until_stopped(self) -> None:
        async with self._keeping():
            if await self._all_ready():
                self._record.phase = Phase.READY
                self._note()
            elif not self._stopping.is_set():
                late = [name for name, kept in self._kept.items() if not kept.ready.is_set()]
                self._fail(f"not ready after {FIRST_START:.0f} s: {', '.join(late)}")
            await self._stopping.wait()

    @asynccontextmanager
    async def _keeping(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._keep(kept)) for kept in self._kept.values()]
        tasks.append(asyncio.create_task(self._rotate_logs()))
        tasks.append(asyncio.create_task(self._settle_declarations()))
        for task in tasks:
            task.add_done_callback(self._broke)
        try:
            yield
        finally:
            if self._record.phase is not Phase.FAILED:
                self._record.phase = Phase.STOPPING
            self._note()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(self._stop(kept) for kept in self._kept.values()))
            if self._record.phase is not Phase.FAILED:
                self._record.phase = Phase.STOPPED
            self._note()

    async def _all_ready(self) -> bool:
        """Wait until every part is ready, the hub is told to stop, or the time is over."""
        stopping = asyncio.create_task(self._stopping.wait())
        all_ready = asyncio.create_task(self._wait_for_all())
        await asyncio.wait(
            [all_ready, stopping], timeout=FIRST_START, return_when=asyncio.FIRST_COMPLETED
        )
        is_ready = all_ready.done()
        for waiting in (all_ready, stopping):
            waiting.cancel()
        return is_ready

    async def _wait_for_all(self) -> bool:
        for kept in self._kept.values():
            await kept.ready.wait()
        return True

    def _note(self) -> None:
        records.write(self._hub, self._record)

    def _fail(self, why: str) -> None:
        self._record.phase, self._record.why = Phase.FAILED, why
        self._stopping.set()

    async def _keep(self, kept: Kept) -> None:
        """Start a part once its needs are ready (held: before), and again whenever it dies."""
        if not kept.part.held:
            await self._needs_of(kept)
        delay, deaths = 0.2, 0
        while True:
            began = time.monotonic()
            code = await self._live(kept)
            if kept.part.once and code == 0:
                kept.ready.set()
                self._state(kept, "done")
                return
            deaths += 1
            if kept.part.once or (deaths == TRIES and not kept.ready.is_set()):
                log = last_lines(self._hub.logs, kept.part.name)
                self._fail(f"{kept.part.name} ended with {code}; the end of its log:\n{log}")
                return
            if time.monotonic() - began > STEADY:
                delay = 0.2
            kept.note.restarts += 1
            self._state(kept, f"died ({code}), starts again in {delay:.1f} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _needs_of(self, kept: Kept) -> None:
        for need in kept.part.needs:
            await self._kept[need].ready.wait()

    async def _live(self, kept: Kept) -> int:
        """Start a part, see it become ready, and return how it ended."""
        part = kept.part
        if part.prepare:
            try:
                part.prepare()
            except subprocess.CalledProcessError as error:
                self._fail(f"{part.name} could not be prepared:\n{error.stderr}")
                return 1
        process = kept.process = await self._start(part)
        kept.note.pid, kept.note.born = process.pid, born_at(process.pid)
        self._state(kept, "starting")
        ended = asyncio.ensure_future(process.wait())
        if process.stdin:
            await self._needs_of(kept)
            process.stdin.close()
        if part.ready and await _becomes_ready(part, ended):
            kept.ready.set()
            self._state(kept, "ready")
        code = await ended
        _end_group(process.pid)
        return code

    async def _start(self, part: Part) -> asyncio.subprocess.Process | forked.Copy:
        env = {**self._base_environment(part), **part.env}
        if part.forked:
            return await forked.start(part.as_copy(env, self._hub.logs))
        account = part.account
        with open_log(self._hub.logs, part.name) as log:
            return await asyncio.create_subprocess_exec(
                *part.command,
                cwd=part.cwd,
                env=env,
                stdin=asyncio.subprocess.PIPE if part.held else asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=dies_with_parent(part.orphaned),
            )

    def _base_environment(self, part: Part) -> dict[str, str]:
        own = {"HUB_HOME": str(self._hub.home), "HUB_PORT": str(self._hub.port)}
        return own if part.account else {**os.environ, **own}

    async def _stop(self, kept: Kept) -> None:
        """Stop a part after all that need it."""
        for other in self._kept.values():
            if kept.part.name in other.part.needs:
                await other.gone.wait()
        process = kept.process
        if process and process.returncode is None:
            self._state(kept, "stopping")
            with suppress(ProcessLookupError):
                process.send_signal(kept.part.stop)
            try:
                async with asyncio.timeout(kept.part.grace):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            _end_group(process.pid)
        kept.note.pid = None
        self._state(kept, "stopped")
        kept.gone.set()

    def _broke(self, task: asyncio.Task[None]) -> None:
        """A supervisor that cannot go on says so instead of waiting for what will not come."""
        if not task.cancelled() and (why := task.exception()):
            self._fail(f"the supervisor broke: {why!r}")

    def _state(self, kept: Kept, state: str) -> None:
        kept.note.state = state
        self._note()

    async def _settle_declarations(self) -> None:
        """Order a force majeure that was declared while the database was down, once it is back."""
        while True:
            await asyncio.sleep(5)
            there = declarations.standing(self._hub)
            is_waiting = there is not None and not there.is_settled
            if is_waiting and self._record.phase is Phase.READY:
                with suppress(declarations.Refused, subprocess.TimeoutExpired):
                    await asyncio.to_thread(declarations.settle, self._hub)

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(10)
            rotate(self._hub.logs.glob("*.log"))
            rotate(self._hub.traces.glob("*.jsonl"), TRACES_LONGEST)


@contextmanager
def _told_to_stop_by(act: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _becomes_ready(part: Part, ended: asyncio.Future[int]) -> bool:
    while part.ready and not ended.done():
        if await part.ready():
            return True
        await asyncio.wait([ended], timeout=0.05)
    return False


def _end_group(group: int) -> None:
    """Kill what a part that has ended left of its own children."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
