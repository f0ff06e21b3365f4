"""Processes as the kernel knows them: started so that they die with us, found by pid and birth."""

import ctypes
import os
import pwd
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
AUTOGROUP = Path("/proc/self/autogroup")
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The account of the system that a process runs under."""

    name: str
    uid: int
    gid: int


def account_for_servers() -> Account | None:
    """Return whom root lends a server that refuses root; ``None`` when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError("root needs an account 'postgres' or 'nobody' to run PostgreSQL under")


def can_reach(path: Path, account: Account | None) -> bool:
    """Say whether ``account`` may walk down to ``path``, and read and run it if it is a file."""
    if account is None:
        return True
    for place in (path, *path.parents):
        if not place.exists():
            continue
        facts = place.stat()
        needed = 0o1 if place.is_dir() else 0o5
        if facts.st_uid == account.uid:
            needed <<= 6
        elif facts.st_gid == account.gid:
            needed <<= 3
        if facts.st_mode & needed != needed:
            return False
    return True


def dies_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child does before it becomes its program: ask to be told of our death.

    It runs after the change of uid, which would clear the request.
    """
    parent = os.getpid()

    def ask_the_kernel() -> None:
        bind_to_parent(last_signal)
        if os.getppid() != parent:  # we died before the child could ask
            os._exit(1)

    return ask_the_kernel


def bind_to_parent(last_signal: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when the thread that started it is gone."""
    LIBC.prctl(PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)


def yield_to_others(niceness: int) -> None:
    """Give this process less of a processor that is short; 0 leaves it as it is.

    Where the kernel shares time among sessions (autogroup), its whole session yields.
    """
    if niceness:
        os.nice(niceness)
        with suppress(OSError):
            AUTOGROUP.write_text(str(niceness))


def name_myself(name: str) -> None:
    """Call this process by a name of at most 15 letters, where processes are listed."""
    LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def born_at(pid: int) -> float:
    """Return when a process was born; 0 where it has already ended and is forgotten."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def find(pid: int, born: float) -> psutil.Process | None:
    """Return the living process that has this pid and was born then; pids are used again."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - born) < 0.05
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def family_of(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all its descendants."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end(processes: Sequence[psutil.Process], *, grace: float) -> None:
    """Ask processes to stop; after ``grace`` seconds kill those that have not, and their own."""
    for process in processes:
        _send(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    family = [member for process in alive for member in family_of(process)]
    for process in family:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(family, timeout=5)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def holder_of(port: int) -> str | None:
    """Say in words which process listens on a local port; ``None`` when the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _name_of_listener(port)
    return None


def _name_of_listener(port: int) -> str:
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.pid:
            try:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {process.pid}): {' '.join(process.cmdline())[:120]}"
            except psutil.Error:
                continue
    return "a process of another user"
