"""A small disk for a database: a tablespace that is full when a test says so.

It is a file system in memory of a few MiB, so it takes an account that may mount; whoever asks
skips where there is none. The write-ahead log stays on the large disk: a server that cannot write
it stops and comes back when there is room, which is the fault of a killed PostgreSQL.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.processes import account_for_servers
from tests.support.keeper import run_folder
from tests.support.postgres import superuser_url

SIZE, LARGE = "1m", "64m"


@dataclass(frozen=True)
class SmallDisk:
    """A tablespace of 1 MiB."""

    name: str
    place: Path

    def take(self, url: str, *tables: str) -> None:
        """Move tables there."""
        database = url.rpartition("/")[2]
        with psycopg.connect(superuser_url(database), autocommit=True) as server:
            for table in tables:
                move = sql.SQL("ALTER TABLE {} SET TABLESPACE {}")
                server.execute(move.format(sql.Identifier(table), sql.Identifier(self.name)))

    def grow(self) -> None:
        """Make room."""
        subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(self.place)], check=True)


@contextmanager
def a_small_disk() -> Iterator[SmallDisk | None]:
    """Mount one and give it to the test server; None where this account may not mount.

    What stands there must be dropped before the end.
    """
    place = run_folder() / f"small-{os.getpid()}"
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "small", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    if account := account_for_servers():
        os.chown(place, account.uid, account.gid)
    disk = SmallDisk(f"small_{os.getpid()}", place)
    try:
        _tell(
            "CREATE TABLESPACE {} LOCATION {}", sql.Identifier(disk.name), sql.Literal(str(place))
        )
        yield disk
        _tell("DROP TABLESPACE {}", sql.Identifier(disk.name))
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def _tell(statement: str, *parts: sql.Composable) -> None:
    with psycopg.connect(superuser_url(), autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*parts))
