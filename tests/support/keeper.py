"""Keeps a real server for a whole test run: all workers use it, or one, and its end closes it.

``python -m tests.support.keeper <postgres|kafka|hub> <folder> <pid>`` starts the server in
``folder``, writes its port to ``folder/ready`` and stops when process ``pid`` (pytest itself,
not its workers) is gone, however it went.
"""

import asyncio
import fcntl
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.local import kafka, postgres
from deploy.local.layout import PORTS
from deploy.local.processes import account_for_servers, dies_with_parent, find, holder_of
from deploy.local.readiness import Probe, opens, succeeds

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "test"
RUNS = Path(f"/tmp/hub-tests-{os.getuid()}")  # noqa: S108 - where any account may look
OVER = "over"
"""The file by which a server is told that nobody needs it any more."""
LIMIT = 120.0
"""Seconds that a server may take to be ready."""


def run_leader() -> int:
    """Return the pid of the process that lasts for the whole test run."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def run_folder() -> Path:
    """Return the folder of this test run, the same in every worker, reachable by any account."""
    born = psutil.Process(run_leader()).create_time()
    folder = RUNS / f"{run_leader()}-{born}"
    if not folder.exists():
        _sweep()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    return folder


def _sweep() -> None:
    """Remove what runs left whose pytest is gone and whose servers have stopped."""
    for folder in RUNS.glob("*-*"):
        pid, born = folder.name.split("-")
        if find(int(pid), float(born)) is None and not any(folder.glob("*/ready")):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let one worker of this test run at a time into the block."""
    with (run_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def port_of(server: str, *, own: bool = False) -> int:
    """Return the port of a server of this run, started now unless the run has it already.

    Each worker has one of its ``own``, or all share one.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "") if own else ""
    folder = run_folder() / f"{server}{worker}"
    with one_at_a_time(folder.name):
        if not (folder / "ready").exists():
            _start(server, folder)
    return int((folder / "ready").read_text())


def _start(server: str, folder: Path) -> None:
    folder.mkdir()
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.keeper", server, str(folder), str(run_leader())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + LIMIT
    while not (folder / "ready").exists():
        if keeper.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{server} did not start:\n{(folder / 'keeper.log').read_text()}")
        time.sleep(0.02)
    keeper.returncode = 0  # it outlives this worker on purpose: no warning when it is collected


def end(server: str) -> None:
    """Stop a server of this run before the run ends."""
    (run_folder() / server / OVER).touch()


def free_port() -> int:
    """Return a port of the loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int) -> int:
    """Return the first of ``count`` ports in a row that nobody listens on just now."""
    for _ in range(50):
        first = random.randrange(20_000, 29_000, 20)  # noqa: S311 - no secret hangs on it
        if not any(holder_of(port) for port in range(first, first + count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row")


def _postgres(folder: Path, port: int) -> subprocess.Popen[bytes]:
    account = account_for_servers()
    data = folder / "data"
    postgres.initialise(data, PASSWORD)
    return subprocess.Popen(
        postgres.command(data, port, fsync="off", full_page_writes="off", max_connections="400"),
        cwd=data,
        env=postgres.environment(),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=dies_with_parent(postgres.KILL_SIGNAL),
    )


def _kafka(folder: Path, port: int) -> subprocess.Popen[bytes]:
    data = folder / "data"
    kafka.initialise(data, port=port, controller=free_port())
    return subprocess.Popen(
        kafka.command(),
        cwd=data,
        env=kafka.environment(),
        preexec_fn=dies_with_parent(kafka.KILL_SIGNAL),
    )


def _reset(folder: Path) -> None:
    """Remove the hub with what it may have had to keep outside its home."""
    environment = {**os.environ, "HUB_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "deploy.local", "reset", "--yes"]
    subprocess.run(command, cwd=ROOT, env=environment, check=False)


def _hub(folder: Path, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "run"],
        cwd=ROOT,
        env={**os.environ, "HUB_HOME": str(folder / "home"), "HUB_PORT": str(port)},
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )


START = {"postgres": _postgres, "kafka": _kafka, "hub": _hub}
STOP = {"postgres": postgres.KILL_SIGNAL, "kafka": kafka.KILL_SIGNAL, "hub": signal.SIGTERM}


def _wait_for(ready: Probe, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        if asyncio.run(ready()):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server ended with {server.returncode}")


def keep(server: str, folder: Path, leader: int) -> None:
    """Start ``server``, say so, and stop it once ``leader`` is gone."""
    watched = os.pidfd_open(leader)
    port = free_ports(max(PORTS.values()) + 1) if server == "hub" else free_port()
    process = START[server](folder, port)
    _wait_for(succeeds(postgres.is_ready(port)) if server == "postgres" else opens(port), process)
    unfinished = folder / "ready.tmp"
    unfinished.write_text(str(port))
    unfinished.rename(folder / "ready")
    while process.poll() is None:
        if _is_over(watched) or (folder / OVER).exists():
            break
    process.send_signal(STOP[server])
    process.wait()
    if server == "hub":
        _reset(folder)
    shutil.rmtree(folder)
    if not any(folder.parent.glob("*/ready")):
        shutil.rmtree(folder.parent, ignore_errors=True)


def _is_over(watched: int) -> bool:
    return bool(select.select([watched], [], [], 1.0)[0])


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
